// One fault, at the n-th place of its kind: what goes wrong, and whether the place was reached.
// Transports and clocks that go wrong there and are faithful otherwise.

import type { Clock } from '#dist/session/clock.js'
import type { TransportSink } from '#dist/session/transport.js'
import type { ManualClock } from '#dist/testing/manual-clock.js'
import { type Link, LinkEnd } from '../sweeps/link.ts'

/** What can go wrong at each kind of place. */
export const modes = {
  write: ['throws', 'breaks off', 'reports late', 'reports at once', 'closes inside', 'reads inside'],
  read: ['fails', 'closes inside', 'closes twice', 'comes in pieces'],
  close: ['throws', 'is never told', 'is told inside'],
  start: ['is gone at once'],
  timer: ['comes early', 'comes late'],
  callback: ['throws', 'closes inside', 'cuts inside', 'enters again'],
  accept: ['throws', 'rejects', 'closes inside'],
  authorize: ['throws', 'rejects', 'never answers', 'closes inside'],
} as const

export type Kind = keyof typeof modes
export type Mode = (typeof modes)[Kind][number]

/** Counts places of one kind and says at which one it happens. */
export class Fault {
  readonly kind: Kind
  readonly mode: Mode
  private readonly at: number
  private count = 0

  constructor(kind: Kind, mode: Mode, at: number) {
    this.kind = kind
    this.mode = mode
    this.at = at
  }

  /** A place of that kind; what goes wrong there, if anything does. */
  meets(kind: Kind): Mode | undefined {
    return kind === this.kind && ++this.count === this.at ? this.mode : undefined
  }

  /** There were as many places. */
  get reached(): boolean {
    return this.count >= this.at
  }

  get text(): string {
    return `${this.kind} ${this.at} ${this.mode}`
  }
}

const broken = (): Error => new Error('broken by the test')

/** One end of a link that breaks where the fault says. */
export class FaultyEnd extends LinkEnd {
  private readonly fault: Pick<Fault, 'meets'>

  constructor(link: Link, remote: string, fault: Pick<Fault, 'meets'>) {
    super(link, remote)
    this.fault = fault
  }

  override start(sink: TransportSink): void {
    super.start(sink)
    if (this.fault.meets('start') !== undefined) this.link.end(broken())
  }

  override send(chunks: Uint8Array[]): boolean {
    const mode = this.fault.meets('write')
    if (mode === 'throws') throw broken()
    if (mode === 'closes inside') {
      this.link.end(broken())
      this.tellGone(broken())
      return true
    }
    if (mode === 'breaks off') {
      const first = chunks[0] as Uint8Array
      super.send([first.subarray(0, first.length >> 1)])
      this.link.end(broken())
      return true
    }
    super.send(chunks)
    if (mode === 'reads inside') this.deliver()
    if (mode === 'reports at once') this.sink?.drained()
    if (mode !== 'reports late') return true
    setImmediate(() => {
      this.link.busy = true
      if (this.gone === 0) this.sink?.drained()
    })
    return false
  }

  protected override read(sink: TransportSink, bytes: Uint8Array): void {
    const mode = this.fault.meets('read')
    if (mode === 'fails') return this.link.end(broken())
    if (mode === 'comes in pieces') for (const byte of bytes) sink.bytes(Uint8Array.of(byte))
    else sink.bytes(bytes)
    if (mode === 'closes inside' || mode === 'closes twice') {
      this.link.end(broken())
      this.tellGone(broken())
    }
    if (mode === 'closes twice') sink.closed(broken())
  }

  override close(): void {
    const mode = this.fault.meets('close')
    if (mode !== undefined) this.closes++
    if (mode === 'throws') {
      this.link.end(undefined)
      throw broken()
    }
    if (mode === 'is never told') return this.link.other(this).finish(undefined)
    if (mode === 'is told inside') {
      this.link.other(this).finish(undefined)
      return this.tellGone(undefined)
    }
    super.close()
  }
}

/** How much too late. */
const LATE_MS = 10_000

/** A clock whose n-th timer goes wrong. */
export function faultyClock(clock: ManualClock, fault: Fault): Clock {
  return {
    now: () => clock.now(),
    set(task, ms) {
      const mode = fault.meets('timer')
      if (mode === 'comes early') return clock.set(task, 0)
      return clock.set(task, mode === 'comes late' ? ms + LATE_MS : ms)
    },
    clear: (handle) => clock.clear(handle),
  }
}
