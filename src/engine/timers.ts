// Timers: what the peer must have done by when. The first frame of a transport, the end of a frame that was begun, and a sign of
// life from time to time. Pure: the time is handed in. What a peer's silence means is liveness.ts.

import type { Core } from './core.ts'
import type { Decoder } from './decoder.ts'
import { BraidError } from './errors.ts'
import { LATE_MS, Liveness } from './liveness.ts'
import { SLOW_PEER_BYTES, SLOW_PEER_MS } from './stats.ts'

const NEVER = Number.POSITIVE_INFINITY

export class Timers {
  private readonly core: Core
  private readonly decoder: Decoder
  private readonly liveness: Liveness
  /** When the first frame must have come; not ticked yet: nobody knows when the wait began. */
  private firstDue: number | undefined
  /** The frame that is not complete, and how far it was when the present ten seconds began. */
  private slow: { frames: number; bytes: number; due: number } | undefined

  constructor(core: Core, decoder: Decoder, random: () => number) {
    this.core = core
    this.decoder = decoder
    this.liveness = new Liveness(core.settings.idleTimeoutMs, random)
  }

  /** Something came, or the way to the peer moves. */
  heard(now: number): void {
    this.liveness.heard(now)
  }

  /** The transport is lost: what was waited for will not come over it. */
  detach(): void {
    this.firstDue = undefined
    this.slow = undefined
  }

  tick(now: number): void {
    const { core, decoder, slow } = this
    this.firstDue ??= now + core.settings.helloTimeoutMs
    if (core.expects !== undefined && now >= this.firstDue) this.nothingCame(core.expects)
    if (slow !== undefined && now >= slow.due) {
      this.slow = undefined
      // After a sleep of ours what came meanwhile has yet to be read.
      const awake = now - slow.due <= LATE_MS
      if (awake && decoder.frames === slow.frames && decoder.pending - slow.bytes < SLOW_PEER_BYTES) {
        this.wentNoFurther()
      }
      this.watch(now)
    }
    if (this.listening) this.look(now)
  }

  /** A frame stands still. A session that can go on over another transport loses no more than this one. */
  private wentNoFurther(): void {
    const { core } = this
    const error = new BraidError('SLOW_PEER', 'a frame was begun and did not go on at 512 B/s')
    if (core.ticket === undefined) core.fail(error)
    else core.events.push({ type: 'silent', error })
  }

  /** Notes when a frame that is under way must have got on. */
  watch(now: number): void {
    const { decoder } = this
    if (!decoder.incomplete || decoder.halted) this.slow = undefined
    else if (this.slow === undefined || this.slow.frames !== decoder.frames) {
      this.slow = { frames: decoder.frames, bytes: decoder.pending, due: now + SLOW_PEER_MS }
    }
  }

  deadline(): number | undefined {
    const { core } = this
    // Not ticked yet: due at once, to learn when the wait began.
    const first = core.expects === undefined ? NEVER : (this.firstDue ?? core.now)
    const due = Math.min(first, this.listening ? this.liveness.due : NEVER, this.slow?.due ?? NEVER)
    return due === NEVER ? undefined : due
  }

  /** Before the first frame its own timer runs; while the session is not admitted, PONGs are not looked at. */
  private get listening(): boolean {
    return this.core.helloRead && this.core.expects === undefined && !this.decoder.halted
  }

  private look(now: number): void {
    const { core, liveness } = this
    const verdict = liveness.look(now)
    if (verdict === 'ping') core.ping()
    if (verdict !== 'silent') return
    core.silences++
    const seconds = Math.round(liveness.silence(now) / 100) / 10
    const text = `nothing came from the other side for ${seconds} s, not even an answer to a ping: it is taken for dead`
    const error = new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote' })
    core.events.push({ type: 'silent', error })
  }

  /** The first frame did not come in time. */
  private nothingCame(expected: 'hello' | 'answer'): void {
    const { core } = this
    const within = `within ${core.settings.helloTimeoutMs} ms`
    if (expected === 'hello') {
      // A listener that has read no preface does not even say so.
      core.fail(new BraidError('SLOW_PEER', `no complete HELLO ${within}`), !core.dialer && !core.prefaceRead)
      return
    }
    // Another transport may do better.
    this.firstDue = NEVER
    const error = new BraidError('TRANSPORT_LOST', `no answer to RESUME ${within}`, { scope: 'transport' })
    core.events.push({ type: 'silent', error })
  }
}
