// The project's own files as data, for the tests that check the house: paths, text, code without comments, imports.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json; tests run compiled, in build/test. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface SourceFile {
  /** From the root, with slashes: `src/engine/wire.ts`. */
  readonly path: string
  readonly text: string
  /** The text with the insides of comments, strings, templates and regular expressions blanked; same lines. */
  readonly code: string
  /** What it imports, as written. */
  readonly imports: readonly string[]
}

const skipped = new Set(['node_modules', 'dist', 'build', 'coverage', '.git'])

/** Paths of every file below a folder of the project that a person wrote. */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) found.push(...filesBelow(path))
    else if (entry.isFile()) found.push(path)
  }
  return found.sort()
}

export function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, code: blank(text), imports: importsOf(text) }
}

/** The project path a relative import leads to, or undefined for a package's name. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#dist/')) return `src/${specifier.slice('#dist/'.length).replace(/\.js$/, '.ts')}`
  if (!specifier.startsWith('.')) return undefined
  return relative(root, join(root, dirname(from), specifier)).replaceAll('\\', '/')
}

/** Static imports and re-exports, imports with a literal name, and modules started by URL (`new URL('./x.js', import.meta.url)`). */
function importsOf(text: string): string[] {
  const specifiers: string[] = []
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  for (const match of withoutComments.matchAll(/^(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'/gm))
    specifiers.push(match[1]!)
  for (const match of withoutComments.matchAll(/^import\s*'([^']+)'/gm)) specifiers.push(match[1]!)
  for (const match of withoutComments.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) specifiers.push(match[1]!)
  for (const match of withoutComments.matchAll(/\bnew URL\(\s*'(\.[^']+\.[jt]s)',\s*import\.meta\.url/g)) {
    specifiers.push(match[1]!.replace(/\.js$/, '.ts'))
  }
  return specifiers
}

/** Blanks everything a word may stand in without being code. */
export function blank(text: string): string {
  const out: string[] = []
  /** For every template literal we are inside of: how many braces its current `${` has open. */
  const templates: number[] = []
  let at = 0
  const keep = (end: number) => {
    out.push(text.slice(at, end))
    at = end
  }
  const hide = (end: number) => {
    out.push(text.slice(at, end).replace(/[^\n]/g, ' '))
    at = end
  }
  while (at < text.length) {
    const two = text.slice(at, at + 2)
    const one = two[0]!
    const open = templates.length - 1
    if (two === '//') hide(endOf(text, at, '\n'))
    else if (two === '/*') hide(endOf(text, at + 2, '*/') + 2)
    else if (one === "'" || one === '"') hide(endOfQuoted(text, at + 1, one) + 1)
    else if (one === '/' && regexMayStand(out.join('').slice(-40))) hide(endOfRegex(text, at + 1))
    else if (one === '`') {
      keep(at + 1)
      hide(endOfTemplatePart(text, at))
      if (text.startsWith('${', at)) {
        templates.push(0)
        keep(at + 2)
      } else keep(at + 1)
    } else if (one === '{' && open >= 0) {
      templates[open]!++
      keep(at + 1)
    } else if (one === '}' && open >= 0 && templates[open] === 0) {
      keep(at + 1)
      hide(endOfTemplatePart(text, at))
      if (text.startsWith('${', at)) keep(at + 2)
      else {
        templates.pop()
        keep(at + 1)
      }
    } else {
      if (one === '}' && open >= 0) templates[open]!--
      keep(at + 1)
    }
  }
  return out.join('')
}

function endOf(text: string, from: number, mark: string): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
  return at
}

function endOfTemplatePart(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
  return at
}

/** A slash begins a regular expression where a value is expected. */
function regexMayStand(before: string): boolean {
  return /(^|[(,=:[!&|?{};\n]|\breturn|=>)\s*$/.test(before)
}

function endOfRegex(text: string, from: number): number {
  let at = from
  let inClass = false
  while (at < text.length && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true
    if (text[at] === ']') inClass = false
    at += text[at] === '\\' ? 2 : 1
  }
  return at + 1
}
