// A peer made of raw bytes: frames written by hand, one connection that sends them and notes what comes back. Keeps no rule of
// the protocol by itself.

import { connect, type Socket } from 'node:net'
import { PREFACE } from '../codec/frames.ts'
import { concat } from '../codec/hex.ts'
import { decodeVarint, encodeVarint } from '../codec/varint.ts'

export const type = {
  hello: 0,
  resume: 1,
  ticket: 2,
  resumeNo: 3,
  ping: 4,
  pong: 5,
  open: 8,
  data: 9,
  reset: 10,
  credit: 11,
  limit: 14,
  call: 16,
  reply: 17,
  cancel: 18,
  close: 21,
  extension: 24,
} as const

/** Part of a body: a number is a varint, a text goes with its length before it, bytes as they are. */
export type Part = number | string | Uint8Array

export function frame(number: number, flags: number, ...parts: readonly Part[]): Uint8Array {
  const body = parts.map((part) => {
    if (typeof part === 'number') return Uint8Array.from(encodeVarint(part))
    if (typeof part !== 'string') return part
    const bytes = new TextEncoder().encode(part)
    return concat([Uint8Array.from(encodeVarint(bytes.length)), bytes])
  })
  const length = body.reduce((sum, { length }) => sum + length, 0)
  return concat([Uint8Array.of(number * 8 + flags, ...encodeVarint(length)), ...body])
}

/** Preface and a HELLO with version 1 and these further entries. */
export function greeting(entries: Readonly<Record<number, Uint8Array>> = {}): Uint8Array {
  const parts: Part[] = [0, Uint8Array.of(2, 1, 1)]
  for (const [key, value] of Object.entries(entries)) parts.push(Number(key), value.length, value)
  return concat([PREFACE, frame(type.hello, 0, ...parts)])
}

/** Many frames in one chunk, each made of its place. */
export function many(count: number, make: (index: number) => readonly Uint8Array[]): Uint8Array {
  return concat(Array.from({ length: count }, (_, index) => make(index)).flat())
}

/** What happened on a connection, so that it can be done again to somebody else. */
export interface Deed {
  readonly at: number
  readonly line: number
  /** Bytes that were sent; undefined: it was dialled, or ended. */
  readonly bytes?: Uint8Array
  readonly ended?: boolean
}

/** How a connection came to its end. */
export interface End {
  /** Code of the CLOSE or RESUME_NO that came; undefined: none did. */
  readonly code: number | undefined
  /** Since it was connected. */
  readonly ms: number
  /** Ended by this side. */
  readonly own: boolean
}

/** One hostile connection. */
export class Line {
  /** Frames that came, by their number. */
  readonly received = new Map<number, number>()
  readonly connected: Promise<void>
  readonly ended: Promise<End>
  /** How many streams it may open, as the other side says. */
  limit = 256
  alive = true
  bytes = 0
  /** Called for each frame that comes. */
  heard: (number: number, flags: number, body: Uint8Array) => void = () => {}
  readonly #socket: Socket
  readonly #note: (deed: Omit<Deed, 'at' | 'line'>) => void
  #undecoded: Uint8Array = new Uint8Array(0)
  #spoken = 0
  #code: number | undefined
  #own = false
  #changed: (() => void)[] = []

  constructor(port: number, note: (deed: Omit<Deed, 'at' | 'line'>) => void, reads = true) {
    let begun = performance.now()
    this.#note = note
    note({})
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('error', () => {}) // being reset is as good as being ended
    if (reads) this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('drain', () => this.#change())
    this.connected = new Promise((resolve) => {
      this.#socket.once('connect', () => {
        begun = performance.now()
        resolve()
      })
      this.#socket.once('close', () => resolve())
    })
    this.ended = new Promise((resolve) => {
      this.#socket.once('end', () => this.#socket.destroy())
      this.#socket.once('close', () => {
        if (this.alive && !this.#own) note({ ended: true })
        this.alive = false
        this.#change()
        resolve({ code: this.#code, ms: performance.now() - begun, own: this.#own })
      })
    })
  }

  /** Resolves when the transport takes more, to whether the connection still lives. */
  async send(bytes: Uint8Array): Promise<boolean> {
    if (!this.alive) return false
    this.#note({ bytes })
    this.bytes += bytes.length
    if (!this.#socket.write(bytes)) await this.#until(() => !this.#socket.writableNeedDrain)
    return this.alive
  }

  /** Resolves when the condition holds after something came, or the connection is gone; to whether it still lives. */
  async #until(holds: () => boolean): Promise<boolean> {
    while (this.alive && !holds()) await new Promise<void>((resolve) => this.#changed.push(resolve))
    return this.alive
  }

  /** Waits until so many frames of this number have come in all. */
  came(number: number, count: number): Promise<boolean> {
    return this.#until(() => (this.received.get(number) ?? 0) >= count)
  }

  /** Waits until it may open the stream of this number. */
  mayOpen(number: number): Promise<boolean> {
    return this.#until(() => number < this.limit)
  }

  end(): void {
    if (!this.alive) return
    this.#own = true
    this.#note({ ended: true })
    this.#socket.destroy()
  }

  #change(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }

  #take(chunk: Uint8Array): void {
    let bytes = this.#undecoded.length === 0 ? chunk : concat([this.#undecoded, chunk])
    const preface = Math.min(PREFACE.length - this.#spoken, bytes.length)
    this.#spoken += preface
    bytes = bytes.subarray(preface)
    for (;;) {
      const size = sizeOf(bytes)
      if (size === undefined || bytes.length < size.end) break
      const [first] = bytes as unknown as [number]
      this.#hear(first >> 3, first & 7, bytes.subarray(size.body, size.end))
      bytes = bytes.subarray(size.end)
    }
    this.#undecoded = bytes
    this.#change()
  }

  #hear(number: number, flags: number, body: Uint8Array): void {
    this.received.set(number, (this.received.get(number) ?? 0) + 1)
    if (number === type.close || number === type.resumeNo) {
      this.#code ??= decodeVarint(body, 0, body.length, false).value
    }
    if (number === type.limit) this.limit = decodeVarint(body, 1, body.length, false).value
    this.heard(number, flags, body)
  }
}

/** Where the body of the first frame begins and ends, once its header is there. */
function sizeOf(bytes: Uint8Array): { body: number; end: number } | undefined {
  const second = bytes[1]
  if (second === undefined || bytes.length < 1 + 2 ** (second >> 6)) return undefined
  const { value, next } = decodeVarint(bytes, 1, bytes.length, true)
  return { body: next, end: next + value }
}
