// A tape: everything one engine was given, in order, so that a test can give it again, whole or damaged.
// Streams and calls are known by labels: my0 is the first stream this side opened, peer0 number 0 of the peer, call0 its first call.

import type { Engine, EngineCall, EngineStream } from '#dist/engine/contract.js'
import { createEngine } from '#dist/engine/engine.js'
import { type EngineOptions, parseOptions } from '#dist/engine/options.js'

/** A stream or call as an argument. */
export interface Label {
  readonly label: string
}

/** Something done to the engine. `transmit` is everything it had to say then. */
export type Op =
  | { readonly do: 'receive'; readonly bytes: Uint8Array; readonly now: number }
  | { readonly do: 'transmit' | 'tick'; readonly now: number }
  | { readonly do: Command; readonly args: readonly unknown[] }

const commands = [
  'open',
  'accept',
  'write',
  'end',
  'reset',
  'stop',
  'consume',
  'settle',
  'call',
  'cancel',
  'reply',
  'replyVia',
  'replyError',
  'ping',
  'goAway',
  'close',
  'admit',
] as const
export type Command = (typeof commands)[number]

export interface Tape {
  readonly options: EngineOptions
  readonly init: { readonly waitForPreface: boolean; readonly gate: boolean; readonly resume?: boolean }
  /** Of its randomness. */
  readonly seed: number
  readonly ops: Op[]
}

/** An engine as the tape says. */
export function engineFor({ options, init, seed }: Tape): Engine {
  let state = seed
  const random = () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
  return createEngine(parseOptions(options), { ...init, random })
}

/** An engine that writes on the tape what it is given. */
export function recorded(tape: Tape): Engine {
  const engine = engineFor(tape)
  const labels = new Map<unknown, string>()
  const counts = { open: 0, call: 0 }
  const { ops } = tape
  const labelled = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('owner' in value)) return value
    const known = labels.get(value)
    return { label: known ?? `peer${(value as EngineStream).number}` }
  }
  const watched: Partial<Record<keyof Engine, unknown>> = {
    receive(bytes: Uint8Array, now: number) {
      ops.push({ do: 'receive', bytes: bytes.slice(), now })
      engine.receive(bytes, now)
    },
    tick(now: number) {
      ops.push({ do: 'tick', now })
      engine.tick(now)
    },
    transmit(out: Uint8Array[], budget: number, now: number) {
      const last = ops.at(-1)
      if (last?.do !== 'transmit' || last.now !== now) ops.push({ do: 'transmit', now })
      return engine.transmit(out, budget, now)
    },
  }
  for (const command of commands) {
    watched[command] = (...args: unknown[]) => {
      ops.push({ do: command, args: args.map(labelled) })
      const method = engine[command] as (...args: unknown[]) => unknown
      const made = method.apply(engine, args)
      if (command === 'open') labels.set(made as EngineStream, `my${counts.open++}`)
      if (command === 'call') labels.set(made as EngineCall, `call${counts.call++}`)
      return made
    }
  }
  return new Proxy(engine, {
    get(_, name) {
      const own = watched[name as keyof Engine]
      if (own !== undefined) return own
      const value: unknown = Reflect.get(engine, name, engine)
      return typeof value === 'function' ? value.bind(engine) : value
    },
  })
}
