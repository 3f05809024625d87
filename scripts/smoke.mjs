// A look that a transport works, in seconds: a session with another process over it, an echo of bytes both ways, calls and events, then a
// clean end. Prints one line, or one sentence and an exit code that is not 0. `npm run smoke:tcp`, `npm run smoke:ws`.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ensure } from './ensure.mjs'

const MiB = 1024 * 1024
const echoedBytes = 32 * MiB
const callsMade = 5_000
const timeLimitMs = 60_000
const urls = { tcp: 'tcp://127.0.0.1:0', ws: 'ws://127.0.0.1:0/smoke' }

const [scheme, part] = process.argv.slice(2)
if (!Object.hasOwn(urls, scheme))
  fail(`There is nothing to look at named ${scheme}: ${Object.keys(urls).join(' or ')}.`)
if (part === 'listen') await serve()
else await look()

/** The other process. */
async function serve() {
  const { listen } = await import('braidwire')
  const listener = await listen(urls[scheme], (session) => {
    session.handleCall('double', (bytes) => Uint8Array.of(2 * bytes[0]))
    session.handle('echo', async (stream) => {
      for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
      stream.end()
    })
  })
  process.send(listener.url)
  process.once('disconnect', () => void listener.close())
}

async function look() {
  const overdue = setTimeout(() => fail(`It did not end within ${timeLimitMs / 1000} s.`), timeLimitMs)
  ensure()
  const { connect } = await import('braidwire')
  const child = fork(fileURLToPath(import.meta.url), [scheme, 'listen'])
  try {
    const [url] = await once(child, 'message')
    const session = await connect(url)
    const [echo, calls] = await Promise.all([echoBytes(session), makeCalls(session)])
    await session.close()
    const [seconds, mib] = [(echo / 1000).toFixed(1), ((2 * echoedBytes) / MiB / (echo / 1000)).toFixed(0)]
    console.log(
      `${scheme}: ${echoedBytes / MiB} MiB echoed whole in ${seconds} s (${mib} MiB/s there and back), ` +
        `${callsMade} calls beside it in ${(calls / 1000).toFixed(1)} s, clean end`,
    )
  } catch (error) {
    fail(`${scheme} does not work: ${error.code ?? error.name}: ${error.message}`)
  } finally {
    clearTimeout(overdue)
    child.disconnect()
  }
}

/** Milliseconds until all of it was there and back, in order. */
async function echoBytes(session) {
  const begun = performance.now()
  const stream = session.open('echo')
  const back = (async () => {
    let at = 0
    for await (const chunk of stream) {
      for (let i = 0; i < chunk.length; i += 997, at += 997) {
        if (chunk[i] !== ((at >> 10) & 255)) throw new Error(`byte ${at} is not the one that was sent`)
      }
      at += chunk.length - Math.ceil(chunk.length / 997) * 997
    }
    if (at !== echoedBytes) throw new Error(`${at} bytes came back of ${echoedBytes}`)
  })()
  for (let at = 0; at < echoedBytes; at += 65_536) {
    const chunk = new Uint8Array(65_536)
    for (let i = 0; i < chunk.length; i += 1024) chunk.fill(((at + i) >> 10) & 255, i, i + 1024)
    if (!stream.write(chunk)) await stream.ready
  }
  stream.end()
  await back
  return performance.now() - begun
}

async function makeCalls(session) {
  const begun = performance.now()
  for (let made = 0; made < callsMade; made += 50) {
    const numbers = Array.from({ length: 50 }, (_, index) => (made + index) & 127)
    const answers = await Promise.all(numbers.map((number) => session.call('double', Uint8Array.of(number))))
    for (const [index, answer] of answers.entries()) {
      if (answer[0] !== 2 * numbers[index]) throw new Error(`the call with ${numbers[index]} was answered ${answer}`)
    }
  }
  return performance.now() - begun
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
