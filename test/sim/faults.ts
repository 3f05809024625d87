// Parts that are broken on purpose, to see that the oracle notices: a network that harms bytes, an engine that forgets
// or invents. Only the tests of the oracle use them.

import type { Engine, EngineEvent } from '#dist/engine/contract.js'
import { Harm, type HarmKind } from './harm.ts'
import { Type } from './wire.ts'
import type { Faults } from './world.ts'

function harm(how: HarmKind): Faults {
  return {
    nodes: (clock, random, side) => (side === 0 ? [new Harm(clock, random, random.skewed(300, 5000), how)] : []),
  }
}

/** An engine with some members replaced. */
function patched(engine: Engine, patches: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get: (target, key) => {
      const found: unknown = Reflect.get(key in patches ? patches : target, key)
      return typeof found === 'function' && !(key in patches) ? found.bind(target) : found
    },
  })
}

/** Replaces every n-th call of something. */
function every(n: number): () => boolean {
  let count = 0
  return () => ++count % n === 0
}

type Change = (event: EngineEvent, more: (event: EngineEvent) => void) => EngineEvent | undefined

/** An engine whose events pass through `change`: undefined loses one, `more` adds one behind it. */
function events(make: () => Change): Faults {
  return {
    engine: (engine) => {
      const change = make()
      const extra: EngineEvent[] = []
      const event = (): EngineEvent | undefined => {
        for (;;) {
          const next = extra.shift() ?? engine.event()
          if (next === undefined) return undefined
          const changed = change(next, (added) => extra.push(added))
          if (changed !== undefined) return changed
        }
      }
      return patched(engine, { event })
    },
  }
}

/** Loses every n-th event of a type. */
function loses(type: EngineEvent['type'], n: number): Faults {
  return events(() => {
    const hit = every(n)
    return (event) => (event.type === type && hit() ? undefined : event)
  })
}

/** Delivers every n-th event of a type twice. */
function doubles(type: EngineEvent['type'], n: number): Faults {
  return events(() => {
    const hit = every(n)
    let doubled: EngineEvent | undefined
    return (event, more) => {
      if (event.type === type && event !== doubled && hit()) {
        doubled = event
        more(event)
      }
      return event
    }
  })
}

/** Two data events of one stream change places. */
function swaps(): Faults {
  return events(() => {
    let kept: EngineEvent | undefined
    return (event, more) => {
      if (event.type !== 'data') return event
      if (kept === undefined) {
        kept = event
        return undefined
      }
      more(kept)
      kept = undefined
      return { ...event }
    }
  })
}

function alters(change: (event: EngineEvent) => EngineEvent, n = 5): Faults {
  return events(() => {
    const hit = every(n)
    return (event) => (hit() ? change(event) : event)
  })
}

/** Data of every stream lies in one buffer that is used again and again. */
function reusesBuffer(): Faults {
  return events(() => {
    const buffer = new Uint8Array(1 << 20)
    return (event) => {
      if (event.type !== 'data') return event
      buffer.set(event.bytes)
      return { ...event, bytes: buffer.subarray(0, event.bytes.length) }
    }
  })
}

function forgets(command: 'consume' | 'settle' | 'end' | 'reply' | 'accept' | 'cancel', n: number): Faults {
  return {
    engine: (engine) => {
      const hit = every(n)
      const real = engine[command].bind(engine) as (...args: unknown[]) => void
      return patched(engine, { [command]: (...args: unknown[]) => (hit() ? undefined : real(...args)) })
    },
  }
}

/** Every fault by the words a test is named with. */
export const faults: Readonly<Record<string, Faults>> = {
  'a network that loses a byte': harm('drop'),
  'a network that doubles a byte': harm('double'),
  'a network that flips a bit': harm('flip'),
  'a forgotten consume': forgets('consume', 7),
  'a forgotten settle': forgets('settle', 3),
  'a forgotten end': forgets('end', 5),
  'a forgotten answer': forgets('accept', 3),
  'a forgotten reply': forgets('reply', 5),
  'a forgotten cancel, though it is sent': forgets('cancel', 1),
  'credit returned twice': {
    engine: (engine) =>
      patched(engine, {
        consume: (stream, bytes, messages) => {
          engine.consume(stream, bytes, messages)
          engine.consume(stream, bytes, messages)
        },
      }),
  },
  'lost data': loses('data', 50),
  'a lost end': loses('end', 7),
  'a lost reset': loses('reset', 3),
  'a lost writable': loses('writable', 1),
  'a lost finished': loses('finished', 7),
  'a lost open': loses('open', 7),
  'a lost call': loses('call', 7),
  'a lost reply': loses('reply', 7),
  'a lost closed': loses('closed', 1),
  'data delivered twice': doubles('data', 30),
  'an end delivered twice': doubles('end', 7),
  'a call executed twice': doubles('call', 7),
  'a reply delivered twice': doubles('reply', 7),
  'closed delivered twice': doubles('closed', 1),
  'data out of order': swaps(),
  'a shifted message end': alters((event) => (event.type === 'data' ? { ...event, eom: !event.eom } : event)),
  'metadata lost on the way': alters((event) => (event.type === 'open' ? { ...event, meta: undefined } : event), 2),
  'a trailer lost on the way': alters((event) => (event.type === 'end' ? { ...event, trailer: undefined } : event), 2),
  'arguments cut short': alters((event) =>
    event.type === 'call' ? { ...event, args: event.args.subarray(1) } : event,
  ),
  'a deadline lost on the way': alters(
    (event) => (event.type === 'call' ? { ...event, deadlineMs: undefined } : event),
    1,
  ),
  'another urgency': alters((event) => (event.type === 'open' ? { ...event, urgency: 7 - event.urgency } : event), 3),
  'a buffer used again': reusesBuffer(),
  'a ping for every event': {
    engine: (engine) =>
      patched(engine, {
        event: () => {
          const event = engine.event()
          if (event !== undefined && event.type !== 'closed') engine.ping()
          return event
        },
      }),
  },
  'output that never ends': {
    engine: (engine) =>
      patched(engine, {
        transmit: (out, budget, now) => {
          const bytes = engine.transmit(out, budget, now)
          if (bytes > 0) return bytes
          out.push(Uint8Array.of(Type.PING << 3, 0))
          return 2
        },
      }),
  },
  'a timer that is never served': { engine: (engine) => patched(engine, { deadline: () => 0 }) },
  'writes that always want more': {
    engine: (engine) =>
      patched(engine, {
        write: (stream, bytes, eom) => {
          engine.write(stream, bytes, eom)
          return true
        },
      }),
  },
}
