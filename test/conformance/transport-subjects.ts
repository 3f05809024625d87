// The transports that every runtime has, as the conformance suite takes them. Imports nothing of a runtime.

import { connectSession, type Session } from 'braidwire'
import { duplexTransport } from 'braidwire/transport/duplex'
import { memory } from 'braidwire/transport/memory'
import { streamTransport } from 'braidwire/transport/stream'
import { webStreamsTransport } from 'braidwire/transport/web-streams'
import { Duplex } from 'streamx'
import type { Ends, TransportSubject } from './transport.ts'

const NO_CUT = 'nothing lies between two ends in one process that could break'
const BROKEN = new Error('the pipe broke')

/** What is written to one comes out of the other, and the queuing strategies of both are kept. */
interface WebPipe {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

function crossed(up: WebPipe, down: WebPipe): Ends {
  const near = webStreamsTransport({ readable: down.readable, writable: up.writable })
  const far = webStreamsTransport({ readable: up.readable, writable: down.writable })
  return { near, far }
}

/** What a readable stream is fed by, of bytes or not. */
interface Feed {
  readonly desiredSize: number | null
  /** A read into a buffer of the reader that waits; only of byte streams. */
  readonly byobRequest?: { respond(bytes: number): void } | null
  enqueue(chunk: Uint8Array): void
  close(): void
  error(reason: unknown): void
}

/** A pipe that fails at both ends when told to. */
function breakable(type: 'bytes' | undefined): WebPipe & { cut(): void } {
  const feeds: Feed[] = []
  const outlets: WritableStreamDefaultController[] = []
  let wanted = () => {}
  const source = {
    type,
    start: (feed: Feed) => void feeds.push(feed),
    pull: () => wanted(),
    cancel: (reason: unknown) => outlets[0]!.error(reason),
  }
  const readable = new ReadableStream<Uint8Array>(source as never, { highWaterMark: type === 'bytes' ? 65_536 : 4 })
  const feed = feeds[0]!
  const writable = new WritableStream<Uint8Array>({
    start: (outlet) => void outlets.push(outlet),
    write: async (chunk) => {
      // A byte stream takes the buffer away, which is still the writer's.
      feed.enqueue(chunk.slice())
      if ((feed.desiredSize ?? 1) <= 0) await new Promise<void>((done) => (wanted = done))
    },
    close: () => {
      feed.close()
      feed.byobRequest?.respond(0)
    },
    abort: (reason) => feed.error(reason),
  })
  const cut = (): void => {
    wanted()
    feed.error(BROKEN)
    outlets[0]!.error(BROKEN)
  }
  return { readable, writable, cut }
}

function webStreams(type: 'bytes' | undefined): Ends {
  const [up, down] = [breakable(type), breakable(type)]
  return { ...crossed(up, down), cut: () => [up, down].map((pipe) => pipe.cut()) }
}

/** Two streamx duplexes joined to each other: what one writes the other reads, when it wants more. */
function streamxPair(): Ends {
  const ends: Duplex[] = []
  const taken: (() => void)[] = [() => {}, () => {}]
  for (const side of [0, 1]) {
    const other = () => ends[1 - side]!
    ends.push(
      new Duplex({
        read: (done: (error: Error | null) => void) => {
          taken[side]!()
          done(null)
        },
        write: (chunk: unknown, done: (error: Error | null) => void) => {
          if (other().push(chunk)) done(null)
          else taken[1 - side] = () => done(null)
        },
        final: (done: (error: Error | null) => void) => {
          other().push(null)
          done(null)
        },
        destroy: (done: (error: Error | null) => void) => {
          other().destroy()
          done(null)
        },
      }),
    )
  }
  const cut = () => ends.map((end) => end.destroy(BROKEN))
  return { near: duplexTransport(ends[0]!), far: duplexTransport(ends[1]!), cut }
}

/** A session over a stream of a session over a stream of a session: the third is that of the case. */
async function nested(): Promise<Ends> {
  const [left, right] = memory()
  const outer = await Promise.all([connectSession(left), connectSession(right, {}, 'listener')])
  const middle = await within(outer)
  const [near, far] = await streams(middle)
  return {
    near,
    far,
    cut: (end) => outer[end === 'near' ? 0 : 1].close('INTERNAL'),
    dispose: () => outer[0].close(),
  }
}

async function within(outer: readonly [Session, Session]): Promise<readonly [Session, Session]> {
  const [near, far] = await streams(outer)
  return Promise.all([connectSession(near), connectSession(far, {}, 'listener')])
}

async function streams([a, b]: readonly [Session, Session]) {
  const opened = a.open('inner')
  return [streamTransport(opened), streamTransport(await b.take('inner'))] as const
}

export const subjects: readonly TransportSubject[] = [
  {
    name: 'memory',
    pair: () => {
      const [near, far] = memory()
      return { near, far }
    },
    cannot: {
      'a carrier that breaks ends both ends once': NO_CUT,
      'a carrier that breaks at the other side ends both ends once': NO_CUT,
      'a broken carrier is told from one that was closed': NO_CUT,
      'a session over a carrier that breaks in the middle of a frame ends with TRANSPORT_LOST, and all that waits with it':
        NO_CUT,
    },
  },
  { name: 'Web streams', pair: () => webStreams(undefined) },
  { name: 'Web byte streams', pair: () => webStreams('bytes') },
  { name: 'streamx duplex', pair: streamxPair },
  { name: 'a stream, three sessions deep', pair: nested },
]
