// Held: what happens on a carrier that cannot be paused while whoever uses it wants nothing delivered. Knows no carrier.

export class Held {
  /** Nothing is to be delivered. */
  paused = false
  #tasks: (() => void)[] = []

  /** Does it now, or in its turn when it may. */
  pass(task: () => void): void {
    if (this.paused) this.#tasks.push(task)
    else task()
  }

  resume(): void {
    this.paused = false
    // Each of them may pause again.
    while (!this.paused) {
      const task = this.#tasks.shift()
      if (task === undefined) return
      task()
    }
  }

  /** Nobody waits for any of it any more. */
  drop(): void {
    this.paused = false
    this.#tasks = []
  }
}
