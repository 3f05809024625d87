// The hot paths as data: how each is set up in memory, and how it is gone through so many times. Counts nothing itself.
// Nothing here depends on time or chance: the clock stands still and the only random number is always the same.

import { connect, listen, type Receiver, type Session, type SessionOptions } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'
import { ManualClock, pair } from 'braidwire/test'
import { memory } from 'braidwire/transport/memory'

/** One path, ready to be gone through. */
interface Started {
  /** Goes through it so many times and waits until both sides are at rest. */
  run(count: number): Promise<void>
  /** Ends what it keeps open; the process could not end otherwise. */
  close(): Promise<unknown>
}

export interface HotPath {
  /** What one unit of work is, for people. */
  readonly title: string
  /** Units before anything is counted: enough for V8 to have optimised what it will. */
  readonly warm: number
  /** Units that are counted. */
  readonly count: number
  /** What a unit leaves behind is counted, instead of what it takes to do it. */
  readonly retained?: boolean
  start(): Promise<Started>
}

const KiB = 1024
const BODY_BYTES = 64
const ITEM_BYTES = 100

/** Far beyond what is opened, so that no limit is met. */
const STREAMS_MAX = 1_000_000

export const hotPaths = {
  'bulk-64k': {
    title: 'a chunk of 64 KiB through a stream',
    warm: 20_000,
    count: 2_000,
    start: () => bulk(pairs(), 64 * KiB),
  },
  'bulk-1k': {
    title: 'a chunk of 1 KiB through a stream',
    warm: 20_000,
    count: 20_000,
    start: () => bulk(pairs(), KiB),
  },
  call: { title: 'a call of 64 B, alone', warm: 20_000, count: 4_000, start: () => calls(pairs(), 1) },
  'call-32': {
    title: 'a call of 64 B, one of 32 in flight',
    warm: 32_000,
    count: 6_400,
    start: () => calls(pairs(), 32),
  },
  'typed-call': { title: 'a typed call of 64 B, alone', warm: 20_000, count: 4_000, start: typedCalls },
  item: { title: 'a streamed item of 100 B', warm: 20_000, count: 8_000, start: items },
  open: { title: 'a stream opened, 1 byte, closed', warm: 10_000, count: 4_000, start: opened },
  message: { title: 'a message of 64 B', warm: 20_000, count: 4_000, start: messages },
  idle: { title: 'an idle stream, both ends', warm: 2_000, count: 10_000, retained: true, start: idle },
  'resume-bulk-64k': {
    title: 'a chunk of 64 KiB, resumable session',
    warm: 20_000,
    count: 2_000,
    start: () => bulk(resumable(), 64 * KiB),
  },
  'resume-call': {
    title: 'a call of 64 B, alone, resumable session',
    warm: 20_000,
    count: 4_000,
    start: () => calls(resumable(), 1),
  },
} as const satisfies Record<string, HotPath>

export type PathName = keyof typeof hotPaths

type Ends = readonly [dialled: Session, accepted: Session]

function options(): SessionOptions {
  return { clock: new ManualClock(), random: () => 0.5 }
}

async function pairs(): Promise<Ends> {
  return pair({ ...options(), maxStreams: STREAMS_MAX })
}

async function resumable(): Promise<Ends> {
  const [near, far] = memory()
  const accepted = new Promise<Session>((resolve, reject) => {
    listen(far, resolve, { ...options(), resume: true }).catch(reject)
  })
  // Nothing is ever lost here, so nobody dials again.
  const reconnect = (): Promise<never> => Promise.reject(new Error('there is no other transport'))
  return [await connect(near, { ...options(), reconnect }), await accepted]
}

async function bulk(ends: Promise<Ends>, bytes: number): Promise<Started> {
  const [near, far] = await ends
  const chunk = new Uint8Array(bytes).fill(0x5a)
  const sink = new Sink()
  far.handle('sink', (stream) => stream.receive(sink))
  const stream = near.open('sink')
  return {
    async run(count) {
      const all = sink.received(count * bytes)
      for (let sent = 0; sent < count; sent++) if (!stream.write(chunk)) await stream.ready
      await all
    },
    close: () => near.close(),
  }
}

/** Counts what arrives. */
class Sink implements Receiver {
  #missing = 0
  #done: () => void = () => {}

  received(bytes: number): Promise<void> {
    this.#missing = bytes
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  data(bytes: Uint8Array): void {
    this.#missing -= bytes.length
    if (this.#missing === 0) this.#done()
  }

  end(): void {}
  failed(): void {}
}

async function calls(ends: Promise<Ends>, inFlight: number): Promise<Started> {
  const [near, far] = await ends
  far.handleCall('echo', (bytes) => bytes)
  const body = new Uint8Array(BODY_BYTES)
  return { run: (count) => kept(inFlight, count, () => near.call('echo', body)), close: () => near.close() }
}

async function kept(inFlight: number, count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

const api = {
  echo: async (bytes: Uint8Array): Promise<Uint8Array> => bytes,

  async *ticks(count: number): AsyncGenerator<Uint8Array> {
    const item = new Uint8Array(ITEM_BYTES)
    for (let sent = 0; sent < count; sent++) yield item
  },
}

async function typedCalls(): Promise<Started> {
  const [near, far] = await pairs()
  expose(far, api)
  const remote = wrap<typeof api>(near)
  const body = new Uint8Array(BODY_BYTES)
  return { run: (count) => kept(1, count, () => remote.echo(body)), close: () => near.close() }
}

async function items(): Promise<Started> {
  const [near, far] = await pairs()
  expose(far, api)
  const remote = wrap<typeof api>(near)
  return {
    async run(count) {
      for await (const _item of remote.ticks(count) as unknown as AsyncIterable<Uint8Array>);
    },
    close: () => near.close(),
  }
}

async function opened(): Promise<Started> {
  const [near, far] = await pairs()
  const ends: Receiver = { data: () => {}, end: () => {}, failed: () => {} }
  far.handle('short', (stream) => {
    stream.receive(ends)
    stream.end()
  })
  const byte = Uint8Array.of(1)
  const one = (): Promise<unknown> => {
    const stream = near.open('short')
    stream.receive(ends)
    stream.write(byte)
    stream.end()
    return stream.closed
  }
  return { run: (count) => kept(1, count, one), close: () => near.close() }
}

async function messages(): Promise<Started> {
  const [near, far] = await pairs()
  far.handleMessage(() => {})
  const body = new Uint8Array(BODY_BYTES)
  return { run: (count) => kept(1, count, () => near.message(body)), close: () => near.close() }
}

async function idle(): Promise<Started> {
  const [near, far] = await pairs()
  far.handle('idle', (stream) => stream.receive({ data: () => {}, end: () => {}, failed: () => {} }))
  return {
    async run(count) {
      for (let number = 0; number < count; number++) near.open('idle')
      await near.ping()
    },
    close: () => near.close(),
  }
}
