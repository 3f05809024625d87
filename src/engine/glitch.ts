// The glitch bucket: what a peer may waste before it is a flood. docs/PROTOCOL.md, section 8.
// A token is spent only by frames no honest peer sends often; work done earns tokens back.

import { BraidError } from './errors.ts'

const TOKENS_MAX = 1000
const TOKENS_PER_MS = 0.1
const BYTES_PER_TOKEN = 16_384
const FORGIVEN_PER_STREAM = 4
const FORGIVEN_PER_CALL = 1
const FORGIVEN_MAX = 16_384

export class GlitchBucket {
  readonly forgivenMax: number = FORGIVEN_MAX
  tokens: number = TOKENS_MAX
  readonly tokensMax: number = TOKENS_MAX
  /** How often the peer was refused: at most once, it ends the session. */
  refused = 0
  /** Frames that may still cross an end for nothing, and how many found none left and cost a token. */
  forgiven = 0
  unforgiven = 0
  private delivered = 0
  private filledAt = 0

  /** Time passed. */
  refill(now: number): void {
    if (now > this.filledAt) {
      this.tokens = Math.min(TOKENS_MAX, this.tokens + (now - this.filledAt) * TOKENS_PER_MS)
      this.filledAt = now
    }
  }

  /** @throws BraidError FLOOD when there is none left. */
  spend(what: string): void {
    if (this.tokens < 1) {
      this.refused++
      throw new BraidError('FLOOD', `too many frames that move nothing, the last: ${what}`)
    }
    this.tokens -= 1
  }

  /** A frame for something that has just ended is free as long as enough has ended. */
  crossed(what: string): void {
    if (this.forgiven > 0) this.forgiven--
    else {
      this.unforgiven++
      this.spend(what)
    }
  }

  streamFinished(): void {
    this.tokens = Math.min(TOKENS_MAX, this.tokens + 1)
    this.forgiven = Math.min(FORGIVEN_MAX, this.forgiven + FORGIVEN_PER_STREAM)
  }

  callFinished(): void {
    this.tokens = Math.min(TOKENS_MAX, this.tokens + 1)
    this.forgiven = Math.min(FORGIVEN_MAX, this.forgiven + FORGIVEN_PER_CALL)
  }

  payload(bytes: number): void {
    this.delivered += bytes
    if (this.delivered >= BYTES_PER_TOKEN) {
      this.tokens = Math.min(TOKENS_MAX, this.tokens + Math.floor(this.delivered / BYTES_PER_TOKEN))
      this.delivered %= BYTES_PER_TOKEN
    }
  }
}
