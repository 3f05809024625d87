// When a call is over, for middleware that measures: a value at once, an iterable when its iteration ends.
// Passes on what it is given; knows no stream and no session.

/** How a call ended; undefined: well. */
export type Failure = { readonly error: unknown } | undefined

/** Runs a step of the iteration, in a surrounding of the middleware's choosing. */
export type Within = (step: () => Promise<IteratorResult<unknown>>) => Promise<IteratorResult<unknown>>

/**
 * Runs `over` once, when `result` is: for items when the last was taken, the loop was left or it failed, for anything else now.
 *
 * @returns what to hand on in place of `result`. Items nobody iterates are never over.
 */
export function whenOver(result: unknown, over: (failure: Failure) => void, within?: Within): unknown {
  if (isItems(result)) return new WatchedItems(result, over, within ?? ((step) => step()))
  over(undefined)
  return result
}

/** Items one after the other; a byte stream can be iterated too, but is more than that and stays what it is. */
function isItems(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return false
  return !('read' in value || 'write' in value || 'getReader' in value || 'pipe' in value)
}

class WatchedItems implements AsyncIterableIterator<unknown>, AsyncDisposable {
  private readonly items: AsyncIterable<unknown>
  private readonly over: (failure: Failure) => void
  private readonly within: Within
  private begun: AsyncIterator<unknown> | undefined
  private isOver = false

  constructor(items: AsyncIterable<unknown>, over: (failure: Failure) => void, within: Within) {
    this.items = items
    this.over = over
    this.within = within
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.step((iterator) => iterator.next())
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    const result = await this.step(async (iterator) => (await iterator.return?.(value)) ?? { done: true, value })
    this.end(undefined)
    return result
  }

  throw(error?: unknown): Promise<IteratorResult<unknown>> {
    return this.step(async (iterator) => {
      if (iterator.throw !== undefined) return await iterator.throw(error)
      await iterator.return?.()
      throw error
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  private async step(
    take: (iterator: AsyncIterator<unknown>) => Promise<IteratorResult<unknown>>,
  ): Promise<IteratorResult<unknown>> {
    try {
      const result = await this.within(() => {
        this.begun ??= this.items[Symbol.asyncIterator]()
        return take(this.begun)
      })
      if (result.done === true) this.end(undefined)
      return result
    } catch (error) {
      this.end({ error })
      throw error
    }
  }

  private end(failure: Failure): void {
    if (this.isOver) return
    this.isOver = true
    this.over(failure)
  }
}
