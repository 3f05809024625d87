// A client of typed calls written from docs/PROTOCOL.md, section 12, as one would in another language: bytes, JSON and nothing of
// braidwire/rpc. Shows what a client has to know; the session below it carries bytes, streams and calls.

import type { BraidError, Session, Stream } from 'braidwire'

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decode = (bytes: Uint8Array): unknown =>
  bytes.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes))

/** How many items are granted at a time. 256 may come before. */
const GRANT_STEP = 128

/** A function as it stands in an argument. */
export interface Callback {
  readonly $: readonly ['function', number]
}

/** Its session names the codec `json`. */
export class JsonClient {
  readonly #session: Session
  readonly #functions = new Map<number, (...values: unknown[]) => unknown>()
  #next = 0

  constructor(session: Session) {
    this.#session = session
    session.handleCall('$fn', async (body) => {
      const run = this.#functions.get(new DataView(body.buffer, body.byteOffset).getUint32(0))
      const values = decode(body.subarray(4)) as unknown[] | undefined
      return encode(await run?.(...(values ?? [])))
    })
  }

  /** One value, or an error with what its details say. */
  async call(method: string, ...values: unknown[]): Promise<unknown> {
    try {
      return decode(await this.#session.call(method, encode(values)))
    } catch (thrown) {
      const error = thrown as BraidError
      throw Object.assign(error, error.details && (decode(error.details) as object))
    }
  }

  /** Lends a function for one call: put what `lend` returns among its arguments. */
  async lending<Result>(
    run: (...values: unknown[]) => unknown,
    call: (callback: Callback) => Promise<Result>,
  ): Promise<Result> {
    const number = this.#next++
    this.#functions.set(number, run)
    try {
      return await call({ $: ['function', number] })
    } finally {
      this.#functions.delete(number)
    }
  }

  /** Items until the producer's end; what it returned is lost. */
  async *items(method: string, ...values: unknown[]): AsyncGenerator<unknown> {
    let stream: Stream | undefined
    const takeStream = (answer: Stream): void => {
      stream = answer
    }
    await this.#session.call(method, encode(values), { takeStream })
    if (stream === undefined) throw new Error('answered with one value')
    let taken = 0
    let whole = false
    try {
      for await (const message of stream.messages()) {
        const value = decode(message.subarray(1))
        whole = message[0] !== 0
        if (message[0] === 1) return
        if (message[0] === 2) throw Object.assign(new Error(), value)
        yield value
        if (++taken % GRANT_STEP === 0) stream.write(Uint8Array.of(0, 0, 0, GRANT_STEP))
      }
    } finally {
      if (whole) stream.end()
      else stream.reset('CANCELLED')
    }
  }
}
