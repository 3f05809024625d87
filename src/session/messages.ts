// Message streams: puts the messages of a stream together, within what one message and the whole session may take.

import { BraidError, type CodeName } from '../engine/errors.ts'
import { Assembly } from './assembly.ts'
import type { Ceiling } from './ceiling.ts'
import type { LiveStream } from './live-stream.ts'
import { Reader } from './readers.ts'

/** `for await (const message of stream.messages())`. */
export class MessageReader extends Reader<Uint8Array> {
  private readonly limit: Ceiling
  /** Beginning of a message of which more has to come. */
  private readonly begun: Assembly

  constructor(stream: LiveStream, limit: Ceiling, ceiling: Ceiling) {
    super(stream)
    this.limit = limit
    this.begun = new Assembly(ceiling)
  }

  protected take(): Uint8Array | undefined {
    const inbox = this.stream.waiting
    if (inbox === undefined) return undefined
    const length = inbox.messageLength
    if (this.begun.size + (length ?? inbox.size) > this.limit.max) {
      this.limit.refused++
      this.fail('LIMIT_EXCEEDED', `a message is larger than maxMessage (${this.limit.max} bytes)`)
    }
    if (length === undefined) this.begin()
    else if (this.begun.size === 0) return this.stream.message(length)
    else {
      this.stream.message(length, this.room(length))
      const message = this.begun.whole()
      this.begun.drop()
      return message
    }
    return undefined
  }

  protected override atEnd(): void {
    if (this.begun.size > 0) this.fail('PROTOCOL', 'the stream ended inside a message')
  }

  protected override drop(): void {
    this.begun.drop()
  }

  /** No end in sight: takes what there is, so that credit returns and the rest can come. */
  private begin(): void {
    const size = this.stream.waiting?.size ?? 0
    if (size > 0) this.stream.beginning(this.room(size))
  }

  private room(length: number): Uint8Array {
    try {
      return this.begun.room(length)
    } catch (error) {
      this.stream.crash(error)
      throw error
    }
  }

  private fail(code: CodeName, text: string): never {
    this.stream.reset(code, text)
    throw new BraidError(code, text, { scope: 'stream' })
  }
}
