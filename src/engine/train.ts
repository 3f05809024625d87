// Train: acknowledgements in close succession, which come at the rate of the path even when little was sent. One flight so tells
// what would else take several round trips to find. Pure: times and bytes are handed in; what follows is path.ts.

/** Closer than this part of a round trip: one flight. */
const GAP_PART = 4
/** Fewer bytes, or less time, tell nothing: whoever was busy a while reads what waits at the speed of memory. */
const BYTES_MIN = 131_072
const MS_MIN = 1
const MS_PART = 64

export class Train {
  private begun = 0
  private from = 0
  private last = Number.NEGATIVE_INFINITY

  /** One came for all bytes up to `mark`. Bytes a ms, if that is known now; `rttMs`: what the path takes. */
  rate(mark: number, rttMs: number, now: number): number | undefined {
    const gap = now - this.last
    this.last = now
    // What comes in one read came at no rate.
    if (gap > rttMs / GAP_PART || gap < 0 || now === this.begun) {
      this.begun = now
      this.from = mark
      return undefined
    }
    const [bytes, ms] = [mark - this.from, now - this.begun]
    return bytes < BYTES_MIN || ms < Math.max(MS_MIN, rttMs / MS_PART) ? undefined : bytes / ms
  }
}
