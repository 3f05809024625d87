// Fuzzes every target, or those named, and keeps what reaches new code: `node build/test/fuzz/run.js [target ...] [--seconds n] [--seed n]`.

import { parseArgs } from 'node:util'
import { toHex } from '../codec/hex.ts'
import { Prng } from '../sim/prng.ts'
import { readCorpus, writeCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { explore, Found } from './explore.ts'
import { targets } from './targets.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const names = positionals.length > 0 ? positionals : Object.keys(targets)
const ms = (Number(values.seconds) * 1000) / names.length
const coverage = new Coverage()

console.log(`seed ${seed}, ${values.seconds} s for ${names.join(', ')}`)
for (const [lane, name] of names.entries()) {
  const target = targets[name]
  if (target === undefined)
    throw new RangeError(`no target is called ${name}; there are ${Object.keys(targets).join(', ')}`)
  const before = readCorpus(name).length
  try {
    const { runs, kept, bytes } = explore(name, target, coverage, new Prng(seed, lane), ms)
    writeCorpus(name, kept)
    console.log(
      `${name}: ${runs} inputs, ${bytes} bytes of the product ran, ${before} inputs in the corpus before, ${kept.length} now`,
    )
  } catch (error) {
    if (!(error instanceof Found)) throw error
    console.log(`${name}: this input breaks a promise: ${toHex(error.input)}\n${error.message}`)
    process.exitCode = 1
  }
}
