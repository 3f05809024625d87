// The rules of the house as data: who may import whom, which names may stand where, how long things may get.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, readSource, resolveImport, root, type SourceFile } from './sources.ts'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 60

/** For each folder of src: the folders and files it may import besides its own. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  session: ['engine/contract.ts', 'engine/errors.ts', 'engine/options.ts', 'engine/engine.ts', 'engine/liveness.ts'],
  transports: ['session/', 'engine/errors.ts', 'engine/contract.ts'],
  adapters: ['session/', 'engine/errors.ts'],
  rpc: ['session/', 'engine/errors.ts', 'engine/contract.ts'],
  file: ['session/', 'engine/errors.ts', 'engine/contract.ts'],
  peer: ['session/', 'engine/errors.ts', 'engine/contract.ts'],
  bare: [],
  testing: ['session/', 'engine/errors.ts', 'engine/contract.ts', 'transports/memory.ts'],
  node: [
    'session/',
    'transports/',
    'adapters/arrivals.ts',
    'adapters/ends.ts',
    'file/',
    'peer/',
    'rpc/codec/',
    'rpc/middleware.ts',
    'engine/errors.ts',
    'engine/contract.ts',
  ],
  cli: [],
  '': ['session/', 'transports/', 'engine/errors.ts', 'engine/contract.ts', 'engine/options.ts'],
}

/** Packages that code outside engine/ and session/ may import, and where. */
const packages: Readonly<Record<string, readonly string[]>> = {
  // The entries: what Bare lacks comes before anything else.
  '#platform': ['', 'rpc', 'peer', 'file', 'testing'],
  'bare-abort-controller': ['bare'],
  'bare-encoding': ['bare'],
  '@msgpack/msgpack': ['rpc'],
  citty: ['cli'],
  'cli-progress': ['cli'],
  streamx: ['adapters'],
  ws: ['node'],
  braidwire: ['cli'],
}

/** Clocks, timers, chance and output: the only places that may touch them. */
const bans: readonly { readonly what: RegExp; readonly except: readonly string[] }[] = [
  {
    what: /\b(Date\b|Math\.random|performance\b|crypto\b)/,
    // objects: makes dates of data.
    except: ['src/session/clock.ts', 'src/session/secret.ts', 'src/node/', 'src/cli/', 'src/rpc/codec/objects.ts'],
  },
  {
    what: /\b(setTimeout|clearTimeout)\b/,
    // duplex: a bound on closing. memory: lets the event loop turn.
    except: ['src/session/clock.ts', 'src/transports/', 'src/node/', 'src/cli/', 'src/globals.d.ts'],
  },
  { what: /\b(setInterval|setImmediate|process|Buffer|require)\b\s*[.(]/, except: ['src/node/', 'src/cli/'] },
  { what: /\bconsole\b/, except: ['src/cli/'] },
  { what: /\bimport\.meta\b/, except: ['src/node/', 'src/cli/'] },
]

/** Every platform name the isomorphic code may use; the compiler knows no other. */
const globalsAllowed: Readonly<Record<string, readonly string[]>> = {
  'src/engine/globals.d.ts': ['TextDecoder', 'TextEncoder'],
  'src/globals.d.ts': [
    'AbortController',
    'AbortSignal',
    'ReadableByteStreamController',
    'ReadableStream',
    'TextDecoder',
    'TextEncoder',
    'WritableStream',
    'clearTimeout',
    'queueMicrotask',
    'setTimeout',
  ],
}

/** Files of engine/ and session/ without a test beside them, and why: types alone, or what it takes to see them work. */
const untested: Readonly<Record<string, string>> = {
  'src/engine/contract.ts': 'types only',
  'src/session/hooks.ts': 'types only',
  'src/session/opener.ts': 'types only',
  'src/session/resumption.ts': 'types only',
  'src/session/session.ts': 'types only',
  'src/session/stream.ts': 'types only',
  'src/session/transport.ts': 'types only',
  'src/session/stream-state.ts': 'constants and a record of fields; stream-core.test.ts sees them change',
  'src/engine/core.ts': 'shared state: engine.test.ts and those of its parts',
  'src/engine/timers.ts': 'engine-end.test.ts, resume.test.ts and liveness.test.ts see each of them fall due',
  'src/engine/outbound.ts': 'the order of its parts: engine.test.ts',
  'src/engine/writer.ts': 'layouts: outbound-*.test.ts and the conformance vectors',
}

const all = filesBelow('')
const sources = all.filter((path) => path.endsWith('.ts')).map(readSource)
const programs = [...sources, ...all.filter((path) => path.endsWith('.mjs')).map(readSource)]
const product = sources.filter((source) => source.path.startsWith('src/') && !isTest(source.path))
const declarations = (path: string) => path.endsWith('.d.ts')

/** Tests, also those of types, which only the compiler runs. */
function isTest(path: string): boolean {
  return /\.test(-d)?\.ts$/.test(path)
}

/** A unit test says what it is about by where it stands. */
function isBesideItsSubject(path: string): boolean {
  return path.startsWith('src/') && isTest(path)
}

/** The folder directly below src, or '' for a file that stands in src itself. */
function folderOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? parts[1]! : ''
}

/** Fails with every offence at once, each as `path: what`. */
function none(offences: readonly string[]): void {
  assert.equal(offences.length, 0, `\n${offences.join('\n')}`)
}

/** Lines whose code matches, as `path:line: text`. */
function linesWith(source: SourceFile, pattern: RegExp, by: 'code' | 'text' = 'code'): string[] {
  const lines = source.text.split('\n')
  return source[by]
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${source.path}:${index + 1}: ${lines[index]!.trim()}`] : []))
}

test('imports go down, never sideways or up', () => {
  const offences: string[] = []
  for (const source of product) {
    const folder = folderOf(source.path)
    const allowed = mayImport[folder]
    if (allowed === undefined) offences.push(`${source.path}: no rule for the folder ${folder}`)
    for (const specifier of source.imports) {
      const target = resolveImport(source.path, specifier)
      if (target === undefined) continue
      const inside = target.replace(/^src\//, '')
      if (folderOf(target) === folder && folder !== '') continue
      if (!allowed?.some((rule) => (rule.endsWith('/') ? inside.startsWith(rule) : inside === rule))) {
        offences.push(`${source.path}: may not import ${target}`)
      }
    }
  }
  none(offences)
})

test('packages are imported only where they belong, node: only under node/ and cli/', () => {
  const offences: string[] = []
  for (const source of product) {
    const folder = folderOf(source.path)
    for (const specifier of source.imports) {
      if (specifier.startsWith('.')) continue
      const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!
      const allowed = specifier.startsWith('node:') ? ['node', 'cli'] : (packages[name] ?? [])
      if (!allowed.includes(folder)) offences.push(`${source.path}: may not import ${specifier}`)
    }
  }
  none(offences)
})

test('no index.ts is imported from inside', () => {
  const offences: string[] = []
  for (const source of product) {
    for (const specifier of source.imports) {
      if (/^\..*\bindex\.[jt]s$/.test(specifier)) offences.push(`${source.path}: imports ${specifier}`)
    }
  }
  none(offences)
})

test('clocks, timers, chance and output stand only where the house allows them', () => {
  const offences: string[] = []
  for (const { what, except } of bans) {
    for (const source of product) {
      if (except.some((place) => source.path.startsWith(place))) continue
      offences.push(...linesWith(source, what))
    }
  }
  none(offences)
})

test('the platform names of the core are these and no more', () => {
  for (const [path, allowed] of Object.entries(globalsAllowed)) {
    const { code } = readSource(path)
    const declared = [...code.matchAll(/^(?:interface|declare (?:var|function|const)) (\w+)/gm)].map(
      (match) => match[1]!,
    )
    assert.deepEqual([...new Set(declared)].sort(), [...allowed], path)
  }
})

test('files stay short', () => {
  none(
    programs
      .filter((source) => !declarations(source.path))
      .map((source) => [source.path, source.text.trimEnd().split('\n').length] as const)
      .filter(([, lines]) => lines > FILE_LINES_MAX)
      .map(([path, lines]) => `${path}: ${lines} lines`),
  )
})

/**
 * Functions with their length, found by the layout the formatter guarantees: a body opens with `{` at the end of a line and
 * closes with `}` at the same indentation.
 */
function functionsOf(source: SourceFile): { name: string; lines: number }[] {
  const lines = source.code.split('\n')
  const found: { name: string; lines: number }[] = []
  for (const [index, line] of lines.entries()) {
    const indent = /^ */.exec(line)![0].length
    const trimmed = line.slice(indent)
    if (!opensFunction(trimmed)) continue
    let first = index
    // A head over several lines begins at the last line above with the same indentation.
    if (trimmed.startsWith(')')) while (first > 0 && indentOf(lines[--first]!) > indent);
    let last = index + 1
    while (last < lines.length && !(indentOf(lines[last]!) <= indent && lines[last]!.trimStart().startsWith('}')))
      last++
    found.push({ name: source.text.split('\n')[first]!.trim().slice(0, 60), lines: last - first + 1 })
  }
  return found
}

function indentOf(line: string): number {
  return line.trim() === '' ? Number.POSITIVE_INFINITY : /^ */.exec(line)![0].length
}

function opensFunction(line: string): boolean {
  if (!line.endsWith('{')) return false
  if (/=> \{$/.test(line) || /\bfunction\b/.test(line)) return true
  if (/^(\} )?(if|for|while|switch|else|try|catch|finally|do|class|interface|return|with)\b/.test(line)) return false
  return /\)(: .+)? \{$/.test(line)
}

test('functions stay short', () => {
  const offences: string[] = []
  for (const source of programs) {
    for (const { name, lines } of functionsOf(source)) {
      if (lines > FUNCTION_LINES_MAX) offences.push(`${source.path}: ${lines} lines: ${name}`)
    }
  }
  none(offences)
})

test('the search for functions finds long ones', () => {
  const body = '    work()\n'.repeat(70)
  const heads = [
    `function a() {\n${body}}`,
    `class B {\n  async #c(): Promise<void> {\n${body}  }\n}`,
    `class B {\n  constructor(\n    x: number,\n  ) {\n${body}  }\n}`,
    `export const d = (x: number) => {\n${body}}`,
  ]
  for (const text of heads) {
    assert.ok(
      functionsOf({ path: '', text, code: text, imports: [] }).some((found) => found.lines > FUNCTION_LINES_MAX),
      text.slice(0, 40),
    )
  }
})

test('every file opens with a comment that says what it owns', () => {
  none(
    programs
      .filter((source) => !isBesideItsSubject(source.path))
      .filter((source) => !/^(#!.*\n)?(\/\/ |\/\*)[^\n]{20}/.test(source.text))
      .map((source) => `${source.path}: no head comment`),
  )
})

test('no file is there that nobody needs', () => {
  const needed = new Set<string>()
  for (const source of sources) {
    for (const specifier of source.imports) {
      const target = resolveImport(source.path, specifier)
      // What only its own test needs, nobody needs.
      if (target !== undefined && !(isTest(source.path) && target.startsWith('src/'))) needed.add(target)
    }
  }
  for (const path of entryFiles()) needed.add(path)
  const startsItself = ({ path, text }: SourceFile) =>
    isTest(path) ||
    declarations(path) ||
    /^(examples|bench)\//.test(path) ||
    // a program that says how it is run
    text.split('\n')[0]!.includes(`build/${path.replace(/\.ts$/, '.js')}`)
  none(
    sources
      .filter((source) => !needed.has(source.path) && !startsItself(source))
      .map(({ path }) => `${path}: nobody imports it`),
  )
})

/** The source files package.json names: what users import, and the command. */
function entryFiles(): string[] {
  const built = JSON.stringify(readManifest()).matchAll(/"(?:\.\/)?dist\/([^"*]+?)(?:\.d\.ts|\.js)"/g)
  return [...built].map((match) => `src/${match[1]}.ts`)
}

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts: Readonly<Record<string, string>>
}

function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
}

test('every file package.json names has a source', () => {
  none(
    entryFiles()
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${path}: missing`),
  )
})

test('no file has a name that says nothing', () => {
  none(all.filter((path) => /(^|\/)(utils?|types?|helpers?|common|misc|shared)(\.|\/|$)/.test(path)))
})

test('every part of engine/ and session/ has a test beside it, or a reason', () => {
  const offences: string[] = []
  for (const { path } of product) {
    if (!/^src\/(engine|session)\//.test(path) || declarations(path) || path in untested) continue
    if (!existsSync(join(root, path.replace(/\.ts$/, '.test.ts')))) offences.push(`${path}: no test beside it`)
  }
  for (const path of Object.keys(untested)) {
    if (!existsSync(join(root, path))) offences.push(`${path}: listed as untested, but gone`)
  }
  none(offences)
})

test('no test is skipped, postponed or alone', () => {
  const forbidden = /\b(test|it|describe|suite|t|context)\.(skip|todo|only)\b|\b(skip|todo|only):/
  none(sources.filter((source) => /^(src|test)\//.test(source.path)).flatMap((source) => linesWith(source, forbidden)))
})

test('nothing is silenced: no any, no ignored diagnostics', () => {
  const comments = new RegExp(['biome', '-ignore|@ts', '-(ignore|nocheck|expect-error)|eslint', '-disable'].join(''))
  const lax = /[:<,|(] ?any\b|\bas any\b/
  // A test of types says with an expected error what must not compile.
  const checked = programs.filter((source) => !source.path.endsWith('.test-d.ts'))
  none(checked.flatMap((source) => [...linesWith(source, comments, 'text'), ...linesWith(source, lax)]))
})

test('no text mentions a ticket or the machine it was written on', () => {
  const written = all.filter(
    (path) => /\.(ts|mjs|js|md|json|html|sh)$|^LICENSE$|^\.ci\//.test(path) && path !== 'package-lock.json',
  )
  // Tickets by number, and absolute paths into somebody's home or disk.
  const forbidden = /\bissues? #?\d|(^|\s)#\d+\b|(^|[\s'"`(=])\/(home|root|Users|mnt)\/\w/i
  none(
    written
      .filter((path) => path !== 'test/tidy.test.ts')
      .flatMap((path) =>
        linesWith({ path, text: readFileSync(join(root, path), 'utf8'), code: '', imports: [] }, forbidden, 'text'),
      ),
  )
})

test('the papers mention only files and subpaths that exist', () => {
  const offences: string[] = []
  const subpaths = Object.keys(readManifest().exports).map((subpath) => subpath.replace(/^\./, 'braidwire'))
  const scripts = Object.keys(readManifest().scripts)
  for (const paper of all.filter((path) => path.endsWith('.md'))) {
    const text = readFileSync(join(root, paper), 'utf8')
    for (const [, quoted] of text.matchAll(/['"`](braidwire\/[\w./-]+)['"`]/g)) {
      if (!subpaths.includes(quoted!)) offences.push(`${paper}: no subpath ${quoted}`)
    }
    for (const [, named] of text.matchAll(/[`(]((?:src|test|docs|examples|bench|scripts)\/[\w./*-]*)/g)) {
      if (!isThere(named!)) offences.push(`${paper}: no file ${named}`)
    }
    for (const [, script] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
      if (!scripts.includes(script!)) offences.push(`${paper}: no script ${script}`)
    }
  }
  none(offences)
})

/** A file, a folder, or a name with a star that some file fits. */
function isThere(named: string): boolean {
  const path = named.replace(/[.,]+$/, '')
  if (!path.includes('*')) return existsSync(join(root, path))
  const [before, after] = path.split('*') as [string, string]
  return all.some((file) => file.startsWith(before) && file.endsWith(after))
}
