// Ceiling: how much of something may be in use at once, how much is, and how often it was refused.

/** A counted limit, as `stats()` shows it. */
export interface LimitUse {
  readonly max: number
  readonly used: number
  readonly refused: number
}

/** A number with a ceiling. */
export class Ceiling implements LimitUse {
  readonly max: number
  used = 0
  refused = 0

  constructor(max: number) {
    this.max = max
  }

  /** Takes `amount`, or counts a refusal and answers false. */
  take(amount: number): boolean {
    if (this.used + amount > this.max) {
      this.refused++
      return false
    }
    this.used += amount
    return true
  }

  give(amount: number): void {
    this.used -= amount
  }
}
