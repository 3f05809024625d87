// The caller's side of one call: arguments become a body, and what comes back a value, items or an error.
// Knows Opener and values; knows no names and no API.

import { BraidError } from '../../engine/errors.ts'
import { joined } from '../../session/bytes.ts'
import { quiet } from '../../session/deferred.ts'
import type { DirectOpener, ReplyTaker } from '../../session/direct.ts'
import type { Bytes, CallOptions, Opener } from '../../session/opener.ts'
import type { Stream } from '../../session/stream.ts'
import type { Codec, Reference, ReferenceWriter } from '../codec/codec.ts'
import type { ValueBounds } from '../codec/limits.ts'
import { hideAll, incoming } from '../failure.ts'
import { ItemReader } from '../items/reader.ts'
import { FUNCTION_METHOD } from '../references/functions.ts'
import { Incoming, LazyReader, ReferencingDecoder } from '../references/incoming.ts'
import { numberBytes, Outgoing } from '../references/outgoing.ts'
import type { RpcSession } from '../rpc-session.ts'
import { ANSWER_ITEMS } from './answer.ts'
import { encodeBody, type Metadata, noMetadata } from './body.ts'
import { CallPromise } from './call-promise.ts'

/** Largest value with references, in bytes. */
const VALUE_BYTES_MAX = 16 * 1024 * 1024
const nothing = new Uint8Array(0)

/** Where calls go, and how their values travel. */
export interface Target {
  readonly opener: Opener
  /** The same, when calls can be made without a promise of its own in between. */
  readonly direct: DirectOpener | undefined
  /** Undefined when the opener is no session: then values have no references. */
  readonly rpc: RpcSession | undefined
  readonly codec: Codec
  readonly bounds: ValueBounds
}

export interface InvokeOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeout?: number | undefined
  /** Nobody wants the result. */
  readonly oneWay?: boolean | undefined
}

/** Calls a method. Rejects, at once, with a TypeError for arguments that cannot travel. */
export function invoke(
  target: Target,
  method: string,
  values: readonly unknown[],
  metadata: Metadata,
  options: InvokeOptions | undefined,
): CallPromise {
  return start(new Invocation(target, options), method, values, metadata, undefined)
}

/** Calls a function of the other side. */
export function invokeFunction(target: Target, number: number, values: readonly unknown[], depth: number): CallPromise {
  return start(new Invocation(target, undefined, depth, true), FUNCTION_METHOD, values, noMetadata, number)
}

function start(
  call: Invocation,
  method: string,
  values: readonly unknown[],
  metadata: Metadata,
  number: number | undefined,
): CallPromise {
  starting = call
  const promise = new CallPromise(keepEnds)
  call.promise = promise
  call.start(method, values, metadata, number)
  return promise
}

/** The call whose promise is being made: a function that all share costs less than a closure for each. */
let starting: Invocation | undefined

function keepEnds(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  starting!.resolve = resolve
  starting!.reject = reject
  starting = undefined
}

/** One call; also the options the session gets for it, who takes its reply, and who writes the references of its arguments. */
class Invocation implements CallOptions, ReplyTaker, ReferenceWriter {
  readonly signal: AbortSignal | undefined
  readonly timeout: number | undefined
  readonly oneWay: boolean
  promise!: CallPromise
  readonly part: boolean
  resolve!: (value: unknown) => void
  reject!: (error: unknown) => void
  private readonly target: Target
  private readonly depth: number
  /** Of the arguments, when there are references among them. */
  private sent: Outgoing | undefined
  private stream: Stream | undefined

  constructor(target: Target, options: InvokeOptions | undefined, depth = 0, part = false) {
    this.target = target
    this.signal = options?.signal
    this.timeout = options?.timeout
    this.oneWay = options?.oneWay === true
    this.part = part
    this.depth = depth
  }

  start(method: string, values: readonly unknown[], metadata: Metadata, number: number | undefined): void {
    try {
      // An abort before sending opens nothing.
      const bytes = this.signal?.aborted ? nothing : this.encode(values, metadata, number)
      const { direct, opener } = this.target
      if (direct !== undefined) return direct.callFor(this, method, bytes, this)
      opener.call(method, bytes, this).then(
        (result) => this.replied(result),
        (thrown) => this.failed(thrown),
      )
    } catch (thrown) {
      this.failed(thrown)
    }
  }

  /** See `ReferenceWriter`. */
  write(value: object): Reference | undefined {
    const { rpc, codec } = this.target
    this.sent ??= new Outgoing(rpc, codec, 'arguments', rpc?.policy ?? hideAll, { depth: this.depth })
    return this.sent.write(value)
  }

  /** See `CallOptions`. */
  takeStream(stream: Stream): void {
    // Too large for a frame, it looked like any call to the other side.
    if (this.oneWay) stream.reset('CANCELLED')
    else this.stream = stream
  }

  private encode(values: readonly unknown[], metadata: Metadata, number: number | undefined): Bytes {
    const body = encodeBody(this.target.codec, values, metadata, this)
    if (number === undefined) return body
    return [numberBytes(number), ...(body instanceof Uint8Array ? [body] : body)]
  }

  /** See `ReplyTaker`. */
  replied(result: Uint8Array): void {
    try {
      if (this.stream === undefined) return this.resolve(this.result(result))
      const answer = this.streamed(this.stream)
      if (answer instanceof Promise) quiet(this.promise)
      this.resolve(answer)
    } catch (thrown) {
      this.failed(thrown)
    }
  }

  failed(thrown: unknown): void {
    this.sent?.end(false)
    quiet(this.promise)
    this.reject(incoming(thrown, this.target.codec))
  }

  private result(bytes: Uint8Array): unknown {
    this.sent?.end(true)
    return bytes.length === 0 ? undefined : this.target.codec.decode(bytes, this.target.bounds)
  }

  private streamed(stream: Stream): unknown {
    const { rpc, codec, bounds } = this.target
    if (stream.meta === ANSWER_ITEMS) {
      return new ItemReader(stream, new ReferencingDecoder(rpc, codec, bounds, (whole) => this.sent?.end(whole)))
    }
    return this.value(stream)
  }

  /** A value with references: its sender waits until it is known that it arrived. */
  private async value(stream: Stream): Promise<unknown> {
    const { codec } = this.target
    const reader = new ResultReader(this.target)
    // What gives up the call, gives up its parts.
    void stream.closed.then((error) => error && reader.incoming?.giveUp(error))
    try {
      const bytes = await collect(stream)
      const decoded = reader.decode(bytes)
      const value = decoded instanceof Promise ? await decoded : decoded
      stream.end()
      // Streams of the result may be made of those of the arguments.
      const over = reader.incoming?.over() ?? Promise.resolve()
      void over.then(() => this.sent?.end(true))
      return value
    } catch (error) {
      stream.reset('CANCELLED')
      reader.incoming?.refuse()
      this.sent?.end(false)
      this.target.rpc?.refusals.count(error)
      throw incoming(error, codec)
    }
  }
}

/** Reads the references of a result. */
class ResultReader extends LazyReader {
  readonly #target: Target

  constructor(target: Target) {
    super()
    this.#target = target
  }

  protected makeIncoming(): Incoming {
    const { rpc, codec, bounds } = this.#target
    return new Incoming(rpc, codec, bounds)
  }

  protected decodeOnce(bytes: Uint8Array): unknown {
    const { codec, bounds } = this.#target
    return codec.decode(bytes, bounds, this)
  }
}

async function collect(stream: Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > VALUE_BYTES_MAX) {
      throw new BraidError('EXHAUSTED', `a value with references takes at most ${VALUE_BYTES_MAX} bytes`, {
        scope: 'call',
      })
    }
  }
  return joined(chunks)
}
