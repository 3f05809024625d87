// Braidwire's typed calls as its README shows them: an object of functions exposed, and its client.

import { connect, listen } from 'braidwire'
import { type Client, expose, wrap } from 'braidwire/rpc'
import { type Adapter, type Body, LETTERS, type Remote } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { urlOf, whereOf } from './braidwire-where.ts'

const results = new Map<number, Uint8Array>()

/** What is exposed. */
export const api = {
  echo: async (bytes: Uint8Array): Promise<Uint8Array> => bytes,

  big: async (bytes: number): Promise<Uint8Array> => {
    const result = results.get(bytes) ?? new Uint8Array(bytes).fill(LETTERS.big)
    results.set(bytes, result)
    return result
  },

  async *ticks(count: number, bytes: number): AsyncGenerator<Uint8Array> {
    const item = new Uint8Array(bytes).fill(LETTERS.tick)
    for (let sent = 0; sent < count; sent++) yield item
  },
}

export const braidwireRpc: Adapter = {
  async listen(_meter, raised, where) {
    return whereOf((await listen(urlOf(where), (session) => void expose(session, api), raised)).url)
  },

  async dial(where, raised) {
    return new Wrapped(wrap<typeof api>(await connect(urlOf(where), raised)))
  },
}

class Wrapped implements Remote {
  readonly #remote: Client<typeof api>

  constructor(remote: Client<typeof api>) {
    this.#remote = remote
  }

  call(body: Uint8Array, done: (reply: Body) => void): void {
    this.#remote.echo(body).then(done, fatal)
  }

  big(bytes: number, done: (result: Body) => void): void {
    this.#remote.big(bytes).then(done, fatal)
  }

  ticks(count: number, bytes: number, each: (item: Body) => void, done: () => void): void {
    this.#take(count, bytes, each).then(done, fatal)
  }

  async #take(count: number, bytes: number, each: (item: Body) => void): Promise<void> {
    for await (const item of this.#remote.ticks(count, bytes) as unknown as AsyncIterable<Uint8Array>) each(item)
  }
}
