// What the cases for transports hold in their hands: bytes that are known by their digest, and an end that writes down whatever its
// transport says. Uses only what every runtime has; knows no runner and no carrier.

import type { Transport, TransportSink } from 'braidwire'

/** Longest wait for anything, in ms: nothing takes a tenth of it, unless the machine is busy with something else. */
const PATIENCE_MS = 50_000

export const MiB = 1024 * 1024

/** Two ends of one carrier, neither of them started. */
export interface Ends {
  readonly near: Transport
  readonly far: Transport
  /** Breaks the carrier at this end, now and as rudely as it can be broken. */
  cut?(end: 'near' | 'far'): unknown
  /** Frees what the pair took besides its transports; called when the case is over. */
  dispose?(): unknown
}

/** Length and hash of bytes, in order: FNV-1a over every fourth byte, four times, which is quicker than over all in a row. */
export class Digest {
  length = 0
  readonly #lanes = Int32Array.of(1, 2, 3, 4)

  add(bytes: Uint8Array): void {
    const lanes = this.#lanes
    const { length } = bytes
    let at = 0
    const single = (): void => {
      const lane = (this.length + at) & 3
      lanes[lane] = Math.imul(lanes[lane]! ^ bytes[at++]!, 0x01000193)
    }
    while (at < length && ((this.length + at) & 3) !== 0) single()
    let [a, b, c, d] = lanes as unknown as [number, number, number, number]
    for (; at + 4 <= length; at += 4) {
      a = Math.imul(a ^ bytes[at]!, 0x01000193)
      b = Math.imul(b ^ bytes[at + 1]!, 0x01000193)
      c = Math.imul(c ^ bytes[at + 2]!, 0x01000193)
      d = Math.imul(d ^ bytes[at + 3]!, 0x01000193)
    }
    lanes.set([a, b, c, d])
    while (at < length) single()
    this.length += length
  }

  toString(): string {
    return `${this.length} bytes, hash ${Array.from(this.#lanes, (lane) => (lane >>> 0).toString(16)).join('.')}`
  }
}

/** Numbers from 0 to below, the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Bytes that do not repeat, each chunk in a buffer of its own, and the digest of all of them. */
export class Source {
  readonly made = new Digest()
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1
  }

  next(length: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(length / 4))
    let state = this.#state
    for (let at = 0; at < words.length; at++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[at] = state
    }
    this.#state = state
    const chunk = new Uint8Array(words.buffer, 0, length)
    this.made.add(chunk)
    return chunk
  }
}

/** One end in use: sends by the rules, and holds its transport to them. */
export class End implements TransportSink {
  readonly transport: Transport
  readonly sent = new Digest()
  readonly got = new Digest()
  /** How often `send` answered false, and how often `drained` came. */
  refusals = 0
  drains = 0
  ended: { readonly error: Error | undefined } | undefined
  /** What the transport did and may not do. */
  readonly faults: string[] = []
  onBytes: () => void = () => {}
  readonly #name: string
  #running = false
  #waiting: (() => void)[] = []

  constructor(name: string, transport: Transport) {
    this.#name = name
    this.transport = transport
  }

  start(): this {
    this.transport.start(this)
    this.#running = true
    return this
  }

  bytes(chunk: Uint8Array): void {
    this.#rule(this.#running, 'bytes before start returned')
    this.#rule(this.ended === undefined, 'bytes after closed')
    this.#rule(chunk.constructor === Uint8Array, `bytes in a ${chunk.constructor?.name}, not a Uint8Array`)
    this.got.add(chunk)
    this.onBytes()
    this.#tell()
  }

  drained(): void {
    this.#rule(this.ended === undefined, 'drained after closed')
    this.drains++
    this.#rule(this.drains <= this.refusals, 'drained although send had not answered false')
    this.#tell()
  }

  closed(error?: Error): void {
    this.#rule(this.#running, 'closed before start returned')
    this.#rule(this.ended === undefined, 'closed twice')
    this.ended = { error }
    this.#tell()
  }

  /** Sends; false: `drained` is owed. */
  send(...chunks: Uint8Array[]): boolean {
    for (const chunk of chunks) this.sent.add(chunk)
    const room = this.transport.send(chunks)
    if (!room) this.refusals++
    return room
  }

  /** Resolves when `drained` has come for every false, or the transport is gone. */
  room(): Promise<void> {
    return this.until('drained', () => this.isClear || this.ended !== undefined)
  }

  get isClear(): boolean {
    return this.drains === this.refusals
  }

  /** Resolves when the condition holds, which is looked at whenever the transport said something. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition())
      await within(`${this.#name} waits for ${what}`, new Promise<void>((done) => this.#waiting.push(done)))
  }

  async untilClosed(): Promise<Error | undefined> {
    await this.until('closed', () => this.ended !== undefined)
    return this.ended?.error
  }

  #tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const done of waiting) done()
  }

  #rule(kept: boolean, offence: string): void {
    if (!kept) this.faults.push(`${this.#name}: ${offence}`)
  }
}

/** Both ends, started. */
export function begun({ near, far }: Ends): [End, End] {
  return [new End('near', near).start(), new End('far', far).start()]
}

/** Both have ended as one that was closed: everything arrived, nothing was said twice. */
export async function endedWell(...ends: readonly [End, End]): Promise<void> {
  const [near, far] = ends
  for (const end of ends) equal(await end.untilClosed(), undefined, 'the error of an end that was closed')
  equal(far.got.toString(), near.sent.toString(), 'what far got of near')
  equal(near.got.toString(), far.sent.toString(), 'what near got of far')
  await faultless(...ends)
}

/** Nothing was done that may not be, also not a little later. */
export async function faultless(...ends: readonly End[]): Promise<void> {
  await turns(20)
  equal(ends.flatMap((end) => end.faults).join('; '), '', 'faults')
}

/** Lets the event loop turn: whatever would come at once has come then. */
export async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await delay(0)
}

export function delay(ms: number): Promise<void> {
  return new Promise((done) => void setTimeout(done, ms))
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)}, not ${String(expected)}`)
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** The promise, or an error that says what was waited for. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing for ${PATIENCE_MS} ms`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
