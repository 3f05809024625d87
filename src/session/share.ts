// Share: what one connection takes of a Budget, from its arrival to its end. Whatever it took it gives back, once.
// Knows no session: who holds it says how far it is and how much it holds.

import { BraidError } from '../engine/errors.ts'
import type { Addresses, Handshakes } from './arrivals.ts'
import type { Ceiling } from './ceiling.ts'

/** What all shares of a Budget are taken from. */
export interface Pools {
  readonly bytes: Ceiling
  readonly sessions: Ceiling
  readonly addresses: Addresses
  readonly handshakes: Handshakes
  readonly detached: Ceiling
  readonly detachedBytes: Ceiling
}

/** The error of a limit of a Budget: on both sides the same sentence. */
export function exhausted(limit: string, max: number): BraidError {
  const text = `no more sessions are taken: the limit ${limit} (${max}) of the Budget is reached`
  return new BraidError('EXHAUSTED', text, { executed: 'no' })
}

export class Share {
  /** Why no session may be made of it; decided when it came. */
  readonly refusal: BraidError | undefined
  /** How to end the connection when newer ones want its place; set by who accepted it. */
  evict: (() => void) | undefined
  private readonly pools: Pools
  /** Where it counts, when it does. */
  private address: string | undefined
  private entered = false
  private isDetached = false
  private bytes = 0
  private over = false

  constructor(pools: Pools, address: string | undefined, refusal: BraidError | undefined) {
    this.pools = pools
    this.address = address
    this.refusal = refusal
  }

  /** It becomes a session, and shakes hands no more. Answers why not, if there is no place. */
  enter(): BraidError | undefined {
    const { sessions, handshakes } = this.pools
    if (this.refusal !== undefined) return this.refusal
    if (this.entered || this.over) return undefined
    if (!sessions.take(1)) return exhausted('sessions', sessions.max)
    this.entered = true
    handshakes.leave(this)
    return undefined
  }

  /** It holds so many bytes now. */
  hold(bytes: number): void {
    if (bytes === this.bytes || this.over) return
    const { pools } = this
    pools.bytes.used += bytes - this.bytes
    if (this.isDetached) pools.detachedBytes.used += bytes - this.bytes
    this.bytes = bytes
  }

  /** All together hold more than they may: nothing that can do without should take more. */
  get isShort(): boolean {
    return this.pools.bytes.used >= this.pools.bytes.max
  }

  /** Its transport is lost, and it waits for another, holding so many bytes. False: it may not, there are too many such. */
  detach(bytes: number): boolean {
    this.hold(bytes)
    if (this.over) return false
    if (this.isDetached) return true
    const { detached, detachedBytes } = this.pools
    if (!detached.take(1)) return false
    if (!detachedBytes.take(bytes)) {
      detached.give(1)
      return false
    }
    this.isDetached = true
    return true
  }

  /** It has a transport again. */
  attach(): void {
    if (!this.isDetached) return
    this.isDetached = false
    this.pools.detached.give(1)
    this.pools.detachedBytes.give(this.bytes)
  }

  /** It is over: everything is given back. */
  end(): void {
    if (this.over) return
    this.attach()
    this.hold(0)
    this.over = true
    const { sessions, addresses, handshakes } = this.pools
    if (this.entered) sessions.give(1)
    if (this.address !== undefined) addresses.leave(this.address)
    handshakes.leave(this)
  }
}
