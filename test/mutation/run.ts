// Tests the tests: `node build/test/mutation/run.js [--mutants n] [--seed n] [--jobs n] [--at window.ts:31]` breaks the compiled
// engine in a copy and looks whether a test notices; `--history` injects the bugs of others, one by one.

import { parseArgs } from 'node:util'
import { history } from './history.ts'
import { catchAll } from './history-run.ts'
import { allMutants, equivalents, isEquivalent, sample, tryAll, type Verdict } from './mutants.ts'

const SCORE_MIN = 0.9

const { values } = parseArgs({
  options: {
    mutants: { type: 'string', default: '300' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    /** All mutants of one line, or of one file, instead of a sample; with `--history` bugs whose description has these words. */
    at: { type: 'string' },
    history: { type: 'boolean', default: false },
  },
})
const begun = performance.now()
// An end with its 'exit', so that no copy stays behind.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
if (values.history) await tellHistory()
else await tellMutants()

async function tellMutants(): Promise<void> {
  const all = allMutants()
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const at = values.at
  const isThere = (place: string) => place.endsWith(`/${at}`) || place.includes(`/${at}:`)
  const drawn =
    at === undefined
      ? sample(all, Number(values.mutants), seed)
      : all.filter((mutant) => isThere(mutant.place) && !isEquivalent(mutant))
  console.log(
    `${all.length} mutants, ${equivalents.length} known to be equivalent; ${drawn.length} are tried, seed ${seed}`,
  )
  let tried = 0
  const verdicts = await tryAll(drawn, Number(values.jobs), (verdict) => {
    console.log(`${String(++tried).padStart(4)} ${line(verdict)}`)
  })
  const survivors = verdicts.filter(({ by }) => by === undefined)
  const caught = verdicts.length - survivors.length
  const hung = verdicts.filter((verdict) => verdict.hung).length
  const score = caught / Math.max(1, verdicts.length)
  console.log(
    `\n${verdicts.length} mutants, ${caught} caught (${hung} because a test hung), ${survivors.length} survived: ` +
      `${(score * 100).toFixed(1)} %, seed ${seed}, ${minutes()}`,
  )
  if (score < SCORE_MIN) process.exitCode = 1
}

function line({ mutant, by }: Verdict): string {
  const what = `${mutant.place} (${mutant.operator})`
  if (by !== undefined) return `caught ${what} by ${by}`
  const [before, after] = [mutant.before, mutant.after].map((text) => text.replaceAll('\n', '\n       '))
  return `SURVIVED ${what}\n     - ${before}\n     + ${after}`
}

async function tellHistory(): Promise<void> {
  const bugs = history.filter(({ bug }) => bug.includes(values.at ?? ''))
  const results = await catchAll(bugs, Number(values.jobs), ({ bug, by }) => {
    console.log(`${by === undefined ? 'NOT CAUGHT' : 'caught'}: ${bug}${by === undefined ? '' : `\n    by ${by}`}`)
  })
  const missed = results.filter(({ by }) => by === undefined)
  for (const bug of bugs) if ('why' in bug) console.log(`not injected: ${bug.bug}\n    ${bug.why}`)
  console.log(`\n${results.length} bugs, ${results.length - missed.length} caught, ${minutes()}`)
  if (missed.length > 0) process.exitCode = 1
}

function minutes(): string {
  return `${((performance.now() - begun) / 60_000).toFixed(1)} min`
}
