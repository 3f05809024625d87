// PagedMap: values by number where numbers only rise, in pages: a place costs a third of one in a Map, and is found as fast.
// Knows nothing of what it keeps.

/** Few enough that one value alone in its page costs little more than it does itself. */
const PAGE_SIZE = 32

class Page<T> {
  readonly index: number
  readonly values: (T | undefined)[] = new Array(PAGE_SIZE)
  used = 0

  constructor(index: number) {
    this.index = index
  }
}

/** Values by whole numbers from 0. Each number that is set must be above all that were set before. */
export class PagedMap<T> {
  size = 0
  /** Where the next number belongs; it stays though it may be empty, so that short lives make no pages. */
  private newest: Page<T> = new Page(0)
  private readonly pages: Map<number, Page<T>> = new Map([[0, this.newest]])

  get(number: number): T | undefined {
    return this.pages.get(Math.floor(number / PAGE_SIZE))?.values[number % PAGE_SIZE]
  }

  has(number: number): boolean {
    return this.get(number) !== undefined
  }

  set(number: number, value: T): void {
    const index = Math.floor(number / PAGE_SIZE)
    if (index !== this.newest.index) this.turn(index)
    this.newest.values[number % PAGE_SIZE] = value
    this.newest.used++
    this.size++
  }

  /** False: there was no such value. */
  delete(number: number): boolean {
    const at = number % PAGE_SIZE
    const page = this.pages.get(Math.floor(number / PAGE_SIZE))
    if (page?.values[at] === undefined) return false
    page.values[at] = undefined
    this.size--
    if (--page.used === 0 && page !== this.newest) this.pages.delete(page.index)
    return true
  }

  /** In the order of their numbers. */
  *values(): Generator<T> {
    for (const page of this.pages.values()) for (const value of page.values) if (value !== undefined) yield value
  }

  /** Begins a page. */
  private turn(index: number): void {
    if (this.newest.used === 0) this.pages.delete(this.newest.index)
    this.newest = new Page(index)
    this.pages.set(index, this.newest)
  }
}
