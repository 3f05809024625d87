// The transports of Bare as the conformance suite takes them: its sockets and pipes, as duplexes.

import Pipe from 'bare-pipe'
import tcp from 'bare-tcp'
import { duplexTransport } from 'braidwire/transport/duplex'
import type { Ends, TransportSubject } from '../conformance/transport.ts'
import { subjects } from '../conformance/transport-subjects.ts'

interface Duplex {
  on(event: string, listener: (argument: unknown) => void): unknown
  once(event: string, listener: (argument: unknown) => void): unknown
  pause(): unknown
  resume(): unknown
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
}

interface Server {
  once(event: 'connection', listener: (socket: Duplex) => void): unknown
  listen(where: number | string, ...more: unknown[]): unknown
  address(): { port: number }
  close(done?: () => void): unknown
}

/** Listens, dials, and holds both ends. */
async function connected(server: Server, listen: (done: () => void) => void, dial: () => Duplex): Promise<Ends> {
  const accepted = new Promise<Duplex>((resolve) => void server.once('connection', resolve))
  await new Promise<void>(listen)
  const near = dial()
  const far = await accepted
  const ends = { near, far }
  return {
    near: duplexTransport(near),
    far: duplexTransport(far),
    cut: (end) => ends[end].destroy(new Error('cut')),
    dispose: () => server.close(),
  }
}

let pipes = 0

export const bareSubjects: readonly TransportSubject[] = [
  // Of those for every runtime: Bare has no Web streams.
  ...subjects.filter(({ name }) => !name.startsWith('Web ')),
  {
    name: 'TCP',
    pair() {
      const server = tcp.createServer() as unknown as Server
      const dial = () => tcp.createConnection(server.address().port, '127.0.0.1') as unknown as Duplex
      return connected(server, (done) => server.listen(0, '127.0.0.1', done), dial)
    },
    cannot: {
      'a broken carrier is told from one that was closed':
        'bare-tcp ends a socket that is destroyed like one that is closed; the session tells them apart, by its goodbye',
    },
  },
  {
    name: 'Unix socket',
    pair() {
      const path = `/tmp/braidwire-bare-${Date.now()}-${++pipes}`
      const server = Pipe.createServer() as unknown as Server
      return connected(
        server,
        (done) => server.listen(path, done),
        () => new Pipe(path) as unknown as Duplex,
      )
    },
  },
]
