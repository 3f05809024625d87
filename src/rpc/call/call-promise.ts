// CallPromise: what a call gives its caller at once. A promise of the result, and, when the result turns out to be items, those.
// Knows nothing of how calls are made.

import type { RemoteItems } from '../client.ts'

/**
 * A promise that can be iterated too: nobody knows before the answer which of the two a method is. It counts as watched, so that
 * one ignored ends no process.
 */
export class CallPromise extends Promise<unknown> implements RemoteItems<unknown> {
  #items: Promise<AsyncGenerator<unknown, unknown, undefined>> | undefined
  #left = false;

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#left) return Promise.resolve({ done: true, value: undefined })
    return this.#generator().then((items) => items.next())
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#leave()
    return { done: true, value: await value }
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, unknown>> {
    this.#leave()
    throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave()
  }

  /** Leaves as soon as there is something to leave; nobody waits for that. */
  #leave(): void {
    this.#left = true
    this.#generator()
      .then((items) => items.return(undefined))
      .catch(() => {})
  }

  #generator(): Promise<AsyncGenerator<unknown, unknown, undefined>> {
    this.#items ??= this.then(generatorOf)
    return this.#items
  }
}

// What `then` makes is a plain promise; and the language then awaits a call without a detour.
Object.defineProperty(CallPromise.prototype, 'constructor', { value: Promise })

function generatorOf(result: unknown): AsyncGenerator<unknown, unknown, undefined> {
  if (typeof result === 'object' && result !== null && 'next' in result && Symbol.asyncIterator in result) {
    return result as AsyncGenerator<unknown, unknown, undefined>
  }
  throw new TypeError('the method answered with one value, not with items: await it')
}
