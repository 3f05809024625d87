// F3 over the golden sessions: the transport is cut behind every byte, and what takes its place cut again, and a third time. Both sides
// are told the same as if nothing had been: each byte, end, reset, call and reply once, in order.

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { concat } from '../codec/hex.ts'
import { scripts } from '../golden/scripts.ts'
import type { Script } from '../golden/world.ts'
import { CutWorld, Lost, type Place } from './cut-world.ts'
import { placesOf } from './session-sweeps.ts'

/** Those that cannot be resumed: nobody dials in one; in the other the test says frames that no engine has sent, nor would send again. */
const apart = ['symmetric', 'by-hand']
/** RESUME and its answer, and the begin of what is sent again, are within so many bytes of a link that took another's place. */
const SECOND_WITHIN = 220

/** How it went: as if nothing had been, or lost before there was a ticket or with the goodbye. */
export type Went = 'resumed' | 'too early' | 'too late'

type Told = ReadonlyMap<string, readonly string[]>

function play(script: Script, cuts: readonly Place[]): { readonly world: CutWorld; readonly lost: boolean } {
  const worlds: CutWorld[] = []
  let lost = false
  try {
    script((...given) => {
      const world = new CutWorld(cuts, ...given)
      worlds.push(world)
      return world
    })
  } catch (thrown) {
    if (!(thrown instanceof Lost)) throw thrown
    lost = true
  }
  return { world: worlds[0] as CutWorld, lost }
}

/** Of one golden session: every so many places, each cut once, twice and three times. */
function sweep(name: string, script: Script, every: number, counts: Record<Went, number>): void {
  const { world: whole } = play(script, [])
  let index = 0
  for (const to of ['a', 'b'] as const) {
    for (const at of placesOf(concat(whole.first[to]))) {
      if (index++ % every !== 0) continue
      const second: Place = { to: index % 2 === 0 ? 'a' : 'b', at: (index * 7) % SECOND_WITHIN }
      const third: Place = { to: index % 4 < 2 ? 'a' : 'b', at: (index * 11) % SECOND_WITHIN }
      for (const cuts of [[{ to, at }], [{ to, at }, second], [{ to, at }, second, third]]) {
        counts[wentAs(whole.told, script, cuts, `${name}, cut ${JSON.stringify(cuts)}`)]++
      }
    }
  }
}

function wentAs(whole: Told, script: Script, cuts: readonly Place[], where: string): Went {
  const { world, lost } = play(script, cuts)
  if (!lost) {
    for (const [about, told] of whole) {
      assert.ok(isDeepStrictEqual(world.told.get(about), told), `${where}: of ${about} something else was told`)
    }
    assert.equal(world.told.size, whole.size, where)
    return 'resumed'
  }
  if (world.a.engine.closing || world.b.engine.closing) return 'too late'
  assert.ok(!world.ticketed, `${where}: lost, though there was a ticket`)
  return 'too early'
}

export function cutGolden(every: number): Record<Went, number> {
  const counts = { resumed: 0, 'too early': 0, 'too late': 0 }
  for (const [name, script] of Object.entries(scripts)) if (!apart.includes(name)) sweep(name, script, every, counts)
  return counts
}
