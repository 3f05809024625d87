// Runs the simulator over many seeds, or one seed with everything that happens in it.
//   node scripts/sim.mjs [--seeds 10000] [--from N]      node scripts/sim.mjs --seed 1234 [--trace]

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensure } from './ensure.mjs'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
  },
})

const root = new URL('..', import.meta.url)
const built = new URL('build/test/sim/run.js', root)
if (!values.built || !existsSync(built)) {
  ensure()
}
const { runSeed } = await import(built.href)

if (values.seed !== undefined) {
  const verdict = runSeed(Number(values.seed), { hash: true, trace: values.trace ? console.log : undefined })
  report([verdict])
} else {
  const from = Number(values.from)
  const verdicts = []
  const begun = performance.now()
  for (let seed = from; seed < from + Number(values.seeds); seed++) {
    const verdict = runSeed(seed)
    verdicts.push(verdict)
    if (verdict.failure !== undefined) console.log(verdict.failure)
  }
  report(verdicts, performance.now() - begun)
}

function report(verdicts, ms) {
  const failed = verdicts.filter((verdict) => verdict.failure !== undefined)
  if (ms === undefined) for (const { failure } of failed) console.log(failure)
  const steps = verdicts.reduce((sum, verdict) => sum + verdict.steps, 0)
  const mebibytes = verdicts.reduce((sum, verdict) => sum + verdict.bytes, 0) / 2 ** 20
  const rate = ms === undefined ? '' : `, ${((verdicts.length * 1000) / ms).toFixed(0)} seeds/s`
  console.log(`${verdicts.length} seeds, ${failed.length} failed, ${steps} steps, ${mebibytes.toFixed(1)} MiB${rate}`)
  if (verdicts.length === 1) console.log(`trace sha256 ${verdicts[0].hash}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
