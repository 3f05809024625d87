// One seed from plan to verdict: of each four, one is a world of engines, whose frames are judged one by one, and three are
// worlds of sessions, with everything an application sees. Also finds how little of a failing world is enough.

import { runEngines } from './engines.ts'
import { runSessions } from './sessions/run.ts'
import type { RunOptions, Verdict } from './verdict.ts'

/** `items`: only these of the things a world of sessions does; undefined: all. */
export interface SeedOptions extends RunOptions {
  readonly items?: readonly number[] | undefined
}

/** Runs the world of one seed. One at a time: a rejection nobody handles is taken for the fault of the one that runs. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<Verdict> {
  return seed % 4 === 0 ? runEngines(seed, options) : runSessions(seed, options)
}

/** A failing seed with as few things done as still make it fail: the line to replay that. Worlds of engines stay as they are. */
export async function minimise(seed: number): Promise<string | undefined> {
  if (seed % 4 === 0) return runEngines(seed).failure
  let { failure, items } = await runSessionsOf(seed, undefined)
  if (failure === undefined) return undefined
  for (let size = items.length; size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < items.length; ) {
      const fewer = [...items.slice(0, at), ...items.slice(at + size)]
      const found = await runSessionsOf(seed, fewer)
      if (found.failure === undefined) at += size
      else {
        failure = found.failure
        items = fewer
      }
    }
  }
  return failure
}

async function runSessionsOf(
  seed: number,
  items: readonly number[] | undefined,
): Promise<{ failure: string | undefined; items: readonly number[] }> {
  const done: number[] = []
  const { failure } = await runSessions(seed, { items, does: (item) => done.push(item) })
  return { failure, items: items ?? done }
}
