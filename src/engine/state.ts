// The states of one half of a stream, as a table: a pair that is not there is the error. docs/PROTOCOL.md, section 5.2.
//
//            end                    (FIN, or META with TRAILER)
//    open ---------> ended
//       \    reset                  (RESET with SEND)
//        `---------> reset
//
// A stream is two halves; both final: it is forgotten. Knows nothing else about streams.

export type Half = 'open' | 'ended' | 'reset'
export type HalfInput = 'end' | 'reset'

/** (state, input) → state. */
export const half: Readonly<Record<Half, Partial<Record<HalfInput, Half>>>> = {
  open: { end: 'ended', reset: 'reset' },
  ended: {},
  reset: {},
}

/**
 * The state after the input.
 *
 * @throws RangeError for a final half: whoever asks has checked, so this is a bug of ours.
 */
export function step(state: Half, input: HalfInput): Half {
  const next = half[state][input]
  if (next === undefined) throw new RangeError(`a half that is ${state} takes no ${input}`)
  return next
}

export function isFinal(state: Half): boolean {
  return state !== 'open'
}
