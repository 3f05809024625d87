// Liveness: how long the peer may say nothing, when it is asked whether it is there, and when it is taken for dead.
// Pure: time and randomness are handed in. Knows no frame and no transport; who asks and who cuts is its owner's business.

/**
 * A timer that is later than this was late because this side slept or was blocked: what the peer did meanwhile, nobody here
 * could see.
 */
export const LATE_MS = 1_000
/**
 * Between the last look and the verdict: time for the event loop to hand over what waits in the socket. A loop that was
 * blocked runs its timers first and reads afterwards.
 */
const VERDICT_MS = 10
/** The wait is looked at this often, so that a sleep in the middle of it is noticed, and a third more is given after one. */
const LOOKS = 3
/** Pings of many sessions that began together must not stay together. */
const JITTER = 0.2

/** A wait for somebody else, over only if this side was awake for enough of it to see the end of it come. */
export class Patience {
  private readonly ms: number
  private end = Number.POSITIVE_INFINITY
  private asked = false
  /** When to look next. */
  due: number = Number.POSITIVE_INFINITY

  constructor(ms: number) {
    this.ms = ms
  }

  /** What was waited for came: the next wait begins. */
  restart(now: number): void {
    this.end = now + this.ms
    this.due = now + this.ms / LOOKS
    this.asked = false
  }

  /** Looks at the clock; true when the wait was in vain. */
  over(now: number): boolean {
    if (now < this.due) return false
    if (now - this.due > LATE_MS) {
      this.end = Math.max(this.end, now + this.ms / LOOKS)
      this.asked = false
    }
    if (now < this.end) this.due = Math.min(this.end, now + this.ms / LOOKS)
    else if (this.asked) return true
    else {
      this.asked = true
      this.due = now + VERDICT_MS
    }
    return false
  }
}

/** What is to be done about a peer that says nothing. */
export type Verdict = 'nothing' | 'ping' | 'silent'

/** One peer, from when the session is open to it on. */
export class Liveness {
  private readonly patience: Patience
  private readonly pingMs: number
  private readonly random: () => number
  private wait: number
  private pingAt = Number.POSITIVE_INFINITY
  private heardAt = 0

  /** `idleMs`: the longest silence; asked after a third of it, give or take a fifth. `random`: uniform in [0, 1). */
  constructor(idleMs: number, random: () => number) {
    this.patience = new Patience(idleMs)
    this.pingMs = idleMs / LOOKS
    this.random = random
    this.wait = this.draw()
  }

  /** Something came from the peer, or the way to it moves. */
  heard(now: number): void {
    this.heardAt = now
    this.pingAt = now + this.wait
    this.patience.restart(now)
  }

  /** How long the peer has said nothing, in ms. */
  silence(now: number): number {
    return now - this.heardAt
  }

  get due(): number {
    return Math.min(this.pingAt, this.patience.due)
  }

  look(now: number): Verdict {
    if (this.patience.over(now)) {
      this.pingAt = Number.POSITIVE_INFINITY
      this.patience.due = Number.POSITIVE_INFINITY
      return 'silent'
    }
    if (now < this.pingAt) return 'nothing'
    // One ping a silence: the next when this one, or anything else, was heard.
    this.pingAt = Number.POSITIVE_INFINITY
    this.wait = this.draw()
    return 'ping'
  }

  private draw(): number {
    return this.pingMs * (1 - JITTER + 2 * JITTER * this.random())
  }
}
