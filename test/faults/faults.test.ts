// Faults in order: the first place of its kind breaks, then the second, and so on until a scene has no more of them.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault, type Kind, modes } from './faults.ts'
import { play } from './scene.ts'

/** Far more than a scene has. */
const PLACES_MAX = 500

/** How many places a scene has at least, on either side, so that none goes missing unnoticed. */
const least: Readonly<Record<Kind, number>> = {
  write: 5,
  read: 8,
  close: 1,
  start: 1,
  timer: 3,
  callback: 12,
  accept: 1,
  authorize: 1,
}

/** Breaks one place after the other; returns how many there were. */
async function inOrder(kind: Kind, mode: (typeof modes)[Kind][number], hits: 'dialer' | 'listener'): Promise<number> {
  for (let at = 1; at < PLACES_MAX; at++) {
    const fault = new Fault(kind, mode, at)
    await play(fault, hits)
    if (!fault.reached) return at - 1
  }
  throw new RangeError(`${kind}: more than ${PLACES_MAX} places`)
}

for (const kind of Object.keys(modes) as Kind[]) {
  for (const mode of modes[kind]) {
    test(`${kind} ${mode}: everything settles, and the other session does not notice`, async () => {
      // Who dials accepts nobody.
      const onlyListener = kind === 'accept' || kind === 'authorize'
      for (const hits of onlyListener ? (['listener'] as const) : (['dialer', 'listener'] as const)) {
        const places = await inOrder(kind, mode, hits)
        assert.ok(places >= least[kind], `${places} places on the side of the ${hits}`)
      }
    })
  }
}
