// Bag: things in no order, each in it at most once, that come and go often. A Set would do, but for one thing: each time its table is
// made anew the old one points at the new, so that one old table in V8's old space keeps alive all that later ones hold, garbage or
// not, until the next full collection. Knows nothing of what it keeps.

/** What can be in a bag, in one at a time. */
export interface Bagged {
  /** Where in its bag it is; -1: in none. */
  place: number
}

export class Bag<T extends Bagged> {
  private readonly items: T[] = []

  get size(): number {
    return this.items.length
  }

  has(item: T): boolean {
    return item.place >= 0
  }

  /** Does nothing when it is in already. */
  add(item: T): void {
    if (item.place < 0) item.place = this.items.push(item) - 1
  }

  /** False: it was not in. */
  delete(item: T): boolean {
    const { items } = this
    const { place } = item
    if (place < 0) return false
    const last = items.pop() as T
    if (last !== item) {
      items[place] = last
      last.place = place
    }
    item.place = -1
    return true
  }

  /** All that are in, in a list of its own: what is done to the bag changes nothing of it. */
  all(): T[] {
    return this.items.slice()
  }

  clear(): void {
    for (const item of this.items) item.place = -1
    this.items.length = 0
  }
}
