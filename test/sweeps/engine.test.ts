// Sweeps over the golden sessions, bounded: a part of all places, and always the same. `npm run sweep` tries the rest.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Prng } from '../sim/prng.ts'
import { chunkings, cuts, flips, noise, ranges, Tally } from './engine-sweeps.ts'
import { cutGolden } from './golden-resumed.ts'
import { type Recording, recordings } from './tapes.ts'

// By primes, so that the places tried in one recording are not those of the next.
const LIGHT_BYTES = 16_384
const EVERY = { split: 29, cut: 5, bit: 37, range: 61, resumed: 41 }
const all = recordings()

/** Megabytes are as good at one place as at ten. */
function stepFor({ input, out }: Recording, every: number): number {
  return every * Math.ceil((input.length + out.length) / LIGHT_BYTES)
}

test('F1: any chunking tells the same and answers the same', () => {
  let tries = 0
  for (const [index, recording] of all.entries())
    tries += chunkings(recording, stepFor(recording, EVERY.split), index % EVERY.split)
  assert.ok(tries > 200, `${tries} chunkings`)
})

test('F2: a cut at any place tells what came before it, and no clean end', () => {
  let tries = 0
  for (const [index, recording] of all.entries())
    tries += cuts(recording, stepFor(recording, EVERY.cut), index % EVERY.cut)
  assert.ok(tries > 800, `${tries} cuts`)
})

test('F3: a cut at any place, and another, and a third, changes nothing of what both sides are told', () => {
  const { resumed, 'too early': early } = cutGolden(EVERY.resumed)
  assert.ok(resumed > 100 && early > 50, `${resumed} resumed, ${early} had no ticket`)
})

test('F4: a flipped bit harms its own stream, or ends the session', () => {
  const tally = new Tally()
  for (const [index, recording] of all.entries())
    flips(recording, stepFor(recording, EVERY.bit), tally, index % EVERY.bit)
  assert.ok(tally.tries > 800, `${tally.tries} bits`)
  assert.ok(tally.outcomes.ended > 100 && tally.outcomes.confined > 100)
})

test('F5: bytes doubled, left out or put in end the session, or tell something else; nothing is thrown', () => {
  const tally = new Tally()
  for (const [index, recording] of all.entries())
    ranges(recording, stepFor(recording, EVERY.range), new Prng(index), tally, index % EVERY.range)
  assert.ok(tally.outcomes.ended > 500)
})

test('F5: noise behind the preface or a HELLO ends the session', () => {
  assert.equal(noise(16), 16)
})
