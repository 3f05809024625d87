// One seed of engines from plan to verdict.

import { describePlan, drawPlan, type Plan } from './plan.ts'
import { Prng } from './prng.ts'
import { listen, type RunOptions, tellFailure, type Verdict } from './verdict.ts'
import { type Faults, World } from './world.ts'

export interface EngineRunOptions extends RunOptions {
  readonly faults?: Faults
  /** Changes the plan the seed draws. */
  readonly adapt?: (plan: Plan) => Plan
}

/** Runs the world of one seed. */
export function runEngines(seed: number, options: EngineRunOptions = {}): Verdict {
  const { note, hash } = listen(options)
  const drawn = drawPlan(new Prng(seed, 1))
  const plan = options.adapt?.(drawn) ?? drawn
  for (const line of describePlan(plan)) note?.(line)
  const world = new World(seed, plan, options.faults, note)
  let failure: string | undefined
  try {
    world.run()
  } catch (error) {
    failure = tellFailure(seed, world, error, note)
  }
  const bytes = world.sessions.reduce((sum, session) => sum + session.endpoint.engine.stats().bytesOut, 0)
  return { seed, steps: world.steps, virtualMs: world.clock.now, bytes, hash: hash(), failure }
}
