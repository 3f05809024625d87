// What the types of a client cost the compiler: a service of five hundred methods, all of them used, under a ceiling.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from './sources.ts'

const GROUPS = 50
/** Ten methods a group: five hundred in all. */
const METHODS = GROUPS * 10
/**
 * About one and a half times the 108 thousand that were measured with TypeScript 7.0.2. A type that is instantiated once more for each
 * method costs 500; one that is for each pair of methods breaks this at once, and makes editors slow.
 */
const INSTANTIATIONS_MAX = 160_000

/** One group of an API: plain functions, generators, callbacks, streams, procedures, and a subtree. */
function group(index: number): string {
  const record = `{ id${index}: number; name: string }`
  return `
  add${index}: (a: number, b: number) => a + b + ${index},
  read${index}: async (name: string, options?: { from: number }): Promise<${record}> => ({ id${index}: 1, name }),
  watch${index}(path: string, onChange: (event: { at${index}: number }) => void): void { onChange({ at${index}: path.length }) },
  put${index}: async (body: Stream, sum: AsyncIterable<${record}>) => body.id + (sum ? 1 : 0),
  async *ticks${index}(every: number): AsyncGenerator<${record}, string> { yield { id${index}: every, name: '' }; return 'over' },
  get${index}: procedure.input(schema<{ id${index}: number }>()).output(schema<${record}>())
    .handler(({ input }) => ({ ...input, name: 'x' })),
  who${index}: procedure.use(async (_call, next) => next({ user${index}: 'me' })).handler(({ ctx }) => ctx.context.user${index}),
  list${index}: procedure.input(schema<string>()).handler(async function* ({ input }) { yield { found${index}: input } }),
  group${index}: {
    size: (of: { path${index}: string }) => of.path${index}.length,
    closed: guard(() => true, { open: async () => ({ stop${index}: () => ${index} }) }),
  },`
}

/** Uses of all methods of a group. */
function uses(index: number): string {
  return `
  const a${index}: number = await remote.add${index}(1, 2)
  const b${index}: number = (await remote.with({ timeout: 5 }).read${index}('a')).id${index}
  await remote.watch${index}('a', ({ at${index} }) => { at${index}.toFixed() })
  await remote.put${index}(stream, remote.ticks${index}(1))
  for await (const tick of remote.ticks${index}(a${index} + b${index})) tick.id${index}.toFixed()
  const c${index}: string = (await remote.get${index}({ id${index}: 1 })).name
  const d${index}: string = await remote.who${index}()
  for await (const item of remote.list${index}(c${index} + d${index})) item.found${index}.length
  const e${index} = await remote.group${index}.size.safe({ path${index}: '' })
  if (e${index}.ok) e${index}.value.toFixed()
  const f${index}: number = await (await remote.group${index}.closed.open()).stop${index}()`
}

const numbers = Array.from({ length: GROUPS }, (_, index) => index)
const service = `import type { Stream } from 'braidwire'
import { guard, procedure, type StandardSchema } from 'braidwire/rpc'
function schema<T>(): StandardSchema<T, T> {
  return { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value: value as T }) } }
}
export const api = {${numbers.map(group).join('')}
}
export type { Stream }
`
const client = `import type { Session } from 'braidwire'
import { wrap } from 'braidwire/rpc'
import type { api, Stream } from './service.js'
export async function use(session: Session, stream: Stream): Promise<void> {
  const remote = wrap<typeof api>(session)
${numbers.map(uses).join('')}
}
`
const config = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

/** The compiler of this repository, as a program. */
function compiler(): string {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  return join(dirname(manifest), 'bin', 'tsc')
}

/** Compiles in one thread, so that the count is the same on every machine. */
async function diagnostics(folder: string): Promise<string> {
  const args = [compiler(), '--project', folder, '--extendedDiagnostics', '--singleThreaded']
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout
  } catch (error) {
    throw new Error(`the generated service does not compile:\n${(error as { stdout?: string }).stdout}`)
  }
}

test(`the types of ${METHODS} methods and their use stay cheap`, async () => {
  mkdirSync(join(root, 'build'), { recursive: true })
  // Inside the package, so that its name leads to this very copy.
  const folder = mkdtempSync(join(root, 'build', 'types-'))
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    writeFileSync(join(folder, 'service.ts'), service)
    writeFileSync(join(folder, 'client.ts'), client)
    const said = await diagnostics(folder)
    const count = Number(/^Instantiations:\s+(\d+)/m.exec(said)?.[1])
    assert.ok(count > METHODS, said)
    assert.ok(count < INSTANTIATIONS_MAX, `${count} instantiations, more than ${INSTANTIATIONS_MAX}:\n${said}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
