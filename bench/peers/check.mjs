// Does every peer do what the rows ask of it? `node bench/peers/check.mjs [name...]`, after `npm run build`: over TCP, over
// a Unix socket and in memory, each in a process of its own, 20 echo calls, three streams, a hundred streams opened and
// ended. One line a peer; ends with 1 when one of them fails, or cannot do what ../peers.ts says it can.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const WAYS = ['tcp', 'unix', 'memory']
const CALLS = 20
const CALL_BYTES = 64
const STREAMS = 3
const STREAM_BYTES = 3 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024
const CHURNS = 100
const CHURNS_AT_A_TIME = 10
const STUCK_BYTES = 1024 * 1024
const CHECK_MS = 20_000

/** Said when time runs out. */
let doing = 'bringing both sides together'

const peers = await load()

if (process.argv[2] === '--way') await one(process.argv[3], process.argv[4])
else process.exit(await all(process.argv.slice(2)))

async function load() {
  try {
    return (await import('../../build/bench/peers.js')).peers
  } catch (error) {
    process.stderr.write(`build the project first (npm run build): ${error.message}\n`)
    process.exit(2)
  }
}

async function all(asked) {
  const unknown = asked.filter((name) => peers[name] === undefined)
  if (unknown.length > 0) {
    process.stderr.write(`no peer called ${unknown.join(', ')}; there are ${Object.keys(peers).join(', ')}\n`)
    return 2
  }
  let failed = false
  for (const name of asked.length > 0 ? asked : Object.keys(peers)) {
    const { can } = peers[name]
    const ways = WAYS.filter((way) => way !== 'memory' || can.includes('memory'))
    const results = []
    for (const way of ways) {
      const { code, text } = await child(name, way)
      failed ||= code !== 0
      results.push(code === 0 ? `${way} ok` : `${way} FAILED (${text})`)
    }
    const cannot = ['streams', 'churn', 'memory'].filter((ability) => !can.includes(ability))
    process.stdout.write(`${name}: ${results.join(', ')}${cannot.length > 0 ? `; cannot: ${cannot.join(', ')}` : ''}\n`)
  }
  return failed ? 1 : 0
}

/** The last line of what it wrote says what went wrong. */
function child(name, way) {
  return new Promise((resolve) => {
    const script = fileURLToPath(import.meta.url)
    const process_ = spawn(process.execPath, [script, '--way', name, way], { stdio: ['ignore', 'ignore', 'pipe'] })
    const timer = setTimeout(() => process_.kill('SIGKILL'), 2 * CHECK_MS)
    let text = ''
    process_.stderr.on('data', (chunk) => {
      text += chunk
    })
    process_.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, text: text.trim().split('\n').at(-1) })
    })
  })
}

/** Both sides in this process. */
async function one(name, way) {
  process.on('uncaughtException', (error) => end(error))
  setTimeout(() => end(new Error(`not done in ${CHECK_MS} ms: ${doing}`)), CHECK_MS)
  const folder = mkdtempSync(join(tmpdir(), 'peers-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    await check(name, way, join(folder, 'socket'))
    end()
  } catch (error) {
    end(error)
  }
}

function end(error) {
  if (error !== undefined) process.stderr.write(`${error.message}\n`)
  process.exit(error === undefined ? 0 : 1)
}

async function check(name, way, path) {
  const { can, load } = peers[name]
  const adapter = await load()
  const meter = {
    bytes: [],
    opened: () => meter.bytes.push(0) - 1,
    add(stream, count) {
      meter.bytes[stream] += count
    },
  }
  const dialled =
    way === 'memory'
      ? await adapter.pair(meter, {})
      : await adapter.dial(
          await adapter.listen(meter, {}, way === 'unix' ? { path } : { host: '127.0.0.1', port: 0 }),
          {},
        )
  const has = {
    streams: dialled.open !== undefined && dialled.stuck !== undefined,
    calls: dialled.call !== undefined,
    rpc: dialled.big !== undefined,
    memory: adapter.pair !== undefined,
    churn: dialled.churn !== undefined,
  }
  for (const [ability, there] of Object.entries(has))
    if (can.includes(ability) !== there) throw new Error(`peers.ts and the adapter do not agree on "${ability}"`)

  doing = 'calls'
  await calls(dialled)
  if (has.streams) await streams(dialled, meter)
  doing = 'churn'
  if (has.churn) await churn(dialled)
  doing = 'calls again'
  await calls(dialled)
  doing = 'a stream that is not read'
  if (has.streams) await stuck(dialled)
  if (has.streams && meter.bytes.length !== STREAMS) throw new Error(`${meter.bytes.length} streams counted`)
}

async function calls(dialled) {
  const { passes } = dialled
  const all = Array.from({ length: CALLS }, (_, index) => {
    const bytes = Buffer.alloc(CALL_BYTES, 0x61 + index)
    const body = passes === 'text' ? bytes.toString() : passes === 'buffer' ? bytes : new Uint8Array(bytes)
    return new Promise((resolve, reject) => {
      dialled.call(body, (reply) => {
        const right = typeof reply === 'string' ? reply === body : bytes.equals(reply)
        if (right) resolve()
        else reject(new Error('a call got a wrong reply'))
      })
    })
  })
  await Promise.all(all)
}

async function streams(dialled, meter) {
  doing = 'opening streams'
  for (let number = 0; number < STREAMS; number++) await write(dialled)
  doing = 'streams'
  while (meter.bytes.reduce((sum, bytes) => sum + bytes, 0) < STREAMS * STREAM_BYTES) await delay(1)
  // What comes twice comes late.
  await delay(20)
  for (const bytes of meter.bytes)
    if (bytes !== STREAM_BYTES) throw new Error(`${bytes} bytes came of a stream of ${STREAM_BYTES}`)
}

/** Starts one writer. `ready` must be called once after each time a write was one too many, and at no other time. */
async function write(dialled) {
  let left = STREAM_BYTES
  let full = false
  const pump = () => {
    while (left > 0) {
      left -= CHUNK_BYTES
      if (outlet.write(new Uint8Array(CHUNK_BYTES))) continue
      full = true
      return
    }
  }
  const outlet = await dialled.open(() => {
    if (!full) return end(new Error('ready without a full stream'))
    full = false
    pump()
  })
  pump()
}

async function churn(dialled) {
  let left = CHURNS
  const again = async () => {
    while (left-- > 0) {
      let times = 0
      await new Promise((resolve) => {
        dialled.churn(() => (++times > 1 ? end(new Error('one stream ended twice')) : resolve()))
      })
    }
  }
  await Promise.all(Array.from({ length: CHURNS_AT_A_TIME }, again))
}

/** A write may be one too many here; what matters is that nothing breaks. */
async function stuck(dialled) {
  const outlet = await dialled.stuck(() => {})
  for (let written = 0; written < STUCK_BYTES; written += CHUNK_BYTES)
    if (!outlet.write(new Uint8Array(CHUNK_BYTES))) break
  await delay(20)
}
