// Who waits for which reply, where replies come in the order of the calls. Knows no carrier.

import type { Body } from '../adapter.ts'

const CUT = 4096

export class Replies {
  readonly #waiting: ((reply: Body) => void)[] = []
  #next = 0

  expect(done: (reply: Body) => void): void {
    this.#waiting.push(done)
  }

  readonly take = (reply: Body): void => {
    const done = this.#waiting[this.#next++]!
    // An index and a rare cut, because `shift` of a long array is dear.
    if (this.#next === this.#waiting.length || this.#next === CUT) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    done(reply)
  }
}
