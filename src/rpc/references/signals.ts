// AbortSignals in arguments: those of this side that the other follows, and those of the other side that are followed here.
// Knows numbers and reasons; knows neither codecs nor how a call is made.

import type { Codec, Reference } from '../codec/codec.ts'

/** Method by which one side tells the other that a signal was aborted; its body is the number, then the reason. */
export const ABORT_METHOD = '$abort'
/** Signals of the other side that are followed at a time: each is an entry here because of a number over there. */
export const FOLLOWED_MAX = 1024
/** Most of those that come early are late: their calls are over. The newest are remembered. */
export const SIGNALS_EARLY_MAX = 1024

export function isSignal(value: object): value is AbortSignal {
  const { aborted, addEventListener } = value as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

export class Signals {
  readonly #followed = new Map<number, { readonly controller: AbortController; readonly codec: Codec }>()
  /** Numbers that were aborted and are not followed: the value that names one may be large, and still on its way. */
  readonly #early = new Set<number>()
  #next = 0
  /** How often one was not followed, and how many that came early were forgotten. */
  refused = 0
  forgotten = 0

  /** Numbers that were aborted and are not followed. */
  get early(): number {
    return this.#early.size
  }

  /** Signals of the other side that are followed. */
  get size(): number {
    return this.#followed.size
  }

  /** Gives a signal a number and calls `tell` when it is aborted, until `end`. */
  lend(
    signal: AbortSignal,
    tell: (number: number, reason: unknown) => void,
  ): { reference: Reference; end: () => void } {
    const number = this.#next++
    const onAbort = (): void => tell(number, signal.reason)
    if (!signal.aborted) signal.addEventListener('abort', onAbort)
    return {
      reference: { kind: 'signal', number, flag: signal.aborted },
      end: () => signal.removeEventListener('abort', onAbort),
    }
  }

  /** A signal that follows one of the other side's, until `end`. Undefined when there are too many. */
  follow({ number, flag }: Reference, codec: Codec): { signal: AbortSignal; end: () => void } | undefined {
    if (this.#followed.size >= FOLLOWED_MAX) {
      this.refused++
      return undefined
    }
    const controller = new AbortController()
    if (flag || this.#early.delete(number)) controller.abort()
    else this.#followed.set(number, { controller, codec })
    return { signal: controller.signal, end: () => this.#followed.delete(number) }
  }

  /** The other side says that one was aborted; `reasonOf` is asked for its reason if it is followed. */
  aborted(number: number, reasonOf: (codec: Codec) => unknown): void {
    const followed = this.#followed.get(number)
    if (followed === undefined) return this.#remember(number)
    this.#followed.delete(number)
    followed.controller.abort(reasonOf(followed.codec))
  }

  clear(reason: unknown): void {
    for (const { controller } of this.#followed.values()) controller.abort(reason)
    this.#followed.clear()
    this.#early.clear()
  }

  #remember(number: number): void {
    this.#early.add(number)
    if (this.#early.size <= SIGNALS_EARLY_MAX) return
    for (const oldest of this.#early) {
      this.#early.delete(oldest)
      this.forgotten++
      return
    }
  }
}
