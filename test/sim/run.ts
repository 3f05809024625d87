// One seed from plan to verdict. A failure says in one line what differed, at which step, and how to see it again.

import { createHash } from 'node:crypto'
import { describePlan, drawPlan, type Plan } from './plan.ts'
import { Prng } from './prng.ts'
import { type Faults, World } from './world.ts'

export interface RunOptions {
  /** Gets every line of what happens. */
  readonly trace?: ((line: string) => void) | undefined
  /** Also hash every line. */
  readonly hash?: boolean
  readonly faults?: Faults
  /** Changes the plan the seed draws. */
  readonly adapt?: (plan: Plan) => Plan
}

export interface Verdict {
  readonly seed: number
  readonly steps: number
  readonly virtualMs: number
  readonly bytes: number
  readonly hash: string
  /** One line, or undefined when all was as it ought to be. */
  readonly failure: string | undefined
}

/** Runs the world of one seed. */
export function runSeed(seed: number, options: RunOptions = {}): Verdict {
  const hash = options.hash === true ? createHash('sha256') : undefined
  const { trace } = options
  const note =
    trace === undefined && hash === undefined
      ? undefined
      : (line: string): void => {
          hash?.update(`${line}\n`)
          trace?.(line)
        }
  const drawn = drawPlan(new Prng(seed, 1))
  const plan = options.adapt?.(drawn) ?? drawn
  for (const line of describePlan(plan)) note?.(line)
  const world = new World(seed, plan, options.faults, note)
  let failure: string | undefined
  try {
    world.run()
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    failure = `seed ${seed}, step ${world.steps}, ${world.clock.now.toFixed(3)} ms: ${what} | node scripts/sim.mjs --seed ${seed} --trace`
    note?.(error instanceof Error ? (error.stack ?? what) : what)
  }
  const bytes = world.sessions.reduce((sum, session) => sum + session.endpoint.engine.stats().bytesOut, 0)
  return { seed, steps: world.steps, virtualMs: world.clock.now, bytes, hash: hash?.digest('hex') ?? '', failure }
}
