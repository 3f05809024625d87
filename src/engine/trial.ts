// Trial: whether a limit that was lowered because of a queue was rightly lowered. A queue of ours becomes shorter and nothing is
// lost; where a path is long, or a machine busy, less is delivered in proportion. Without it late acknowledgements that are no
// queue would lower the limit for ever. Pure: knows limits and rates.

/** With so much left of the limit, the difference is larger than chance. */
const NOTICED = 0.75

export class Trial {
  private limit: number | undefined = undefined
  private rate = 0

  /** It is lowered now; so many bytes a ms were delivered with it. What was not decided yet goes on. */
  begin(limit: number, rate: number): void {
    if (this.limit !== undefined) return
    this.limit = limit
    this.rate = rate
  }

  /** So much is delivered with this limit. The limit to return to, if it was wrong; undefined: it was right, or nobody knows. */
  failed(limit: number, rate: number): number | undefined {
    const before = this.limit
    if (before === undefined || limit >= NOTICED * before) return undefined
    this.limit = undefined
    // Half-way between all and in proportion.
    return rate < (this.rate * (1 + limit / before)) / 2 ? before : undefined
  }

  /** The limit is what the path needs. */
  end(): void {
    this.limit = undefined
  }
}
