// What a seed stands for: options of both sides, the network between them, how much work there is, how it ends.
// Draws numbers and nothing else; `describePlan` says them in words.

import type { EngineOptions } from '#dist/engine/options.js'
import type { Prng } from './prng.ts'

const KiB = 1024

/** One node of a direction, to be built. */
export type NodePlan =
  | { readonly kind: 'delay'; readonly ms: number; readonly jitterMs: number; readonly capacity: number }
  | { readonly kind: 'rate'; readonly bytesPerMs: number; readonly capacity: number }
  | { readonly kind: 'chop'; readonly largest: number; readonly budget: number }
  | { readonly kind: 'coalesce'; readonly ms: number }
  | { readonly kind: 'stall'; readonly longestMs: number }
  | { readonly kind: 'buffer'; readonly capacity: number }

/** How much one side does. */
export interface WorkPlan {
  readonly streams: number
  readonly calls: number
  readonly pings: number
  /** Bytes this side may write on all its streams. */
  readonly bytes: number
  readonly writeMax: number
  readonly argsMax: number
  /** Probabilities. */
  readonly messages: number
  readonly early: number
  readonly slowReaders: number
  readonly defiance: number
  readonly lateHandlers: number
  readonly uniqueMethods: boolean
  /** New work begins within this time, in ms. */
  readonly spreadMs: number
}

/** How a world ends. */
export type EndPlan =
  | { readonly kind: 'whole' }
  | { readonly kind: 'cutAtByte'; readonly direction: 0 | 1; readonly offset: number }
  | { readonly kind: 'cutAtTime'; readonly ms: number }
  | { readonly kind: 'close'; readonly side: 0 | 1; readonly ms: number; readonly code: number }

export interface Plan {
  readonly symmetric: boolean
  readonly gate: readonly [boolean, boolean]
  readonly options: readonly [EngineOptions, EngineOptions]
  readonly path: readonly [readonly NodePlan[], readonly NodePlan[]]
  readonly work: readonly [WorkPlan, WorkPlan]
  readonly goAway: { readonly side: 0 | 1; readonly ms: number } | undefined
  readonly end: EndPlan
  readonly budget: number
  /** Sends byte after byte at the end until credit returns, to see that none was lost. */
  readonly probe: boolean
}

/** What this seed stands for. */
export function drawPlan(random: Prng): Plan {
  const symmetric = random.chance(0.3)
  const busy = random.chance(0.15)
  return {
    symmetric,
    gate: [symmetric && random.chance(0.2), random.chance(0.3)],
    options: [drawOptions(random), drawOptions(random)],
    path: [drawPath(random), drawPath(random)],
    work: [drawWork(random, busy), drawWork(random, busy && random.chance(0.5))],
    goAway: random.chance(0.1) ? { side: side(random), ms: random.skewed(0, 400) } : undefined,
    end: drawEnd(random),
    budget: random.pick([256 * KiB, 64 * KiB, 16 * KiB, 1000, 100, 1]),
    probe: random.chance(0.3),
  }
}

function side(random: Prng): 0 | 1 {
  return random.chance(0.5) ? 0 : 1
}

function drawOptions(random: Prng): EngineOptions {
  const options: EngineOptions = { codec: random.pick(['', 'msgpack']), auth: new Uint8Array(random.skewed(0, 300)) }
  const often = random.pick([0, 0.3, 1])
  const maybe = (name: Exclude<keyof EngineOptions, 'auth' | 'codec'>, ...values: number[]): void => {
    if (random.chance(often)) options[name] = random.pick(values)
  }
  maybe('maxFrame', 16 * KiB, 20_000, 64 * KiB, 1024 * KiB)
  maybe('streamWindow', 16 * KiB, 16 * KiB + 1, 50_000, 256 * KiB)
  maybe('streamWindowMax', 16 * KiB, 100_000, 1024 * KiB)
  maybe('growthPool', 0, 10_000, 300_000, 4096 * KiB)
  maybe('sessionWindow', 64 * KiB, 64 * KiB + 1, 100_000, 1024 * KiB)
  maybe('maxStreams', 32, 33, 100)
  maybe('maxCalls', 32, 33, 100)
  maybe('maxMeta', KiB, 8 * KiB, 12 * KiB)
  maybe('writeBuffer', KiB, 10_000, 256 * KiB)
  maybe('earlyBytes', KiB, 10_000)
  if ((options.streamWindowMax ?? 1e9) < (options.streamWindow ?? 0)) delete options.streamWindowMax
  return options
}

function drawPath(random: Prng): NodePlan[] {
  const nodes: NodePlan[] = []
  if (random.chance(0.3)) nodes.push({ kind: 'buffer', capacity: random.pick([1, 1000, 16 * KiB, 64 * KiB]) })
  if (random.chance(0.3)) {
    nodes.push({
      kind: 'rate',
      bytesPerMs: random.pick([100, 1000, 12_500, 125_000]),
      capacity: random.pick([4, 64, 1024]) * KiB,
    })
  }
  if (random.chance(0.7)) {
    const ms = random.pick([0.05, 1, 10, 50, 200])
    nodes.push({ kind: 'delay', ms, jitterMs: random.pick([0, 0, ms / 2, 2 * ms]), capacity: 1024 * KiB })
  }
  if (random.chance(0.25)) nodes.push({ kind: 'stall', longestMs: random.pick([1, 50, 1000, 4000]) })
  if (random.chance(0.25)) nodes.push({ kind: 'coalesce', ms: random.pick([0.5, 5, 40]) })
  if (random.chance(0.4)) {
    const largest = random.pick([1, 3, 20, 3000, 30_000])
    nodes.push({ kind: 'chop', largest, budget: largest < 100 ? random.skewed(50, 2000) : 4000 })
  }
  if (nodes.length === 0 || random.chance(0.2)) nodes.push({ kind: 'buffer', capacity: 64 * KiB })
  if (random.chance(0.2)) nodes.reverse()
  return nodes
}

function drawWork(random: Prng, busy: boolean): WorkPlan {
  // More names than are numbered.
  const many = random.chance(0.004)
  return {
    streams: random.chance(0.1) ? 0 : random.skewed(1, busy ? 300 : 60),
    calls: many ? 2500 : random.chance(0.3) ? 0 : random.skewed(1, busy ? 600 : 80),
    pings: random.chance(0.5) ? 0 : random.int(1, 5),
    bytes: random.skewed(1000, random.chance(0.2) ? 12_000_000 : 2_000_000),
    writeMax: random.pick([100, 2000, 20_000, 200 * KiB]),
    argsMax: random.pick([8, 200, 16_384, 1024 * KiB]),
    messages: random.pick([0, 0.3, 1]),
    early: random.pick([0.1, 0.5, 1]),
    slowReaders: random.pick([0, 0.2, 0.6]),
    defiance: random.pick([0, 0, 0.2]),
    lateHandlers: random.pick([0, 0.2, 0.7]),
    uniqueMethods: many || random.chance(0.1),
    spreadMs: random.pick([0, 1, 100, 1000]),
  }
}

function drawEnd(random: Prng): EndPlan {
  if (random.chance(0.7)) return { kind: 'whole' }
  const kind = random.pick(['cutAtByte', 'cutAtByte', 'cutAtTime', 'close'] as const)
  if (kind === 'cutAtByte') return { kind, direction: side(random), offset: random.skewed(0, 500_000) }
  if (kind === 'cutAtTime') return { kind, ms: random.skewed(0, 2000) }
  return { kind, side: side(random), ms: random.skewed(0, 2000), code: random.pick([0, 0, 10, 77]) }
}

/** The plan on a few lines. */
export function describePlan(plan: Plan): string[] {
  const show = (value: unknown): string =>
    JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? `${part.length} bytes` : part))
  const end = `ends ${show(plan.end)}${plan.goAway === undefined ? '' : `, goAway ${show(plan.goAway)}`}`
  return [
    `${plan.symmetric ? 'symmetric' : 'A dials B'}, gates ${show(plan.gate)}, transmit budget ${plan.budget}, ${end}`,
    ...([0, 1] as const).flatMap((side) => [
      `${side === 0 ? 'A' : 'B'} options ${show(plan.options[side])}`,
      `${side === 0 ? 'A' : 'B'} work ${show(plan.work[side])}`,
      `${side === 0 ? 'A to B' : 'B to A'} ${plan.path[side].map(show).join(' ')}`,
    ]),
  ]
}
