// The callee's side of one call: its body becomes arguments, what the method answers becomes bytes, a value or items on a stream.
// Knows methods as something to invoke; knows no names and no API.

import type { BraidError } from '../../engine/errors.ts'
import { isThenable } from '../../session/deferred.ts'
import { directCall, LATER } from '../../session/direct.ts'
import type { Bytes } from '../../session/opener.ts'
import type { CallContext, CallHandler } from '../../session/session.ts'
import type { Stream } from '../../session/stream.ts'
import type { Codec, Reference, ReferenceWriter } from '../codec/codec.ts'
import type { ValueBounds } from '../codec/limits.ts'
import { MethodContext } from '../context.ts'
import { type FailurePolicy, outgoing } from '../failure.ts'
import { leaveItems, sendItems } from '../items/sender.ts'
import { isItems } from '../references/byte-streams.ts'
import { Incoming, LazyReader } from '../references/incoming.ts'
import { Outgoing, ReferencingEncoder } from '../references/outgoing.ts'
import type { RpcSession } from '../rpc-session.ts'
import type { HandlerContext } from '../service/method.ts'
import { type CallBody, decodeBody } from './body.ts'

/** What a stream is that a call is answered by: its metadata. */
export const ANSWER_ITEMS = 'items'
export const ANSWER_VALUE = 'value'

const nothing = new Uint8Array(0)

/** How calls of one kind are answered. */
export interface Answering {
  readonly rpc: RpcSession
  readonly bounds: ValueBounds
  readonly policy: FailurePolicy
  /** See `Incoming`. */
  readonly depth?: number | undefined
  invoke(values: readonly unknown[], ctx: HandlerContext): unknown
}

/** A handler of calls for `session.handleCall`. Everything a call needs is made once a method, so that a call makes little. */
export function answering(answer: Answering): CallHandler {
  return (bytes, call) => {
    let codec: Codec
    try {
      codec = answer.rpc.remoteCodec
    } catch (error) {
      throw outgoing(error, answer.policy, answer.rpc.codec, call.method)
    }
    return answerCall(answer, bytes, call, codec, call.method)
  }
}

/** Answers one call in this codec. */
export function answerCall(
  answer: Answering,
  bytes: Uint8Array,
  call: CallContext,
  codec: Codec,
  method: string,
): Bytes | Promise<Bytes> {
  return new Answer(answer, call, codec, method).begin(bytes)
}

/** One call; also whoever reads the references of its arguments, and writes those of its result. */
class Answer extends LazyReader<CallBody> implements ReferenceWriter {
  private readonly answer: Answering
  private readonly call: CallContext
  private readonly codec: Codec
  private readonly method: string
  /** Of the result, when there are references in it, and the stream that it comes on. */
  private references: Outgoing | undefined
  private stream: Stream | undefined

  constructor(answer: Answering, call: CallContext, codec: Codec, method: string) {
    super()
    this.answer = answer
    this.call = call
    this.codec = codec
    this.method = method
  }

  begin(bytes: Uint8Array): Bytes | Promise<Bytes> {
    try {
      const body = this.decode(bytes)
      const result = body instanceof Promise ? this.whole(body) : this.invoke(body)
      return isThenable(result) ? this.answerLater(result) : this.finish(result)
    } catch (thrown) {
      throw this.failure(thrown)
    }
  }

  /** Parts of the arguments are still on their way; a caller that gives up need not send them any more. */
  private async whole(body: Promise<CallBody>): Promise<unknown> {
    const { signal } = this.call
    const giveUp = (): void => this.incoming?.giveUp(signal.reason as BraidError)
    signal.addEventListener('abort', giveUp)
    try {
      return this.invoke(await body)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  private invoke({ values, metadata }: CallBody): unknown {
    return this.answer.invoke(values, new MethodContext(this.call, this.method, metadata))
  }

  private answerLater(result: PromiseLike<unknown>): Bytes | Promise<Bytes> {
    const call = directCall(this.call)
    if (call === undefined) return this.settle(result)
    const failed = (thrown: unknown): void => call.failed(this.failure(thrown))
    const answered = (value: unknown): void => {
      let bytes: Bytes
      try {
        bytes = this.finish(value)
      } catch (thrown) {
        return failed(thrown)
      }
      call.replied(bytes)
    }
    Promise.resolve(result).then(answered, failed)
    return LATER
  }

  private async settle(result: PromiseLike<unknown>): Promise<Bytes> {
    try {
      return this.finish(await result)
    } catch (thrown) {
      throw this.failure(thrown)
    }
  }

  private failure(thrown: unknown): unknown {
    this.end(false)
    this.answer.rpc.refusals.count(thrown)
    return outgoing(thrown, this.answer.policy, this.codec, this.method)
  }

  /** The references of the arguments live no longer than the call. */
  private end(whole: boolean): void {
    this.incoming?.end(whole)
  }

  private finish(result: unknown): Bytes {
    if (this.call.oneWay) {
      if (isItems(result)) void leaveItems(result)
      this.end(true)
      return nothing
    }
    if (isItems(result)) return this.answerItems(result)
    let encoded: Bytes = nothing
    try {
      if (result !== undefined) encoded = this.codec.encode(result, this)
    } catch (error) {
      this.references?.end(false)
      throw error
    }
    const { references } = this
    if (references?.used === true) void this.answerValue(encoded, references)
    else this.end(true)
    return encoded
  }

  /** See `ReferenceWriter`. */
  write(value: object): Reference | undefined {
    const { rpc, policy } = this.answer
    // Its parts could otherwise take all places, and it would wait behind them for one.
    const beforeParts = (): unknown => this.valueStream()
    this.references ??= new Outgoing(rpc, this.codec, 'result', policy, { beforeParts })
    return this.references.write(value)
  }

  protected decodeOnce(bytes: Uint8Array): CallBody {
    return decodeBody(this.codec, bytes, this.answer.bounds, this)
  }

  protected makeIncoming(): Incoming {
    const { rpc, bounds, depth } = this.answer
    return new Incoming(rpc, this.codec, bounds, undefined, depth)
  }

  private valueStream(): Stream {
    this.stream ??= this.call.answer(ANSWER_VALUE)
    return this.stream
  }

  private answerItems(items: AsyncIterable<unknown>): Bytes {
    const { rpc, policy } = this.answer
    const encoder = new ReferencingEncoder(rpc, this.codec, policy, this.method, (whole) => this.end(whole))
    let stream: Stream
    try {
      stream = this.call.answer(ANSWER_ITEMS)
    } catch (error) {
      // Nobody waits for them any more.
      void leaveItems(items)
      throw error
    }
    void sendItems(items, stream, encoder)
    return nothing
  }

  /**
   * A value with references comes on a stream, so that it is known whether it arrived. Its streams may be made of those of the
   * arguments, which therefore live as long.
   */
  private async answerValue(encoded: Bytes, references: Outgoing): Promise<void> {
    const over = references.over()
    try {
      const stream = this.valueStream()
      for (const piece of encoded instanceof Uint8Array ? [encoded] : encoded) stream.write(piece)
      stream.end()
      references.end((await stream.closed) === undefined)
    } catch {
      references.end(false)
    }
    await over
    this.end(true)
  }
}
