// Runs the simulator over many seeds, or one seed with everything that happens in it.
//   node scripts/sim.mjs [--seeds 10000] [--from N] [--jobs N] [--seconds N]
//   node scripts/sim.mjs --seed 1234 [--items 0,3] [--trace] [--minimise]

import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensure } from './ensure.mjs'

const options = {
  seeds: { type: 'string', default: '1000' },
  from: { type: 'string', default: '1' },
  /** Processes that share the seeds. */
  jobs: { type: 'string', default: '1' },
  /** Stop after so long, wherever that is. */
  seconds: { type: 'string', default: 'Infinity' },
  seed: { type: 'string' },
  items: { type: 'string' },
  trace: { type: 'boolean', default: false },
  minimise: { type: 'boolean', default: false },
  built: { type: 'boolean', default: false },
}
const values = given()

const root = new URL('..', import.meta.url)
const built = new URL('build/test/sim/run.js', root)
if (!values.built || !existsSync(built)) ensure()
if (values.seed !== undefined) await runOne(Number(values.seed))
else if (values.jobs !== '1') await runJobs(Number(values.jobs))
else report(await runMany(Number(values.from), Number(values.seeds)))

function given() {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
}

async function runOne(seed) {
  const { runSeed, minimise } = await import(built.href)
  if (values.minimise) {
    console.log((await minimise(seed)) ?? `seed ${seed} does not fail`)
    return
  }
  const items = values.items?.split(',').map(Number)
  const verdict = await runSeed(seed, { hash: true, items, trace: values.trace ? console.log : undefined })
  if (verdict.failure !== undefined) console.log(verdict.failure)
  const { steps, bytes, hash, failure } = verdict
  report({ seeds: 1, failed: failure === undefined ? 0 : 1, steps, bytes, ms: 0 })
  console.log(`trace sha256 ${hash}`)
}

/** Each failure is one line, as soon as it is found. */
async function runMany(from, seeds) {
  const { runSeed } = await import(built.href)
  // Errors are made by the thousand and nobody looks at where.
  Error.stackTraceLimit = 0
  const sum = { seeds: 0, failed: 0, steps: 0, bytes: 0, ms: 0 }
  const begun = performance.now()
  const until = begun + Number(values.seconds) * 1000
  for (let seed = from; seed < from + seeds && performance.now() < until; seed++) {
    const { failure, steps, bytes } = await runSeed(seed)
    sum.seeds++
    sum.steps += steps
    sum.bytes += bytes
    if (failure === undefined) continue
    sum.failed++
    console.log(failure)
  }
  sum.ms = performance.now() - begun
  process.send?.(sum)
  return sum
}

/** Shares the seeds out, in order, and adds up. */
async function runJobs(jobs) {
  const [from, seeds] = [Number(values.from), Number(values.seeds)]
  const share = Math.ceil(seeds / jobs)
  const begun = performance.now()
  const parts = await Promise.all(
    Array.from({ length: jobs }, (_, job) => {
      const count = Math.min(share, seeds - job * share)
      return count <= 0 ? undefined : runPart(from + job * share, count)
    }),
  )
  const sum = { seeds: 0, failed: 0, steps: 0, bytes: 0, ms: performance.now() - begun }
  for (const part of parts) for (const key of ['seeds', 'failed', 'steps', 'bytes']) sum[key] += part?.[key] ?? 0
  report(sum)
}

function runPart(from, seeds) {
  const options = ['--built', '--from', String(from), '--seeds', String(seeds), '--seconds', values.seconds]
  const child = fork(fileURLToPath(import.meta.url), options, { execArgv: ['--max-semi-space-size=32'] })
  return new Promise((resolve, reject) => {
    let part
    child.on('message', (sum) => {
      part = sum
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (part === undefined) reject(new Error(`seeds ${from} to ${from + seeds - 1}: the process ended with ${code}`))
      else resolve(part)
    })
  })
}

function report({ seeds, failed, steps, bytes, ms }) {
  process.exitCode = failed === 0 ? 0 : 1
  if (process.send !== undefined) return
  const rate = ms === 0 ? '' : `, ${((seeds * 1000) / ms).toFixed(0)} seeds/s`
  console.log(`${seeds} seeds, ${failed} failed, ${steps} steps, ${(bytes / 2 ** 20).toFixed(1)} MiB${rate}`)
}
