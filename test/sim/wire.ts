// Reads frames out of one direction of a wire, by docs/PROTOCOL.md alone; for the monitor, not for the engine.
// DATA payload is counted, not kept. Trusts the bytes: whoever feeds it wrong ones gets an error thrown.

/** Frame numbers of section 3. */
export const Type = {
  HELLO: 0,
  RESUME: 1,
  TICKET: 2,
  RESUME_NO: 3,
  PING: 4,
  PONG: 5,
  ACK: 6,
  OPEN: 8,
  DATA: 9,
  RESET: 10,
  CREDIT: 11,
  SCREDIT: 12,
  ASK: 13,
  LIMIT: 14,
  META: 15,
  CALL: 16,
  REPLY: 17,
  CANCEL: 18,
  GOAWAY: 20,
  CLOSE: 21,
  ACKREQ: 22,
} as const

const names = new Map<number, string>(Object.entries(Type).map(([name, number]) => [number, name]))

/** One frame; `end` is where it ends, counted in bytes from the start of its direction. */
export interface Frame {
  readonly type: number
  readonly flags: number
  /** Everything behind the header; for DATA only the id. */
  readonly body: Uint8Array
  /** Length of the body as declared. */
  readonly length: number
  readonly end: number
}

const PREFACE_BYTES = 8

/** A cursor over a body. */
export class Fields {
  #at = 0
  readonly #body: Uint8Array

  constructor(body: Uint8Array) {
    this.#body = body
  }

  get left(): number {
    return this.#body.length - this.#at
  }

  byte(): number {
    const byte = this.#body[this.#at++]
    if (byte === undefined) throw new Error('a field ends past its body')
    return byte
  }

  varint(): number {
    const first = this.byte()
    let value = first & 0x3f
    for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 256 + this.byte()
    return value
  }

  bytes(count: number): Uint8Array {
    if (count > this.left) throw new Error('a field ends past its body')
    this.#at += count
    return this.#body.subarray(this.#at - count, this.#at)
  }
}

/** Splits one direction into frames. */
export class FrameReader {
  /** Bytes fed so far. */
  bytes = 0
  readonly #head: number[] = []
  readonly #body: Uint8Array[] = []
  #kept = 0
  #left = 0
  #frame: { type: number; flags: number; length: number } | undefined
  readonly #found: (frame: Frame) => void

  constructor(found: (frame: Frame) => void) {
    this.#found = found
  }

  feed(chunk: Uint8Array): void {
    const start = this.bytes
    let at = Math.min(chunk.length, Math.max(0, PREFACE_BYTES - start))
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        this.#head.push(chunk[at++] as number)
        this.#begin()
      } else {
        const part = chunk.subarray(at, at + this.#left)
        const keep =
          this.#frame.type === Type.DATA ? Math.max(0, Math.min(8, this.#frame.length) - this.#kept) : part.length
        if (keep > 0) this.#body.push(part.subarray(0, keep))
        this.#kept += Math.min(keep, part.length)
        this.#left -= part.length
        at += part.length
      }
      if (this.#frame !== undefined && this.#left === 0) this.#finish(start + at)
    }
    this.bytes = start + chunk.length
  }

  #begin(): void {
    const head = this.#head
    const [first, size] = head
    if (first === undefined || size === undefined || head.length < 1 + (1 << (size >> 6))) return
    let length = size & 0x3f
    for (let at = 2; at < head.length; at++) length = length * 256 + (head[at] as number)
    this.#frame = { type: first >> 3, flags: first & 7, length }
    this.#left = length
    this.#kept = 0
    head.length = 0
  }

  #finish(end: number): void {
    const { type, flags, length } = this.#frame as { type: number; flags: number; length: number }
    const parts = this.#body
    const body = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
    this.#frame = undefined
    parts.length = 0
    this.#found({ type, flags, length, body, end })
  }
}

/** One line about a frame, for traces. */
export function describe(frame: Frame): string {
  const name = names.get(frame.type) ?? `type ${frame.type}`
  // Secrets are drawn elsewhere, and differ from run to run.
  const secret = frame.type === Type.RESUME || frame.type === Type.TICKET
  const shown = secret ? '...' : Buffer.from(frame.body.subarray(0, 12)).toString('hex')
  return `${name}${frame.flags === 0 ? '' : `/${frame.flags}`} ${frame.length} [${shown}]`
}

/** Bytes a varint takes up when its first byte is this one. */
export function varintLength(first: number): number {
  return 1 << (first >> 6)
}
