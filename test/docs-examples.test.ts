// Every example in the documentation is a program: each is run as a process of its own and has to end well.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { filesBelow, readSource, resolveImport, root } from './sources.ts'

/** Far more than an example may need: a machine may be busy. */
const EXAMPLE_MS = 20_000

interface Example {
  /** `README.md:12`, where its first line stands. */
  readonly where: string
  readonly code: string
  readonly language: 'js' | 'ts'
}

const docComment = /\/\*\*([\s\S]*?)\*\//g

/** The `@example` blocks of one file's doc comments. */
function examplesOf(path: string): Example[] {
  const { text } = readSource(path)
  const examples: Example[] = []
  for (const match of text.matchAll(docComment)) {
    const lines = match[1]!.split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    for (const [index, line] of lines.entries()) {
      if (!/^@example\b/.test(line)) continue
      const rest = lines.slice(index + 1)
      const next = rest.findIndex((other) => /^@\w+/.test(other))
      const block = rest.slice(0, next < 0 ? undefined : next).filter((other) => !other.startsWith('```'))
      const lineNumber = text.slice(0, match.index).split('\n').length + index + 1
      examples.push({ where: `${path}:${lineNumber}`, code: `${block.join('\n').trim()}\n`, language: 'js' })
    }
  }
  return examples
}

/** The code blocks of one paper: all of them are whole programs. */
function programsOf(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8')
  return Array.from(text.matchAll(/^```(js|ts)\n([\s\S]*?)^```/gm), (match) => ({
    where: `${path}:${text.slice(0, match.index).split('\n').length + 1}`,
    code: match[2]!,
    language: match[1] as 'js' | 'ts',
  }))
}

/** What the comment behind a `console.log` says it prints, up to dots; ports and addresses differ from run to run. */
function promisedOutput(code: string): string[] {
  const comments = [...code.matchAll(/^.*\bconsole\.log\(.*\) \/\/ (.+)$/gm)].map((match) => match[1]!)
  return comments
    .filter((text) => !text.includes('://'))
    .map((text) => text.replace(/^'(.*)'$/, '$1').replace(/\.\.\.$/, ''))
}

/** Checks the types of those in TypeScript, all at once, and leaves what they compile to. */
function compile(all: readonly Example[], folder: string): Promise<void> {
  const files: string[] = []
  for (const [index, { code, language }] of all.entries()) {
    if (language !== 'ts') continue
    files.push(`example-${index}.mts`)
    writeFileSync(join(folder, `example-${index}.mts`), code)
  }
  const compilerOptions = { composite: false, declaration: false, types: ['node'] }
  const config = { extends: '../../tsconfig.base.json', compilerOptions, files }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, '-p', folder], (error, out) => {
      if (error === null) resolve()
      else reject(new Error(out))
    })
  })
}

/** Runs it inside the package, so that its name leads to this very copy, and compares what it prints. */
function run(example: Example, folder: string, index: number): Promise<void> {
  const file = join(folder, `example-${index}.mjs`)
  if (example.language === 'js') writeFileSync(file, example.code)
  const options = { cwd: folder, timeout: EXAMPLE_MS, killSignal: 'SIGKILL' } as const
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file], options, (error, out, stderr) => {
      const unsaid = promisedOutput(example.code).filter((line) => !out.includes(line))
      if (error !== null) reject(new Error(`${example.where} ${error.killed ? 'did not end' : 'failed'}:\n${stderr}`))
      else if (unsaid.length > 0)
        reject(new Error(`${example.where} does not print\n${unsaid.join('\n')}\nbut\n${out}`))
      else resolve()
    })
  })
}

let folder = ''
before(() => {
  mkdirSync(join(root, 'build'), { recursive: true })
  folder = mkdtempSync(join(root, 'build', 'examples-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const sources = filesBelow('src').filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
const papers = filesBelow('').filter((path) => /^(docs\/)?[^/]+\.md$/.test(path))
const examples = [...sources.flatMap(examplesOf), ...papers.flatMap(programsOf)]

test('the documentation has examples', () => {
  assert.ok(examples.length > 0)
})

test('every example runs and ends by itself', { concurrency: 2 }, async (t) => {
  await compile(examples, folder)
  await Promise.all(
    examples.map((example, index) => t.test(`the example at ${example.where} runs`, () => run(example, folder, index))),
  )
})

/** The source files behind the subpaths users import from. */
function entries(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: unknown }
  const built = JSON.stringify(exports).matchAll(/"\.\/dist\/([^"]+?)\.js"/g)
  return [...new Set([...built].map((match) => `src/${match[1]}.ts`))]
}

/** Follows the re-exports of an entry to where each public name is declared. */
function publicNames(path: string, wanted?: ReadonlySet<string>): Map<string, string> {
  const { code, text } = readSource(path)
  const names = new Map<string, string>()
  for (const match of code.matchAll(/^export (?:async )?(?:abstract )?(?:function\*?|class) (\w+)/gm)) {
    if (wanted === undefined || wanted.has(match[1]!)) names.set(match[1]!, path)
  }
  for (const match of text.matchAll(/^export (type )?(\*|\{[^}]*\}) from '([^']+)'/gm)) {
    const target = resolveImport(path, match[3]!)
    if (target === undefined || match[1] !== undefined) continue
    const exported = match[2] === '*' ? undefined : originals(match[2]!, wanted)
    for (const [name, file] of publicNames(target, exported)) names.set(name, file)
  }
  return names
}

/** The names a `{ a, type B, c as d }` takes from the other file, types left out. */
function originals(list: string, wanted: ReadonlySet<string> | undefined): ReadonlySet<string> {
  const taken = list
    .slice(1, -1)
    .split(',')
    .map((item) => item.replace(/\/\/.*$/gm, '').trim())
    .filter((item) => item !== '' && !item.startsWith('type '))
    .map((item) => item.split(/\s+as\s+/))
  return new Set(taken.filter((pair) => wanted === undefined || wanted.has(pair.at(-1)!)).map((pair) => pair[0]!))
}

test('every public function and class has an example', () => {
  const missing: string[] = []
  for (const entry of entries()) {
    for (const [name, file] of publicNames(entry)) {
      const { text } = readSource(file)
      const declared = new RegExp(`^export (?:async )?(?:abstract )?(?:function\\*?|class) ${name}\\b`, 'm').exec(text)
      const comment = [...text.slice(0, declared?.index).matchAll(docComment)].at(-1)
      const beside =
        comment !== undefined && text.slice(comment.index + comment[0].length, declared?.index).trim() === ''
      if (!beside || !comment[0].includes('@example')) missing.push(`${file}: ${name}`)
    }
  }
  assert.deepEqual([...new Set(missing)], [])
})
