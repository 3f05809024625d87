// The sweeps in full, or a part of them, with figures: `node build/test/sweeps/run.js [F1 F2 F3 F4 F5] [--every n]`.

import { parseArgs } from 'node:util'
import { Prng } from '../sim/prng.ts'
import { chunkings, cuts, flips, noise, ranges, Tally } from './engine-sweeps.ts'
import { cutGolden } from './golden-resumed.ts'
import { cutAndResume } from './resumed-sweep.ts'
import { type Baseline, baseline, cutSessions, flipSessions, rangeSessions } from './session-sweeps.ts'
import { type Recording, recordings } from './tapes.ts'

const RANGES_EVERY = 3
const SESSION_RANGES_EVERY = 11

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '1' } },
})
const every = Number(values.every)
const wanted = (fault: string) => positionals.length === 0 || positionals.includes(fault)
const all = recordings()

/** Sums what each recording says; a failure names the recording and the place, and ends the sweep. */
function over(sweep: (recording: Recording, index: number) => number | undefined): number {
  return all.reduce((sum, recording, index) => sum + (sweep(recording, index) ?? 0), 0)
}

async function report(fault: string, what: string, work: () => string | Promise<string>): Promise<void> {
  if (!wanted(fault)) return
  const begun = performance.now()
  const figures = await work()
  console.log(`${fault}  ${what}: ${figures} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
}

const outcomes = ({ tries, outcomes: { unnoticed, confined, ended } }: Tally): string =>
  `${tries} tried; ${ended} ended the session, ${confined} told something else, ${unnoticed} went unnoticed`
const counted = (counts: Record<'ended' | 'goes on', number>): string =>
  `${counts.ended + counts['goes on']} tried; ${counts.ended} ended a session`

async function engines(): Promise<void> {
  const bytes = all.reduce((sum, { input }) => sum + input.length, 0)
  const places = all.reduce((sum, recording) => sum + recording.places.length, 0)
  console.log(`golden sessions: ${all.length / 2}, each from both sides: ${bytes} bytes in, ${places} places`)
  await report('F1', 'chunkings of golden', () => `${over((each) => chunkings(each, every))} tried`)
  await report('F2', 'cuts of golden', () => `${over((each) => cuts(each, every))} tried`)
  await report('F3', 'cuts of golden that may be resumed, one to three in a row', () => {
    const { resumed, 'too early': early, 'too late': late } = cutGolden(every)
    return (
      `${resumed + early + late} tried; ${resumed} went on as if nothing had been, ` +
      `${early} came before there was a ticket, ${late} with the goodbye`
    )
  })
  await report('F4', 'bits of golden flipped', () => {
    const tally = new Tally()
    over((each) => flips(each, every, tally) as undefined)
    return outcomes(tally)
  })
  await report('F5', 'ranges of golden doubled, left out, put in', () => {
    const tally = new Tally()
    over((each, index) => ranges(each, every * RANGES_EVERY, new Prng(index), tally) as undefined)
    return outcomes(tally)
  })
  await report('F5', 'noise', () => `${noise(Math.ceil(1000 / every))} sessions`)
}

async function sessions(): Promise<void> {
  const whole: Baseline = await baseline()
  const { leftward, rightward } = whole.places
  console.log(
    `two sessions: ${whole.bytes.leftward.length + whole.bytes.rightward.length} bytes, ${leftward.length + rightward.length} places`,
  )
  await report('F2', 'cuts of two sessions', async () => `${await cutSessions(whole, every)} tried`)
  await report('F3', 'cuts of two sessions that may be resumed, one to three in a row', async () => {
    const { resumed, 'too early': early } = await cutAndResume(every)
    return `${resumed + early} tried; ${resumed} went on as if nothing had been, ${early} came before there was a ticket`
  })
  await report('F4', 'bits between two sessions flipped', async () => counted(await flipSessions(whole, every)))
  await report('F5', 'ranges between two sessions doubled, left out, put in', async () =>
    counted(await rangeSessions(whole, every * SESSION_RANGES_EVERY)),
  )
}

await engines()
await sessions()
