// Arrivals: connections that somebody else began, by whether they still shake hands and by where they come from. Counts them and
// decides which has to go; closing is the business of who accepted them.

import type { LimitUse } from './ceiling.ts'
import type { Share } from './share.ts'

/** Who shakes hands, oldest first, and who was told to go because there were too many. */
export class Handshakes implements LimitUse {
  readonly max: number
  refused = 0
  private readonly shaking = new Set<Share>()
  private readonly ending = new Set<Share>()

  constructor(max: number) {
    this.max = max
  }

  get used(): number {
    return this.shaking.size
  }

  /** Twice the bound, counting those who are still going: then even being refused politely is too much. */
  overrun(): boolean {
    if (this.shaking.size + this.ending.size < this.max * 2) return false
    this.refused++
    return true
  }

  /** One more; the oldest goes if there is no place. */
  enter(share: Share): void {
    if (this.shaking.size >= this.max) this.evictOldest()
    this.shaking.add(share)
  }

  /** It is admitted, or gone. */
  leave(share: Share): void {
    this.shaking.delete(share)
    this.ending.delete(share)
  }

  private evictOldest(): void {
    const [oldest] = this.shaking
    if (oldest === undefined) return
    this.refused++
    this.shaking.delete(oldest)
    this.ending.add(oldest)
    oldest.evict?.()
  }
}

/** How many connections each address has. */
export class Addresses implements LimitUse {
  readonly max: number
  refused = 0
  private readonly counts = new Map<string, number>()

  constructor(max: number) {
    this.max = max
  }

  /** Of the address that has the most. */
  get used(): number {
    let most = 0
    for (const count of this.counts.values()) most = Math.max(most, count)
    return most
  }

  /** One more from there, or a refusal is counted. */
  enter(address: string): boolean {
    const count = this.counts.get(address) ?? 0
    if (count >= this.max) {
      this.refused++
      return false
    }
    this.counts.set(address, count + 1)
    return true
  }

  leave(address: string): void {
    const count = this.counts.get(address) ?? 0
    if (count > 1) this.counts.set(address, count - 1)
    else this.counts.delete(address)
  }
}

/**
 * The address by which a transport's remote counts: of `tcp://[::ffff:10.0.0.7]:4000` the host `10.0.0.7`. What has no host - a Unix
 * socket, memory, a pipe - is one address, whoever uses it: nobody says who that is. What follows `#` - the number of a connection,
 * the name of a stream within, which the other side chose - makes no address of its own.
 */
export function addressOf(remote: string): string {
  const outer = remote.replace(/#.*$/s, '')
  const host = /^\w+:\/\/(.+?)(:\d+)?$/s.exec(outer)?.[1]
  if (host === undefined) return outer
  return host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '')
}
