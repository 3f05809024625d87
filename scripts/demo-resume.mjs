// Shows that nothing is lost: fetches a real file from another process, with a stream of calls beside it, while the connection
// between the two is cut twenty times. Ends with the two SHA-256 and how often each call was executed, or with one sentence and
// an exit code that is not 0.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect as dial } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensure, root } from './ensure.mjs'

const MiB = 1024 * 1024
const cutsWanted = 20
const callEveryMs = 2
const timeLimitMs = 120_000

ensure()
// Only now is there something to import.
const { connect } = await import('braidwire')
const { fetchFile } = await import('braidwire/file')
const { fileSink } = await import('braidwire/node')
const { wrap } = await import('braidwire/rpc')

/** What Node itself is made of: a real file that every machine with Node has. */
const source = process.execPath
const overdue = setTimeout(() => fail(`The demonstration did not end within ${timeLimitMs / 1000} s.`), timeLimitMs)
const folder = temporaryFolder()
const server = await startServer(dirname(source))
try {
  await demonstrate()
} catch (error) {
  fail(`${error.code ?? error.name}: ${error.message}`)
}
server.child.kill('SIGTERM')
clearTimeout(overdue)

async function demonstrate() {
  const proxy = await cuttingProxy(Number(new URL(server.url).port))
  const session = await connect(proxy.url, { reconnect: true })
  const target = join(folder, 'fetched')
  let done = 0
  let size = 0
  const fetched = fetchFile(session, basename(source), await fileSink(target), {
    progress: (bytes, total) => {
      done = bytes
      size = total
    },
  })
  const calls = startCalls(wrap(session))
  for (let cut = 1; cut <= cutsWanted; cut++) {
    while (done < (size * cut) / (cutsWanted + 1) || size === 0) await Promise.race([sleep(1), fetched])
    await showCut(session, proxy, cut, () => `${mib(done)} of ${mib(size)}, ${calls.answered} calls answered`)
  }
  await fetched
  const made = await calls.stop()
  const executed = await wrap(session).executed()
  await session.close()
  await proxy.close()
  const [one, other] = [await sha256(source), await sha256(target)]
  console.log(`\nSHA-256 served  ${one}\nSHA-256 fetched ${other}`)
  console.log(`calls           ${made} made, ${executed.calls} executed, ${executed.twice} of them more than once`)
  console.log(`connections     ${proxy.accepted}, of which ${proxy.cuts} were cut; one session`)
  if (one !== other || executed.calls !== made || executed.twice > 0) fail('Something was lost or doubled.')
}

/** Cuts the connection and prints how long the session was without one. */
async function showCut(session, proxy, cut, progress) {
  const states = session.states()
  await states.next() // the present one
  const at = performance.now()
  proxy.cut()
  for await (const state of states) if (state === 'ready') break
  const ms = Math.round(performance.now() - at)
  console.log(`cut ${String(cut).padStart(2)}  at ${progress()}: detached for ${ms} ms, then ready again`)
}

/** A call every few ms, many in flight, until it is stopped. */
function startCalls(remote) {
  const pending = []
  const calls = { answered: 0, stop }
  const timer = setInterval(() => {
    const number = pending.length
    pending.push(
      remote.work(number).then((answer) => {
        if (answer !== number) fail(`Call ${number} was answered with ${answer}.`)
        calls.answered++
      }),
    )
  }, callEveryMs)
  async function stop() {
    clearInterval(timer)
    await Promise.all(pending)
    return pending.length
  }
  return calls
}

/** Stands between the two processes and cuts what it carries when told to, as a network does: without a goodbye. */
async function cuttingProxy(port) {
  const sockets = new Set()
  const proxy = { url: '', accepted: 0, cuts: 0, cut, close }
  const listener = createServer((near) => {
    proxy.accepted++
    const far = dial(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  proxy.url = `tcp://127.0.0.1:${listener.address().port}`
  function cut() {
    proxy.cuts++
    for (const socket of sockets) socket.resetAndDestroy()
  }
  async function close() {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => listener.close(resolve))
  }
  return proxy
}

async function startServer(served) {
  const child = spawn(process.execPath, [join(root, 'scripts/demo-resume-server.mjs'), served], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const url = /^listening (\S+)$/.exec((await lines.next()).value ?? '')?.[1]
  if (url === undefined) fail('The server did not start.')
  return { url, child }
}

function temporaryFolder() {
  mkdirSync(join(root, 'build'), { recursive: true })
  const folder = mkdtempSync(join(root, 'build', 'demo-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function sha256(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}

function mib(bytes) {
  return `${(bytes / MiB).toFixed(1)} MiB`
}

function fail(sentence) {
  console.error(sentence)
  server?.child.kill('SIGKILL')
  process.exit(1)
}
