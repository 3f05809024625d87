// The guard of the core: it runs where a runtime has nothing but the language and seven names, and where no string becomes code.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { blank, root } from './sources.ts'

/** All that may be there beside the language; each of them is what test/tidy.test.ts lets the sources name. */
const GIVEN = { AbortController, AbortSignal, TextDecoder, TextEncoder, clearTimeout, queueMicrotask, setTimeout }

/** A session over memory, with streams and typed calls in it, as text for another world. */
const PROGRAM = `
import { connect } from 'braidwire'
import { peer } from 'braidwire/peer'
import { bytesSink } from 'braidwire/file'
import { expose, wrap } from 'braidwire/rpc'
import { memory } from 'braidwire/transport/memory'

async function main() {
  const [left, right] = memory()
  const [a, b] = await Promise.all([connect(left), connect(right)])
  b.handle('echo', async (stream) => {
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
  const stream = a.open('echo', { meta: { hello: 'wörld' }, signal: new AbortController().signal })
  stream.write(new Uint8Array(1_000_000))
  stream.end()
  let echoed = 0
  for await (const chunk of stream) echoed += chunk.length
  expose(b, {
    add: (x, y) => x + y,
    async *count(to) { for (let n = 1; n <= to; n++) yield n },
    each: async (list, tell) => { for (const item of list) await tell(item) },
  })
  const remote = wrap(a)
  let counted = 0
  for await (const n of remote.count(10)) counted += n
  const told = []
  await remote.each(['a', 'b'], (item) => { told.push(item) })
  const late = await remote.with({ timeout: 1000 }).add(20, 22)
  const error = await remote.none().catch(({ code }) => code)
  const reached = peer(async () => connect((([near, far]) => { connect(far); return near })(memory())))
  await reached.open('any').then((opened) => opened.reset('CANCELLED'))
  await reached.close()
  await a.close()
  return JSON.stringify({ echoed, counted, told, late, error, sink: typeof bytesSink, closed: await b.closed })
}
globalThis.result = main()
`

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: root },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
  })
  return outputFiles[0]!.text
}

test('the core runs where a runtime has nothing but the language and seven names, and makes no code of strings', async () => {
  const world: Record<string, unknown> = { ...GIVEN }
  createContext(world, { codeGeneration: { strings: false, wasm: false } })
  for (const name of ['process', 'Buffer', 'performance', 'crypto', 'structuredClone', 'setImmediate', 'URL', 'fetch'])
    assert.equal(runInContext(`typeof ${name}`, world), 'undefined', name)
  assert.throws(() => runInContext('new Function("return 1")()', world), /Code generation from strings disallowed/)
  runInContext(await bundled(), world)
  assert.deepEqual(JSON.parse((await world.result) as string), {
    echoed: 1_000_000,
    counted: 55,
    told: ['a', 'b'],
    late: 42,
    error: 'BRAID_UNIMPLEMENTED',
    sink: 'function',
  })
})

test('without one of the seven the core does not run: the guard guards', async () => {
  const { TextEncoder: _, ...fewer } = GIVEN
  const world = createContext({ ...fewer })
  const program = await bundled()
  assert.throws(() => runInContext(program, world), /TextEncoder is not defined/)
})

test('nothing that is shipped makes code of strings', () => {
  const dist = join(root, 'dist')
  const shipped = readdirSync(dist, { recursive: true }).map(String)
  const offences = shipped
    .filter((path) => path.endsWith('.js') && !path.endsWith('.test.js'))
    .filter((path) => /\beval\b|\bFunction\s*\(/.test(blank(readFileSync(join(dist, path), 'utf8'))))
  assert.deepEqual(offences, [])
})
