// CallPromise: what a call gives its caller at once. A promise of the result, and, when the result turns out to be items, those.
// Knows nothing of how calls are made.

import type { RemoteItems } from '../client.ts'

type Items = AsyncGenerator<unknown, unknown, undefined>

/** The iterations of those promises that are iterated: most are not, and each field of a promise costs every call. */
const iterations = new WeakMap<CallPromise, Promise<Items>>()
const left = new WeakSet<CallPromise>()

/**
 * A promise that can be iterated too: nobody knows before the answer which of the two a method is. It counts as watched, so that
 * one ignored ends no process.
 */
export class CallPromise extends Promise<unknown> implements RemoteItems<unknown> {
  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    if (left.has(this)) return Promise.resolve({ done: true, value: undefined })
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
    left.add(this)
    this.#generator()
      .then((items) => items.return(undefined))
      .catch(() => {})
  }

  #generator(): Promise<Items> {
    const known = iterations.get(this)
    if (known !== undefined) return known
    const items = this.then(generatorOf)
    iterations.set(this, items)
    return items
  }
}

// What `then` makes is a plain promise; and the language then awaits a call without a detour.
Object.defineProperty(CallPromise.prototype, 'constructor', { value: Promise })

function generatorOf(result: unknown): Items {
  if (typeof result === 'object' && result !== null && 'next' in result && Symbol.asyncIterator in result) {
    return result as Items
  }
  throw new TypeError('the method answered with one value, not with items: await it')
}
