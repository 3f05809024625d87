// What a session over a transport must do: end when the carrier breaks in the middle of a frame, move much both ways, many streams,
// a slow reader beside calls. Knows no carrier and no runner.

import {
  connectSession,
  type Session,
  type SessionOptions,
  type Stream,
  type Transport,
  type TransportSink,
} from 'braidwire'
import { Digest, type Ends, equal, holds, MiB, Source, turns, within } from './transport-ends.ts'

/** How much goes each way at once, unless the subject says otherwise. */
const BULK_BYTES = 64 * MiB
const STREAMS = 1000
/** In the middle of a frame, whatever size frames have. */
const CUT_AT = 40_003

async function sessions({ near, far }: Ends, options: SessionOptions = {}): Promise<[Session, Session]> {
  const both = [connectSession(near, options, 'dialer'), connectSession(far, options, 'listener')] as const
  return within('the sessions start', Promise.all(both))
}

/** Both are over, and both say so in the same words. */
async function over(code: string | undefined, ...both: readonly Session[]): Promise<void> {
  for (const session of both) {
    const error = await within('a session ends', session.closed)
    equal(error?.code, code, `how a session ended (${error?.message})`)
  }
}

/** Writes this many bytes as there is room, and tells what they were. */
async function fill(stream: Stream, bytes: number, seed: number): Promise<Digest> {
  const source = new Source(seed)
  for (let left = bytes; left > 0; left -= 65_536) {
    if (!stream.write(source.next(Math.min(left, 65_536)))) await stream.ready
  }
  stream.end()
  return source.made
}

async function digestOf(stream: Stream): Promise<Digest> {
  const digest = new Digest()
  for await (const chunk of stream) digest.add(chunk)
  return digest
}

/** A transport of which, from some moment on, only so many bytes go through: the rest is lost with the cable. */
class Cable implements Transport {
  readonly remote: string
  readonly #inner: Transport
  /** How much still goes through. */
  #left = Number.POSITIVE_INFINITY
  #arrived = () => {}
  #wanted = Number.POSITIVE_INFINITY

  constructor(inner: Transport) {
    this.#inner = inner
    this.remote = inner.remote
  }

  /** Lets so many more bytes go out, and no more. */
  passOnly(bytes: number): void {
    this.#left = bytes
  }

  /** Resolves when so many more bytes have come in. */
  arrival(bytes: number): Promise<void> {
    this.#wanted = bytes
    return new Promise((done) => (this.#arrived = done))
  }

  start(sink: TransportSink): void {
    this.#inner.start({
      bytes: (chunk) => {
        sink.bytes(chunk)
        this.#wanted -= chunk.length
        if (this.#wanted <= 0) this.#arrived()
      },
      drained: () => sink.drained(),
      closed: (error) => sink.closed(error),
    })
  }

  send(chunks: Uint8Array[]): boolean {
    const through: Uint8Array[] = []
    for (const chunk of chunks) {
      const part = chunk.length <= this.#left ? chunk : chunk.subarray(0, this.#left)
      if (part.length > 0) through.push(part)
      this.#left -= part.length
    }
    return through.length === 0 || this.#inner.send(through)
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  close(): void {
    this.#inner.close()
  }
}

/** Everything a session can keep waiting, and how each of them ends. */
function pendingOf(session: Session): Map<string, Promise<unknown>> {
  const stream = session.open('held')
  const pending = new Map<string, Promise<unknown>>([
    ['call', session.call('held', new Uint8Array(10))],
    ['message', session.message(new Uint8Array(10))],
    ['take', session.take('never')],
    ['accepted', stream.accepted],
    ['readable', stream.readable()],
    ['closed', stream.closed],
  ])
  // More than the other side grants: the first frames of it are what is cut.
  for (let n = 0; n < 8; n++) stream.write(new Uint8Array(65_536))
  return pending.set('ready', stream.ready)
}

async function midFrame(ends: Ends): Promise<void> {
  const [nearCable, farCable] = [new Cable(ends.near), new Cable(ends.far)]
  const [near, far] = await sessions({ near: nearCable, far: farCable })
  for (const session of [near, far]) {
    session.handle('held', (stream) => stream.signal.aborted)
    session.handleCall('held', () => new Promise<never>(() => {}))
    session.handleMessage(() => new Promise(() => {}))
  }
  await Promise.all([near.ping(), far.ping()])
  nearCable.passOnly(CUT_AT)
  const arrived = farCable.arrival(CUT_AT)
  const pending = [...pendingOf(near), ...pendingOf(far)]
  await within('the first part of a frame arrives', arrived)
  pending.push(['ping', near.ping()], ['ping', far.ping()])
  await ends.cut?.('near')
  for (const [name, promise] of pending) {
    const settled = promise.then(
      (value) => value,
      (error: unknown) => error,
    )
    const outcome = (await within(`${name} settles`, settled)) as { code?: unknown; message?: unknown } | undefined
    equal(outcome?.code, 'BRAID_TRANSPORT_LOST', `what ${name} ends with (${outcome?.message})`)
  }
  await over('BRAID_TRANSPORT_LOST', near, far)
}

async function bulk(ends: Ends, bytes = BULK_BYTES): Promise<void> {
  const [near, far] = await sessions(ends)
  const answers = [near, far].map((session) => {
    return new Promise<Digest>((resolve, reject) => {
      session.handle('bulk', (stream) => {
        stream.end()
        digestOf(stream).then(resolve, reject)
      })
    })
  })
  // Waited for together: what fails is the error of the case, and nothing else rejects that nobody watches.
  const [sent, got] = await within(
    'both write and read',
    Promise.all([Promise.all([near, far].map((one, n) => fill(one.open('bulk'), bytes, n))), Promise.all(answers)]),
  )
  equal(got[1]!.toString(), sent[0]!.toString(), 'what far got of near')
  equal(got[0]!.toString(), sent[1]!.toString(), 'what near got of far')
  await within('near closes', near.close())
  await over(undefined, near, far)
}

async function streams(ends: Ends): Promise<void> {
  const [near, far] = await sessions(ends, { maxStreams: STREAMS })
  let open = 0
  let allOpen = () => {}
  const opened = new Promise<void>((done) => (allOpen = done))
  far.handle('echo', async (stream) => {
    if (++open === STREAMS) allOpen()
    // All of them are there at the same time.
    await opened
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
  const echo = async (_: unknown, n: number): Promise<void> => {
    const stream = near.open('echo')
    const [made, got] = await Promise.all([fill(stream, 1 + ((n * 37) % 5000), n), digestOf(stream)])
    equal(got.toString(), made.toString(), `the echo of stream ${n}`)
  }
  await within('all echoes come', Promise.all(Array.from({ length: STREAMS }, echo)))
  await within('far closes', far.close())
  await over(undefined, near, far)
}

async function slowReader(ends: Ends): Promise<void> {
  const [near, far] = await sessions(ends)
  const slow: Stream[] = []
  far.handle('slow', (stream) => slow.push(stream))
  far.handle('quick', async (stream) => stream.end((await digestOf(stream)).toString()))
  far.handleCall('echo', (bytes) => bytes.slice())
  const written = fill(near.open('slow'), 8 * MiB, 1)
  // Looked at last. When the case fails before that, this fails with it.
  written.catch(() => {})
  const calls = async (): Promise<void> => {
    for (let n = 0; n < 300; n++)
      equal((await near.call('echo', new Uint8Array(n))).length, n, 'the length of an answer')
  }
  const quick = near.open('quick')
  const [made] = await within(
    'calls and another stream',
    Promise.all([fill(quick, 4 * MiB, 2), calls(), digestOf(quick)]),
  )
  equal(quick.trailer, made.toString(), 'what came on the other stream')
  await turns(1)
  const unread = slow[0]?.stats().unread ?? Number.NaN
  holds(unread <= MiB, `${unread} bytes lie before the slow reader`)
  const got = await within('the slow reader reads', digestOf(slow[0]!))
  equal(got.toString(), (await written).toString(), 'what the slow reader got')
  await within('near closes', near.close())
  await over(undefined, near, far)
}

/** Cases said with sessions, each of them given a pair of its own. */
export const sessionCases = {
  'a session over a carrier that breaks in the middle of a frame ends with TRANSPORT_LOST, and all that waits with it':
    midFrame,
  'bulk both ways at once arrives as it was sent': bulk,
  '1,000 streams at once': streams,
  'a slow reader holds up neither calls nor other streams': slowReader,
} satisfies Record<string, (ends: Ends, bulkBytes?: number) => Promise<void>>
