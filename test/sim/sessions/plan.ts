// What a seed stands for in a world of sessions: who dials, options, the networks one after the other, what both sides do,
// what befalls them, how it ends. Draws numbers and nothing else.

import type { SessionOptions } from '#dist/session/options.js'
import type { HarmKind } from '../harm.ts'
import type { SideIndex } from '../model.ts'
import type { NodePlan } from '../plan.ts'
import type { Prng } from '../prng.ts'

const KiB = 1024

export type WorkKind = 'stream' | 'messages' | 'call' | 'oneWay' | 'message' | 'items' | 'ping'

/** One thing a side does. Its details are drawn from its own seed, so that leaving out others changes nothing of it. */
export interface WorkItem {
  readonly index: number
  readonly side: SideIndex
  readonly kind: WorkKind
  readonly atMs: number
  readonly seed: number
}

/** What goes wrong with one connection. */
export type Fault =
  | {
      readonly kind: 'cutAtByte'
      readonly how: 'fin' | 'reset'
      readonly direction: SideIndex
      readonly offset: number
    }
  | { readonly kind: 'cutAtTime'; readonly how: 'reset' | 'aDead' | 'bDead' | 'silent'; readonly ms: number }
  | { readonly kind: 'send'; readonly how: 'throws' | 'closes'; readonly side: SideIndex; readonly sends: number }
  | {
      readonly kind: 'harm'
      readonly how: HarmKind
      readonly direction: SideIndex
      readonly offset: number
      readonly length: number
    }
  | { readonly kind: 'hole'; readonly ms: number; readonly times: number }

/** One connection. */
export interface CarrierPlan {
  readonly path: readonly [readonly NodePlan[], readonly NodePlan[]]
  readonly fault: Fault | undefined
}

/** How a session goes on when its connection is lost. */
export interface ResumePlan {
  /** How long the listener keeps it. */
  readonly keepMs: number
  /** The connections after the first, as far as anything happens to them. */
  readonly next: readonly CarrierPlan[]
  /** Dials that fail before the first that does not, each time. */
  readonly refused: number
  /** How long a dial takes. */
  readonly dialMs: number
  /** Who was let in once is not let in again. */
  readonly deniedAgain: boolean
}

/** What befalls one side. */
export interface Mishap {
  readonly kind: 'jump' | 'freeze'
  readonly side: SideIndex
  readonly atMs: number
  readonly ms: number
}

/** How a world ends. */
export type EndPlan =
  | { readonly kind: 'close'; readonly side: SideIndex }
  | { readonly kind: 'bothClose' }
  | { readonly kind: 'drain'; readonly side: SideIndex }
  | { readonly kind: 'closeAt'; readonly side: SideIndex; readonly ms: number; readonly code: number }
  | { readonly kind: 'drainAt'; readonly side: SideIndex; readonly ms: number; readonly forMs: number }

export interface SessionPlan {
  readonly symmetric: boolean
  readonly authorize: readonly ['none' | 'soon' | 'late' | 'deny', 'none' | 'soon' | 'late' | 'deny']
  readonly options: readonly [SessionOptions, SessionOptions]
  readonly first: CarrierPlan
  /** Bytes are harmed: nothing is promised but that everything ends. */
  readonly lenient: boolean
  readonly resume: ResumePlan | undefined
  readonly work: readonly WorkItem[]
  readonly mishaps: readonly Mishap[]
  readonly end: EndPlan
  /** Largest piece of a stream, and how slow its readers are. */
  readonly pieceMax: number
  readonly slow: number
  /** Handlers appear so long after the session. */
  readonly handlersAfterMs: number
}

export function drawSessionPlan(random: Prng): SessionPlan {
  const symmetric = random.chance(0.15)
  const authorize = (): SessionPlan['authorize'][0] =>
    random.chance(0.7) ? 'none' : random.pick(['soon', 'late', 'late', 'late', 'deny'] as const)
  const messy = random.chance(0.1)
  const often = random.pick([0, 0, 0.3, 1])
  const resumes = !symmetric && random.chance(0.6)
  return {
    symmetric,
    authorize: [symmetric && random.chance(0.2) ? authorize() : 'none', authorize()],
    options: [drawOptions(random, often), drawOptions(random, often)],
    first: drawCarrier(random, messy, resumes ? 0.1 : 0.55, resumes),
    lenient: messy,
    resume: resumes ? drawResume(random, messy) : undefined,
    work: drawWork(random, resumes),
    mishaps: random.chance(0.1) ? [drawMishap(random)] : [],
    end: drawEnd(random),
    pieceMax: random.pick([100, 2000, 20_000, 70_000, 200_000]),
    slow: random.pick([0, 0.2, 0.6]),
    handlersAfterMs: random.chance(0.1) ? random.skewed(0, 500) : 0,
  }
}

function drawResume(random: Prng, messy: boolean): ResumePlan {
  const expires = random.chance(0.15)
  const many = random.chance(0.1)
  return {
    keepMs: expires ? random.pick([1, 200, 3000]) : 60_000,
    next: Array.from({ length: random.skewed(0, many ? 25 : 5) }, () =>
      drawCarrier(random, messy && random.chance(0.3), many ? 0 : 0.2, true),
    ),
    refused: random.chance(0.7) ? 0 : random.skewed(1, 4),
    dialMs: random.pick([0, 1, 50, 500]),
    deniedAgain: random.chance(0.03),
  }
}

function drawWork(random: Prng, resumes: boolean): WorkItem[] {
  const kinds: readonly WorkKind[] = [
    'stream',
    'stream',
    'messages',
    'call',
    'call',
    'oneWay',
    'message',
    'items',
    'ping',
  ]
  // Who is to be cut several times has something to say for longer.
  const spread = random.pick(resumes ? [1, 50, 1000, 1000, 5000] : [0, 1, 50, 1000])
  const favourite = random.pick(kinds)
  return Array.from({ length: random.skewed(resumes ? 4 : 1, random.chance(0.1) ? 120 : 24) }, (_, index) => ({
    index,
    side: side(random),
    kind: random.chance(0.3) ? favourite : random.pick(kinds),
    atMs: random.unit() * spread,
    seed: random.uint32(),
  }))
}

function drawMishap(random: Prng): Mishap {
  const kind = random.pick(['jump', 'freeze'] as const)
  const ms = random.pick(kind === 'jump' ? [500, 30_000, 3_600_000] : [50, 2000, 10_000, 3_600_000])
  return { kind, side: side(random), atMs: random.skewed(0, 500), ms }
}

/** `harmful`: bytes may be changed. `whole`: how likely it is that nothing happens to it. `early`: what does, does soon. */
function drawCarrier(random: Prng, harmful: boolean, whole: number, early: boolean): CarrierPlan {
  const path = [drawPath(random), drawPath(random)] as const
  if (harmful) return { path, fault: drawHarm(random) }
  return { path, fault: random.chance(whole) ? undefined : drawFault(random, early) }
}

function drawHarm(random: Prng): Fault {
  const how = random.pick(['flip', 'flip', 'double', 'insert', 'drop'] as const)
  const length = how === 'flip' ? 1 : random.skewed(1, 64 * KiB)
  return { kind: 'harm', how, direction: side(random), offset: random.skewed(0, 60_000), length }
}

function drawFault(random: Prng, early: boolean): Fault {
  const kind = random.pick(['cutAtByte', 'cutAtByte', 'cutAtByte', 'cutAtTime', 'send', 'hole'] as const)
  switch (kind) {
    case 'cutAtByte': {
      // The first bytes are where sessions begin: they deserve as many cuts as all that follows.
      const most = early && random.chance(0.7) ? 3000 : 200_000
      const offset = random.chance(early ? 0.2 : 0.3) ? random.int(0, 120) : random.skewed(60, most)
      return { kind, how: random.pick(['fin', 'reset'] as const), direction: side(random), offset }
    }
    case 'cutAtTime':
      return {
        kind,
        how: random.pick(['reset', 'reset', 'aDead', 'bDead', 'silent'] as const),
        ms: random.skewed(0, 3000),
      }
    case 'send':
      return { kind, how: random.pick(['throws', 'closes'] as const), side: side(random), sends: random.skewed(0, 60) }
    case 'hole':
      return { kind, ms: random.skewed(0, 500), times: random.int(1, 3) }
  }
}

function drawPath(random: Prng): NodePlan[] {
  const nodes: NodePlan[] = []
  if (random.chance(0.2)) nodes.push({ kind: 'buffer', capacity: random.pick([1, 1000, 16 * KiB, 64 * KiB]) })
  if (random.chance(0.2)) {
    nodes.push({ kind: 'rate', bytesPerMs: random.pick([100, 1000, 125_000]), capacity: random.pick([4, 64]) * KiB })
  }
  if (random.chance(0.5)) {
    const ms = random.pick([0.05, 1, 10, 50, 200])
    nodes.push({ kind: 'delay', ms, jitterMs: random.pick([0, 0, ms]), capacity: 1024 * KiB })
  }
  if (random.chance(0.1)) nodes.push({ kind: 'stall', longestMs: random.pick([1, 50, 1000, 4000]) })
  if (random.chance(0.15)) nodes.push({ kind: 'coalesce', ms: random.pick([0.5, 5, 40]) })
  if (random.chance(0.2))
    nodes.push({ kind: 'chop', largest: random.pick([1, 3, 20, 3000]), budget: random.skewed(20, 200) })
  if (nodes.length === 0) nodes.push({ kind: 'buffer', capacity: 64 * KiB })
  return nodes
}

function drawOptions(random: Prng, often: number): SessionOptions {
  const options: SessionOptions = { codec: random.pick(['msgpack', 'msgpack', 'json']) }
  const maybe = (name: Exclude<keyof SessionOptions, symbol>, ...values: number[]): void => {
    if (random.chance(often)) Object.assign(options, { [name]: random.pick(values) })
  }
  maybe('maxFrame', 16 * KiB, 20_000, 64 * KiB)
  maybe('streamWindow', 16 * KiB, 16 * KiB + 1, 50_000)
  maybe('growthPool', 0, 10_000, 300_000)
  maybe('sessionWindow', 64 * KiB, 100_000, 1024 * KiB)
  maybe('maxStreams', 32, 33, 100)
  maybe('maxCalls', 32, 33, 100)
  maybe('writeBuffer', KiB, 10_000, 256 * KiB)
  maybe('earlyBytes', KiB, 10_000)
  maybe('idleTimeoutMs', 20_000, 45_000)
  maybe('replayBytes', 1024 * KiB, 16 * 1024 * KiB)
  return options
}

function drawEnd(random: Prng): EndPlan {
  if (random.chance(0.7)) {
    const kind = random.pick(['close', 'close', 'bothClose', 'drain'] as const)
    return kind === 'bothClose' ? { kind } : { kind, side: side(random) }
  }
  const ms = random.skewed(0, 1500)
  if (random.chance(0.5)) return { kind: 'closeAt', side: side(random), ms, code: random.pick([0, 0, 10, 77]) }
  return { kind: 'drainAt', side: side(random), ms, forMs: random.pick([0, 100, 5000]) }
}

function side(random: Prng): SideIndex {
  return random.chance(0.5) ? 0 : 1
}
