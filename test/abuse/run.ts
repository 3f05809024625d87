// The attacks in full, or some of them, or quickly, with figures: `node build/test/abuse/run.js [A1 A6 ...] [--quick]`.

import { parseArgs } from 'node:util'
import { ms, type Row, Table } from '../rows.ts'
import type { Attack } from './attack.ts'
import { attacks } from './attacks.ts'
import { judge, tryAttack } from './trial.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const form = values.quick ? 'quick' : 'full'
/** `A1` means A1b as well. */
const wanted = (id: string) =>
  positionals.length === 0 || positionals.some((name) => id.replace(/[a-z]$/, '') === name || id === name)

/** Who is stopped for so long, in ms, was no part of the attack: what was missed meanwhile says nothing. */
const STANDSTILL_MS = 1000
const STANDSTILLS_MAX = 10

/** The longest that this program did not get to run while something is done, in ms. */
async function standstillIn(task: () => Promise<unknown>): Promise<number> {
  let [last, longest] = [performance.now(), 0]
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 50)
  await task()
  clearInterval(timer)
  return longest
}

/** On a busy machine a client that is alone may wait for 50 ms; only what is missed every time is missed. */
const TRIES = 3

async function measure(attack: Attack): Promise<readonly Row[]> {
  let standstills = 0
  for (let tries = 1; ; ) {
    let rows: readonly Row[] = []
    const stood = await standstillIn(async () => {
      rows = judge(attack, form, await tryAttack(attack, form))
    })
    const missed = rows.filter(({ holds }) => !holds)
    const says =
      stood >= STANDSTILL_MS && standstills++ < STANDSTILLS_MAX ? `the machine stood still for ${ms(stood)}` : ''
    if (missed.length === 0 || (says === '' && tries++ === TRIES)) return rows
    const why = says === '' ? 'missed once, tried again' : `${says}, tried again`
    for (const { id, what, measured } of missed) console.log(`${why}: ${id} ${what}: ${measured}`)
  }
}

const table = new Table()
for (const attack of attacks.filter(({ id, lasts }) => wanted(id) && lasts[form] > 0)) {
  table.add(...(await measure(attack)))
}
table.end()
