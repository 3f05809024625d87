// What typed calls limit for one session, with value, use and refusals, as `session.stats().limits` shows it.
// Knows what is counted where; counts nothing itself.

import type { Limits } from '../session/limits.ts'
import { ARGUMENTS_MAX, METADATA_CHARS_MAX, METADATA_KEYS_MAX } from './call/body.ts'
import { type BodyLimit, limitBroken, type ValueBounds } from './codec/limits.ts'
import { CALLBACKS_DEPTH_MAX, FUNCTIONS_MAX, type LentFunctions } from './references/functions.ts'
import { PARTS_FAILED_MAX, type Parts } from './references/parts.ts'
import { FOLLOWED_MAX, SIGNALS_EARLY_MAX, type Signals } from './references/signals.ts'

/** How often bodies of one session were refused, by what they had too much of. */
export class BodyRefusals {
  private readonly counts = new Map<BodyLimit, number>()

  /** Counts an error that a body was refused with; others are nothing to it. */
  count(thrown: unknown): void {
    const limit = limitBroken(thrown)
    if (limit !== undefined) this.counts.set(limit, this.of(limit) + 1)
  }

  of(limit: BodyLimit): number {
    return this.counts.get(limit) ?? 0
  }
}

interface Counted {
  readonly functions: LentFunctions
  readonly signals: Signals
  readonly parts: Parts
  readonly bounds: ValueBounds
  readonly refusals: BodyRefusals
}

export function rpcLimits({ functions, signals, parts, bounds, refusals }: Counted): Limits {
  const each = (limit: BodyLimit, max: number) => ({ max, used: 0, refused: refusals.of(limit) })
  return {
    functionsLent: { max: FUNCTIONS_MAX, used: functions.size, refused: functions.refused },
    functionDepth: { max: CALLBACKS_DEPTH_MAX, used: 0, refused: functions.refusedForDepth },
    signalsFollowed: { max: FOLLOWED_MAX, used: signals.size, refused: signals.refused },
    signalsEarly: { max: SIGNALS_EARLY_MAX, used: signals.early, refused: signals.forgotten },
    partsOfValue: { max: parts.max, used: 0, refused: parts.refused },
    partsFailed: { max: PARTS_FAILED_MAX, used: parts.failed, refused: parts.forgotten },
    valueDepth: each('valueDepth', bounds.depth),
    valueKeys: each('valueKeys', bounds.keys),
    callArguments: each('callArguments', ARGUMENTS_MAX),
    metadataWords: each('metadataWords', METADATA_KEYS_MAX),
    metadataChars: each('metadataChars', METADATA_CHARS_MAX),
  }
}
