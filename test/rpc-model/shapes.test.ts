// Random interleavings of calls of every shape, with all that may go wrong, against a model of what must be true of them.
// RPC_MODEL_RUNS=20000 node --test build/test/rpc-model/shapes.test.js   runs more; RPC_MODEL_SEED=n begins at another seed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { expose } from 'braidwire/rpc'
import fc from 'fast-check'
import { makeApi, type Script } from './api.ts'
import { begin, shapes, type Use } from './uses.ts'
import { World } from './world.ts'

const RUNS = Number(process.env.RPC_MODEL_RUNS ?? 300)
const SEED = process.env.RPC_MODEL_SEED === undefined ? undefined : Number(process.env.RPC_MODEL_SEED)

type Step =
  | ({ readonly do: 'use' } & Omit<Use, 'script'> & { readonly script: Omit<Script, 'id'> })
  | { readonly do: 'pass' | 'abort' | 'emit'; readonly which: number }
  | { readonly do: 'tick'; readonly ms: number }
  | { readonly do: 'turn' }
  | { readonly do: 'close' | 'cut' | 'drain'; readonly by: 0 | 1 }

const which = fc.nat({ max: 40 })
const side = fc.constantFrom<0 | 1>(0, 1)
const rarely = (one: number): fc.Arbitrary<boolean> => fc.nat(one - 1).map((n) => n === 0)
const script = fc.record({
  count: fc.oneof(fc.nat(5), fc.nat(5), fc.integer({ min: 0, max: 600 })),
  take: fc.oneof(fc.nat(4), fc.constant(1000), fc.constant(1000)),
  pace: fc.nat(3),
  fails: rarely(5),
})
const use = fc.record({
  do: fc.constant('use' as const),
  shape: fc.constantFrom(...shapes),
  from: side,
  script,
  large: rarely(4),
  timeout: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined, freq: 5 }),
  preAborted: rarely(12),
})
const step = fc.oneof(
  { weight: 14, arbitrary: use },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('pass' as const), which }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'emit' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.nat(30) }) },
  { weight: 10, arbitrary: fc.constant<Step>({ do: 'turn' }) },
) as fc.Arbitrary<Step>
/** Half of the worlds end by themselves, half in the middle of things. */
const end = fc.option(
  fc.record({ do: fc.constantFrom('close' as const, 'cut' as const, 'drain' as const), by: side }),
) as fc.Arbitrary<Step | null>

const codec = fc.constantFrom('', 'msgpack', 'json')
const codecs = fc.tuple(codec, codec)

/** A rejection nobody watches ends the process of whoever uses the library. */
const unwatched: unknown[] = []
process.on('unhandledRejection', (error) => unwatched.push(error))

class Run {
  readonly world = new World()
  readonly #sides = [makeApi(this.world), makeApi(this.world)]
  /** Listeners that were subscribed, and how often each was told. */
  readonly #subscribed: { readonly id: number; readonly by: number; told: number }[] = []
  #next = 0

  async start(codecs: readonly string[]): Promise<void> {
    await this.world.start(codecs)
    for (const [index, session] of this.world.sessions.entries()) expose(session, this.#sides[index]!.methods)
  }

  async take(next: Step): Promise<void> {
    const { world } = this
    if (next.do === 'turn') await turn()
    else if (next.do === 'tick') world.clock.advance(next.ms)
    else if (next.do === 'pass') world.pass(next.which)
    else if (next.do === 'use') {
      const id = this.#next++
      const by = 1 - next.from
      begin(world, { ...next, script: { ...next.script, id } }, () => this.#subscribed.push({ id, by, told: 0 }))
    } else if ('by' in next) this.#end(next.do, next.by)
    else if (next.do === 'abort') world.activities[next.which % Math.max(1, world.activities.length)]?.abort()
    else this.#emit(next.which)
  }

  #end(how: 'close' | 'cut' | 'drain', by: 0 | 1): void {
    const { world } = this
    world.closing = true
    const session = world.sessions[by]!
    if (how === 'close') world.hold('close', session.close())
    else if (how === 'drain') {
      world.hold('drain', session.drain(20))
      world.clock.advance(30)
    } else world.transports[by].close()
  }

  #emit(index: number): void {
    const listener = this.#subscribed[index % Math.max(1, this.#subscribed.length)]
    if (listener === undefined) return
    const heard = this.#sides[listener.by]!.listeners.get(listener.id)!
    this.world.hold(`emit to ${listener.id}`, heard(listener.told++)).catch(() => {})
  }
}

test(`${RUNS} worlds of calls of every shape end as they ought to`, async () => {
  const steps = fc.array(step, { maxLength: 50, size: 'max' })
  const property = fc.asyncProperty(codecs, steps, end, async (codecs, steps, last) => {
    const run = new Run()
    await run.start(codecs)
    for (const next of steps) await run.take(next)
    if (last !== null) await run.take(last)
    await run.world.finish()
    assert.deepEqual(unwatched.splice(0), [])
  })
  try {
    await fc.assert(property, { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) })
  } catch (error) {
    const { message, cause } = error as Error
    throw new Error(`${message}\n${inspect(cause)}`)
  }
})
