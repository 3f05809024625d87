// Refusals: how often one address is told that its RESUME leads nowhere, so that nobody can guess at tickets as fast as he can
// connect. Only for sessions that are there: after a restart all who had one are told at once. Knows no ticket; time is handed in.

/** Answers an address gets within a second. */
const A_SECOND = 10
const SECOND_MS = 1_000

export class Refusals {
  readonly #told = new Map<string, number>()
  #since = Number.NEGATIVE_INFINITY

  /** Whether the one at this address is to be told; if not, his transport ends without a word. */
  mayTell(address: string, now: number): boolean {
    // All are forgotten together: what is kept is bounded by who came within a second.
    if (now - this.#since >= SECOND_MS) {
      this.#told.clear()
      this.#since = now
    }
    const told = this.#told.get(address) ?? 0
    this.#told.set(address, told + 1)
    return told < A_SECOND
  }
}
