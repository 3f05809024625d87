// Round trips of one transport, as marks and pings measure them: the last few, and the shortest of late, which is what the path
// takes when nothing queues on it. Knows times only; what follows from them is path.ts.

/** A path may become longer: what is older than twice this tells nothing any more. */
const MEMORY_MS = 10_000
const LAST = 8

export class RoundTrips {
  private readonly last: number[] = []
  /** The shortest of this and of the previous stretch. */
  private current = Number.POSITIVE_INFINITY
  private previous = Number.POSITIVE_INFINITY
  private begun = 0

  /** One was measured. A clock that was set back tells nothing. */
  add(ms: number, now: number): void {
    if (ms < 0) return
    if (this.last.length === LAST) this.last.shift()
    this.last.push(ms)
    if (now < this.begun) this.begun = now
    if (now - this.begun >= MEMORY_MS) {
      this.previous = this.current
      this.current = ms
      this.begun = now
    } else if (ms < this.current) this.current = ms
  }

  /** The path has become longer: what was shorter is forgotten. */
  restart(ms: number): void {
    this.current = ms
    this.previous = ms
  }

  get known(): boolean {
    return this.last.length > 0
  }

  /** The shortest of the last eight, in ms; undefined before the first. */
  get recent(): number | undefined {
    return this.known ? Math.min(...this.last) : undefined
  }

  /** The last one, in ms; undefined before the first. */
  get latest(): number | undefined {
    return this.last.at(-1)
  }

  /** The shortest of the last ten to twenty seconds, in ms. */
  get shortest(): number {
    return Math.min(this.current, this.previous)
  }
}
