// Timers: what the peer must have done by when. The first frame of a transport, the end of a frame that was begun, and a sign of
// life from time to time. Pure: the time is handed in. What a peer's silence means is liveness.ts.

import type { Core } from './core.ts'
import type { Decoder } from './decoder.ts'
import { BraidError } from './errors.ts'
import { Liveness } from './liveness.ts'
import { SlowFrame } from './slow.ts'

const NEVER = Number.POSITIVE_INFINITY

export class Timers {
  private readonly core: Core
  private readonly decoder: Decoder
  private readonly liveness: Liveness
  /** When the first frame must have come; not ticked yet: nobody knows when the wait began. */
  private firstDue: number | undefined
  private readonly slow = new SlowFrame()

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
    this.slow.forget()
  }

  tick(now: number): void {
    const { core, decoder } = this
    this.firstDue ??= now + core.settings.helloTimeoutMs
    if (core.expects !== undefined && now >= this.firstDue) this.nothingCame(core.expects)
    if (this.slow.stuck(decoder, now)) this.stuck()
    this.watch(now)
    if (this.listening) this.look(now)
  }

  /** Notes when a frame that is under way must have got on. */
  watch(now: number): void {
    const { decoder } = this
    // The answer to a RESUME has a time of its own.
    if (!decoder.incomplete || decoder.halted || this.core.expects === 'answer') this.slow.forget()
    else this.slow.watch(decoder, now)
  }

  deadline(): number | undefined {
    const { core } = this
    // Not ticked yet: due at once, to learn when the wait began.
    const first = core.expects === undefined ? NEVER : (this.firstDue ?? core.now)
    const due = Math.min(first, this.listening ? this.liveness.due : NEVER, this.slow.due)
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
    this.cut(text)
  }

  /** The frame that is under way does not go on: the peer's fault, or that of the way to it. */
  private stuck(): void {
    const text = 'a frame was begun and did not go on at 512 B/s'
    if (this.core.ticket === undefined) this.core.fail(new BraidError('SLOW_PEER', text))
    else this.cut(text)
  }

  /** The transport is as good as lost; another may do better. */
  private cut(text: string): void {
    const error = new BraidError('TRANSPORT_LOST', text, { scope: 'transport', initiator: 'remote' })
    this.core.events.push({ type: 'silent', error })
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
    this.firstDue = NEVER
    this.cut(`no answer to RESUME ${within}`)
  }
}
