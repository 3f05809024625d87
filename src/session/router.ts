// Router: which handler takes a stream the peer opened. By claim, exact name, longest prefix, then whoever asked for the rest;
// else the stream waits a little and is refused. Knows no engine.

import type { Clock } from './clock.ts'
import { Deferred, isThenable } from './deferred.ts'
import type { LiveStream } from './live-stream.ts'
import type { StreamHandler } from './session.ts'
import type { Stream } from './stream.ts'
import { Waiting } from './waiting.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

export class Router {
  readonly waiting: Waiting<LiveStream>
  private readonly exact = new Map<string, StreamHandler>()
  /** Longest first. */
  private prefixes: { readonly prefix: string; readonly handler: StreamHandler }[] = []
  private readonly claims = new Map<string, Deferred<Stream>[]>()
  private readonly rest = new Set<RestReader>()
  private offering = false
  private end: { readonly error: unknown } | undefined

  constructor(clock: Clock, waitMs: number) {
    // Whoever loops over the rest is slow, not absent.
    const kept = (stream: LiveStream): boolean => this.rest.size > 0 && !stream.name.startsWith('$')
    this.waiting = new Waiting(clock, waitMs, (stream) => this.refuse(stream), kept)
  }

  /** Finds a taker for a stream that was opened, or lets it wait for one. */
  route(stream: LiveStream): void {
    if (!this.offer(stream)) this.waiting.add(stream)
  }

  /** A stream has failed: if it still waits, nobody will take it. */
  forget(stream: LiveStream): void {
    if (this.waiting.delete(stream)) stream.settle()
  }

  handle(pattern: string, handler: StreamHandler): () => void {
    if (typeof pattern !== 'string') throw new TypeError('a pattern is a string')
    if (typeof handler !== 'function') throw new TypeError('a handler is a function')
    const remove = pattern.endsWith('*')
      ? this.addPrefix(pattern.slice(0, -1), handler)
      : this.addExact(pattern, handler)
    this.offerSoon()
    return remove
  }

  take(name: string): Promise<Stream> {
    const claim = new Deferred<Stream>()
    if (this.end !== undefined) claim.reject(this.end.error)
    else {
      const claims = this.claims.get(name)
      if (claims === undefined) this.claims.set(name, [claim])
      else claims.push(claim)
      this.offerAll()
    }
    return claim.promise
  }

  streams(): AsyncIterableIterator<Stream> {
    const reader = new RestReader(this)
    if (this.end === undefined) this.rest.add(reader)
    else reader.close()
    return reader
  }

  /** The session is over. */
  close(error: unknown): void {
    this.end = { error }
    this.waiting.clear()
    for (const claims of this.claims.values()) for (const claim of claims) claim.reject(error)
    this.claims.clear()
    for (const reader of this.rest) reader.close()
    this.rest.clear()
  }

  /** A reader of the rest wants a stream now: the oldest that waits, if any. */
  next(): LiveStream | undefined {
    for (const stream of this.waiting) {
      if (stream.name.startsWith('$')) continue
      this.waiting.delete(stream)
      return stream
    }
    return undefined
  }

  leave(reader: RestReader): void {
    this.rest.delete(reader)
  }

  private addExact(name: string, handler: StreamHandler): () => void {
    if (this.exact.has(name)) throw new TypeError(`"${name}" has a handler already`)
    this.exact.set(name, handler)
    return () => {
      if (this.exact.get(name) === handler) this.exact.delete(name)
    }
  }

  private addPrefix(prefix: string, handler: StreamHandler): () => void {
    if (this.prefixes.some((entry) => entry.prefix === prefix))
      throw new TypeError(`"${prefix}*" has a handler already`)
    const entry = { prefix, handler }
    this.prefixes = [...this.prefixes, entry].sort((one, other) => other.prefix.length - one.prefix.length)
    return () => {
      this.prefixes = this.prefixes.filter((other) => other !== entry)
    }
  }

  private find(name: string): StreamHandler | undefined {
    const handler = this.exact.get(name)
    if (handler !== undefined) return handler
    // A pattern like `*` means the application's streams, not Braidwire's own.
    const own = name.startsWith('$')
    return this.prefixes.find(({ prefix }) => name.startsWith(prefix) && (!own || prefix.startsWith('$')))?.handler
  }

  /** True if somebody took it: it waits no longer by the time he hears of it, for he may offer what waits again. */
  private offer(stream: LiveStream): boolean {
    const claims = this.claims.get(stream.name)
    const claim = claims?.shift()
    if (claims?.length === 0) this.claims.delete(stream.name)
    if (claim !== undefined) {
      this.waiting.delete(stream)
      hand(stream, () => claim.resolve(stream))
      return true
    }
    const handler = this.find(stream.name)
    if (handler !== undefined) {
      this.waiting.delete(stream)
      hand(stream, handler)
      return true
    }
    if (stream.name.startsWith('$')) return false
    for (const reader of this.rest) {
      if (!reader.offer(stream)) continue
      this.waiting.delete(stream)
      return true
    }
    return false
  }

  private offerAll(): void {
    for (const stream of this.waiting) this.offer(stream)
  }

  /** Handlers run neither within `handle` nor before those registered beside it. */
  private offerSoon(): void {
    if (this.offering || this.waiting.size === 0) return
    this.offering = true
    queueMicrotask(() => {
      this.offering = false
      this.offerAll()
    })
  }

  private refuse(stream: LiveStream): void {
    stream.reset('REFUSED', `no handler takes "${stream.name}"`)
    stream.settle()
  }
}

/** Gives a stream to whoever takes it, answers for it if need be, and settles it when that has ended. */
export function hand(stream: LiveStream, handler: StreamHandler): void {
  let result: unknown
  try {
    result = handler(stream)
    stream.taken()
  } catch (thrown) {
    stream.crash(thrown)
  }
  if (!isThenable(result)) {
    stream.settle()
    return
  }
  result.then(
    () => stream.settle(),
    (thrown: unknown) => {
      stream.crash(thrown)
      stream.settle()
    },
  )
}

/** `for await (const stream of session.streams())`. Streams wait in the router until a step asks for one. */
class RestReader implements AsyncIterableIterator<Stream, undefined> {
  private readonly router: Router
  private readonly steps: ((result: IteratorResult<Stream, undefined>) => void)[] = []
  private over = false

  constructor(router: Router) {
    this.router = router
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Stream, undefined>> {
    if (this.over) return Promise.resolve(DONE)
    const stream = this.router.next()
    if (stream === undefined) return new Promise((resolve) => this.steps.push(resolve))
    hand(stream, () => undefined)
    return Promise.resolve({ done: false, value: stream })
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.router.leave(this)
    this.close()
    return DONE
  }

  offer(stream: LiveStream): boolean {
    const step = this.steps.shift()
    if (step === undefined) return false
    hand(stream, () => step({ done: false, value: stream }))
    return true
  }

  close(): void {
    this.over = true
    for (const step of this.steps.splice(0)) step(DONE)
  }
}
