// Virtual time: a heap of (time, action). Nothing here waits; time jumps to the next action.
// Actions due at the same moment run in the order they were asked for.

interface Entry {
  readonly time: number
  readonly order: number
  readonly idle: boolean
  /** Undefined: cancelled. */
  action: (() => void) | undefined
}

/** Something that was asked for. */
export type Due = object

/** A clock that runs as fast as its actions do. Times in ms. */
export class Clock {
  now = 0
  #order = 0
  #busy = 0
  readonly #heap: Entry[] = []

  /** Actions waiting that are not idle: with none left, nothing happens any more but timers. */
  get busy(): number {
    return this.#busy
  }

  /** Actions waiting altogether; cancelled ones may be among them. */
  get pending(): number {
    return this.#heap.length
  }

  /** `idle` marks a timer that may go on for ever and so does not count as something still to come. */
  at(time: number, action: () => void, idle = false): Due {
    const entry: Entry = { time: Math.max(time, this.now), order: this.#order++, idle, action }
    if (!idle) this.#busy++
    this.#push(entry)
    return entry
  }

  after(ms: number, action: () => void): Due {
    return this.at(this.now + ms, action)
  }

  /** It will not run, and time need not pass for it. */
  cancel(due: Due): void {
    const entry = due as Entry
    if (entry.action === undefined) return
    entry.action = undefined
    if (!entry.idle) this.#busy--
  }

  /** Runs the next action. False: there is none. */
  step(): boolean {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      const { action } = entry
      if (action === undefined) continue
      // It has run: nobody can cancel it any more.
      entry.action = undefined
      if (!entry.idle) this.#busy--
      this.now = entry.time
      action()
      return true
    }
    return false
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (before(heap[parent] as Entry, entry)) break
      heap[at] = heap[parent] as Entry
      at = parent
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
      if (before(last, heap[child] as Entry)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
    return first
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
