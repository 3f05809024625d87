// One seed of sessions from plan to verdict.

import type { Session } from '#dist/session/session.js'
import { Prng } from '../prng.ts'
import { listen, type RunOptions, tellFailure, type Verdict } from '../verdict.ts'
import { drawSessionPlan, type SessionPlan } from './plan.ts'
import { SessionWorld } from './world.ts'

export interface SessionRunOptions extends RunOptions {
  /** Only these things are done; undefined: all. */
  readonly items?: readonly number[] | undefined
  /** Told what is planned. */
  readonly does?: (item: number) => void
  /** Puts something broken in the place of each session. */
  readonly broken?: ((session: Session) => Session) | undefined
  /** Changes the plan the seed draws. */
  readonly adapt?: ((plan: SessionPlan) => SessionPlan) | undefined
}

/** Runs the world of one seed. */
export async function runSessions(seed: number, options: SessionRunOptions = {}): Promise<Verdict> {
  const { note, hash } = listen(options)
  const { items, does } = options
  const drawn = drawSessionPlan(new Prng(seed, 1))
  const chosen =
    items === undefined ? drawn : { ...drawn, work: drawn.work.filter(({ index }) => items.includes(index)) }
  const plan = options.adapt?.(chosen) ?? chosen
  for (const { index } of plan.work) does?.(index)
  if (note !== undefined) for (const [name, value] of Object.entries(plan)) note(`${name} ${JSON.stringify(value)}`)
  const world = new SessionWorld(seed, plan, note, options.broken)
  const stray = (error: unknown): void => world.ledger.fail(`nobody handles ${String(error)}`)
  process.on('unhandledRejection', stray)
  process.on('uncaughtException', stray)
  let failure: string | undefined
  try {
    await world.run()
  } catch (error) {
    failure = tellFailure(seed, world, error, note, items === undefined ? '' : ` --items ${items.join(',')}`)
  }
  process.off('unhandledRejection', stray)
  process.off('uncaughtException', stray)
  const bytes = world.network.carriers.reduce((sum, { bytes }) => sum + bytes, 0)
  return { seed, steps: world.steps, virtualMs: world.clock.now, bytes, hash: hash(), failure }
}
