// Functions that the other side may call because a value it was given names them, and what the other side's look like here.
// Owns their numbers and how long they live; knows neither codecs nor how a call is made.

import { BraidError } from '../../engine/errors.ts'
import type { RemoteFunction } from '../client.ts'
import type { Codec, Reference } from '../codec/codec.ts'
import type { FailurePolicy } from '../failure.ts'
import type { AnyFunction } from '../service/method.ts'

/** Functions the other side may be able to call at a time: each is held here because of a number over there. */
export const FUNCTIONS_MAX = 1024

/** Functions that are given to functions that are given to functions: without an end they would take every slot, and wait. */
export const CALLBACKS_DEPTH_MAX = 32

/** Method by which a function is called; its body is the number, then the call's own body. */
export const FUNCTION_METHOD = '$fn'
/** Method by which the other side forgets a function that was kept. */
export const RELEASE_METHOD = '$release'

/** A function that lives until it is released. */
export interface Kept<Function extends AnyFunction> {
  (...values: Parameters<Function>): ReturnType<Function>
  /** Nobody can call it from now on. */
  release(): void
  [Symbol.dispose](): void
}

/** What ends a kept function. */
interface Keeping {
  /** Each lets one session forget it. */
  readonly holders: Set<() => void>
  /** Of one that is the other side's and was passed on: whoever has it now gives it back. */
  readonly release: (() => void) | undefined
}

const keptFunctions = new WeakMap<object, Keeping>()

/**
 * Makes a function outlast the call it is given to: the other side can call it until either side releases it, or the session
 * ends. A function in a result must be kept; one in an argument may be. A kept function of the other side that is passed on is
 * handed over: it is released when whoever got it releases it.
 *
 * @throws TypeError for anything but a function.
 * @example
 * import { pair } from 'braidwire/test'
 * import { expose, keep, wrap } from 'braidwire/rpc'
 *
 * let tell
 * const [server, client] = pair()
 * expose(server, { subscribe: (listener) => void (tell = listener) })
 * const heard = keep((text) => console.log(text)) // 'hello'
 * await wrap(client).subscribe(heard)
 * await tell('hello') // after the call
 * heard.release()
 * await tell('again').catch((error) => console.log(error.code)) // 'BRAID_NOT_FOUND'
 * await client.close()
 */
export function keep<Function extends AnyFunction>(fn: Function): Kept<Function> {
  if (typeof fn !== 'function') throw new TypeError('keep() takes a function')
  const holders = new Set<() => void>()
  const release = (): void => {
    for (const forget of [...holders]) forget()
  }
  const kept = ((...values: never[]) => fn(...values)) as unknown as Kept<Function>
  Object.defineProperties(kept, { release: { value: release }, [Symbol.dispose]: { value: release } })
  keptFunctions.set(kept, { holders, release: undefined })
  return kept
}

/** A function the other side can call. */
export interface Lent {
  readonly run: AnyFunction
  readonly codec: Codec
  /** What the other side is told of its errors. */
  readonly policy: FailurePolicy
  /** How often the other side was given it; it gives it back as often. Not counted for what lives only as long as a call. */
  times: number
  /** See `Incoming`. */
  readonly depth: number
  /** Of one that was kept: `release` need not think of it any more. */
  forgotten: (() => void) | undefined
}

/** The functions of this side that the other can call. */
export class LentFunctions {
  readonly #lent = new Map<number, Lent>()
  /** Kept ones by codec: what calls one is encoded as the value was that named it. */
  readonly #numbers = new Map<Codec, Map<AnyFunction, number>>()
  #next = 0
  /** How often one was not lent: because of their number, because of how deep they are given on. */
  refused = 0
  refusedForDepth = 0

  get size(): number {
    return this.#lent.size
  }

  /**
   * Gives a function a number. Not kept, it lives until `end` is called.
   *
   * @throws BraidError `BRAID_EXHAUSTED` when too many are lent already.
   */
  lend(
    run: AnyFunction,
    codec: Codec,
    policy: FailurePolicy,
    depth = 0,
  ): { readonly reference: Reference; readonly end: () => void } {
    const keeping = keptFunctions.get(run)
    const known = keeping === undefined ? undefined : this.#numbers.get(codec)?.get(run)
    const number = known ?? this.#add({ run, codec, policy, depth })
    const end = (): void => this.giveBack(number, 1)
    if (known !== undefined) (this.#lent.get(known) as Lent).times++
    else if (keeping !== undefined) this.#keep(number, keeping)
    return { reference: { kind: 'function', number, flag: keeping !== undefined }, end }
  }

  /** @throws BraidError `BRAID_NOT_FOUND` for one that is over. */
  find(number: number): Lent {
    const lent = this.#lent.get(number)
    if (lent !== undefined) return lent
    const text =
      'this function is over: its call has ended, or it was released; keep() makes a function outlast its call'
    throw new BraidError('NOT_FOUND', text, { scope: 'call' })
  }

  giveBack(number: number, times: number): void {
    const lent = this.#lent.get(number)
    if (lent === undefined) return
    lent.times -= times
    if (lent.times <= 0) this.#forget(number)
  }

  clear(): void {
    for (const number of [...this.#lent.keys()]) this.#forget(number)
  }

  #add(lent: Pick<Lent, 'run' | 'codec' | 'policy' | 'depth'>): number {
    if (lent.depth > CALLBACKS_DEPTH_MAX) {
      this.refusedForDepth++
      const text = `functions call each other more than ${CALLBACKS_DEPTH_MAX} deep: each waits for the next and holds a call`
      throw new BraidError('EXHAUSTED', text, { scope: 'call', executed: 'no' })
    }
    if (this.#lent.size >= FUNCTIONS_MAX) {
      this.refused++
      const text = `${FUNCTIONS_MAX} functions are lent to the other side already: release those it was given with keep()`
      throw new BraidError('EXHAUSTED', text, { scope: 'call', executed: 'no' })
    }
    const number = this.#next++
    this.#lent.set(number, { ...lent, times: 1, forgotten: undefined })
    return number
  }

  /** A kept function outlives sessions: what it knows of this one goes when its number does. */
  #keep(number: number, { holders, release }: Keeping): void {
    const lent = this.#lent.get(number) as Lent
    const numbers = this.#numbers.get(lent.codec) ?? new Map<AnyFunction, number>()
    this.#numbers.set(lent.codec, numbers.set(lent.run, number))
    const forget = (): void => this.#forget(number)
    holders.add(forget)
    lent.forgotten = () => {
      holders.delete(forget)
      release?.()
    }
  }

  #forget(number: number): void {
    const lent = this.#lent.get(number)
    if (lent === undefined) return
    this.#lent.delete(number)
    if (lent.forgotten === undefined) return
    lent.forgotten()
    this.#numbers.get(lent.codec)?.delete(lent.run)
  }
}

/** Whether `keep` made it. */
export function isKept(value: AnyFunction): boolean {
  return keptFunctions.has(value)
}

/** A function of the other side, as this side calls it. */
export interface Borrowed {
  readonly run: RemoteFunction<readonly unknown[], unknown>
  /** It cannot be called any more. Only what was kept is given back. */
  end(): void
}

/** Makes a function of a number of the other side's. `giveBack` tells the other side; `forgotten` hears of one lost unreleased. */
export function borrow(
  kept: boolean,
  call: (values: readonly unknown[]) => Promise<unknown>,
  giveBack: () => void,
): Borrowed {
  let over = false
  const end = (): void => {
    over = true
  }
  const holders = new Set<() => void>()
  const release = (): void => {
    if (over) return
    over = true
    for (const forget of [...holders]) forget()
    if (kept) giveBack()
  }
  const run = (...values: readonly unknown[]): Promise<unknown> => {
    if (!over) return call(values)
    const text = 'this function is over: its call has ended, or it was released; its owner can keep() it for longer'
    const gone = Promise.reject(new BraidError('NOT_FOUND', text, { scope: 'call', executed: 'no' }))
    gone.catch(() => {})
    return gone
  }
  Object.defineProperties(run, { release: { value: release }, [Symbol.dispose]: { value: release } })
  if (kept) keptFunctions.set(run, { holders, release })
  return { run: run as unknown as Borrowed['run'], end }
}
