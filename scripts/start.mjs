// The whole of Braidwire in a minute or less: `braid serve` in a process of its own, and this process fetching the installed
// dependencies and one large file from it over ONE connection, while a small call every 10 ms keeps answering.
// Ends with what was measured, or with one sentence and an exit code that is not 0.

import { spawn } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { createInterface } from 'node:readline'
import { ensure, root } from './ensure.mjs'

const MiB = 1024 * 1024
const madeBytes = 256 * MiB
const filesMin = 500
const streamsMax = 100
const callEveryMs = 10
const timeLimitMs = 300_000

class Failure extends Error {}

const stop = new AbortController()
// Every transfer under way listens to it.
setMaxListeners(0, stop.signal)
const cleanups = []
process.on('SIGINT', () => end(130, 'Interrupted; everything temporary was removed.'))
process.on('SIGTERM', () => end(143, 'Stopped; everything temporary was removed.'))
process.on('uncaughtException', (error) => end(1, sentenceOf(error)))
process.on('unhandledRejection', (error) => end(1, sentenceOf(error)))

ensure()
// Only now is there something to import.
const { connect } = await import('braidwire')
const { fetchFile, listFiles } = await import('braidwire/file')
const { fileSink } = await import('braidwire/node')
const { Display, mib, percentile, spaced } = await import('./start-display.mjs')

setTimeout(() => end(1, `The demonstration did not end within ${timeLimitMs / 1000} s.`), timeLimitMs).unref()
await demonstrate()
end(0)

async function demonstrate() {
  mkdirSync(join(root, 'build'), { recursive: true })
  removeLeftovers()
  const folder = mkdtempSync(join(root, 'build', `start-${process.pid}-`))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  const made = join(folder, 'made.bin')
  await makeFile(made)

  const server = await startServer()
  const session = await connect(server.url, { signal: stop.signal })
  const jobs = await listJobs(session, made, join(folder, 'got'))
  console.log(`${server.url} serves ${root}: fetching ${spaced(jobs.length)} files, up to ${streamsMax} at a time\n`)

  const display = new Display(jobs)
  const calls = startCalls(session)
  const startedMs = performance.now()
  await fetchAll(session, jobs, display, calls)
  const seconds = (performance.now() - startedMs) / 1000
  const latencies = await calls.stop()
  display.stop()

  const { streamsOpened } = session.stats()
  await session.close()
  const served = await server.stop()
  const matched = await verify(jobs)
  const bytes = jobs.reduce((sum, job) => sum + job.size, 0)
  console.log(
    [
      '',
      `files       ${spaced(jobs.length)}`,
      `bytes       ${spaced(bytes)} (${mib(bytes)})`,
      `connections ${served.connections}, counted by the server`,
      `streams     ${spaced(streamsOpened)} opened, at most ${streamsMax} at a time`,
      `speed       ${(bytes / MiB / seconds).toFixed(0)} MiB/s (${seconds.toFixed(2)} s, written to disk and hashed on both sides)`,
      `calls       ${spaced(latencies.length)} answered meanwhile, p50 ${percentile(latencies, 50)} ms, p99 ${percentile(latencies, 99)} ms`,
      `SHA-256     ${spaced(matched)} of ${spaced(jobs.length)} match the files that were served`,
    ].join('\n'),
  )
  if (served.connections !== 1)
    throw new Failure(`The server counted ${served.connections} connections where one was promised.`)
}

/** What a run that was killed on the spot could not remove; one that is still running keeps its own. */
function removeLeftovers() {
  for (const name of readdirSync(join(root, 'build'))) {
    const pid = Number(/^start-(\d+)-/.exec(name)?.[1])
    if (Number.isNaN(pid) || isRunning(pid)) continue
    rmSync(join(root, 'build', name), { recursive: true, force: true })
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Not compressible, so that nobody on the way can cheat. */
async function makeFile(path) {
  const block = Buffer.allocUnsafe(4 * MiB)
  const file = await open(path, 'wx')
  try {
    for (let at = 0; at < madeBytes; at += block.length) await file.write(randomFillSync(block))
  } finally {
    await file.close()
  }
}

/** `braid serve` on the project, on a free port of this machine. */
async function startServer() {
  const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const child = spawn(process.execPath, [join(root, bin.braid), 'serve', root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanups.push(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await lines.next()
  const url = /^listening (\S+)$/.exec(first.value ?? '')?.[1]
  if (url === undefined) throw new Failure('braid serve did not start.')
  const stopServer = async () => {
    child.kill('SIGTERM')
    const last = await lines.next()
    const [code] = await exited
    if (code !== 0) throw new Failure(`braid serve ended with exit code ${code}.`)
    return { connections: Number(/over ([\d,]+) connections?/.exec(last.value ?? '')?.[1]?.replaceAll(',', '')) }
  }
  return { url, stop: stopServer }
}

/** Everything under node_modules, and the large file first. */
async function listJobs(session, made, into) {
  const madePath = relative(root, made).replaceAll(sep, '/')
  const jobs = [{ path: madePath, target: join(into, 'made.bin'), size: madeBytes, done: 0 }]
  const listing = await listFiles(session, 'node_modules', { recursive: true })
  for await (const { path, folder, size } of listing.entries) {
    if (!folder) jobs.push({ path: `node_modules/${path}`, target: join(into, 'node_modules', path), size, done: 0 })
  }
  if (jobs.length <= filesMin)
    throw new Failure(`node_modules holds only ${jobs.length - 1} files; ${filesMin} are needed.`)
  return jobs
}

async function fetchAll(session, jobs, display, calls) {
  let next = 0
  let live = 0
  const worker = async () => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      const mine = job
      live++
      const progress = (done) => {
        mine.done = done
        display.moved(mine, live, calls.latest())
      }
      const { sha256 } = await fetchFile(session, mine.path, fileSink(mine.target), { signal: stop.signal, progress })
      mine.sha256 = sha256
      live--
      display.finished(mine)
    }
  }
  await Promise.all(Array.from({ length: streamsMax }, worker))
}

/** One small call every 10 ms, whether or not the last one was answered. */
function startCalls(session) {
  const latencies = []
  const open = new Set()
  const timer = setInterval(() => {
    const sentMs = performance.now()
    const call = session
      .call('$ping', new Uint8Array(8))
      .then(() => latencies.push(performance.now() - sentMs))
      .finally(() => open.delete(call))
    open.add(call)
  }, callEveryMs)
  cleanups.push(() => clearInterval(timer))
  const stopCalls = async () => {
    clearInterval(timer)
    await Promise.all(open)
    return latencies
  }
  return { latest: () => latencies.at(-1), stop: stopCalls }
}

/** Reads every file again from both places on the disk; what the transfer itself said is compared too. */
async function verify(jobs) {
  let matched = 0
  for (const { path, target, sha256 } of jobs) {
    const [served, fetched] = await Promise.all([sum(join(root, path)), sum(target)])
    if (served !== fetched || fetched !== sha256) throw new Failure(`The SHA-256 of ${path} does not match.`)
    matched++
  }
  return matched
}

async function sum(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: MiB })) hash.update(chunk)
  return hash.digest('hex')
}

function sentenceOf(error) {
  if (error instanceof Failure) return error.message
  return `The demonstration failed: ${error instanceof Error ? error.message : error}.`.replace(/\.\.$/, '.')
}

function end(code, sentence) {
  stop.abort()
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
  if (sentence !== undefined) console.error(`\n${sentence}`)
  process.exit(code)
}
