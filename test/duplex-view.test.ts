// The Node view of a stream beside a real net.Socket: the same cases over both, and what only ours can do.

import { once } from 'node:events'
import { createServer, connect as dialRaw, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { after, test } from 'node:test'
import { connect, listen, type Session } from 'braidwire'
import { duplex } from 'braidwire/node'
import { pair } from 'braidwire/test'
import { dataCases } from './duplex-view-data.ts'
import { endCases } from './duplex-view-ends.ts'
import { type Kind, type PairOptions, watched } from './duplex-view-kit.ts'

const cleanups: (() => unknown)[] = []
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
})

/** Real sockets: one listener for each kind of end, as the option is the listener's. */
async function socketPair({ allowHalfOpen = false }: PairOptions = {}): Promise<[Duplex, Duplex]> {
  const server = createServer({ allowHalfOpen })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const { port } = server.address() as { port: number }
  const socket = dialRaw({ port, host: '127.0.0.1', allowHalfOpen })
  await once(socket, 'connect')
  const [other] = await accepted
  server.close()
  return [socket, other]
}

/** Pairs of views over one session that all cases share, so that what one leaves behind would disturb the next. */
function viewPair(sessions: Promise<[Session, Session]>): Kind['make'] {
  let count = 0
  return async (options) => {
    const [near, far] = await sessions
    const name = `view-${count++}`
    const taken = far.take(name)
    const end = duplex(near.open(name), options)
    return [end, duplex(await taken, options)]
  }
}

async function overTcp(): Promise<[Session, Session]> {
  let given: (session: Session) => void = () => {}
  const far = new Promise<Session>((resolve) => {
    given = resolve
  })
  const listener = await listen('tcp://127.0.0.1:0', (session) => given(session))
  cleanups.push(() => listener.close())
  return [await connect(listener.url), await far]
}

async function overMemory(): Promise<[Session, Session]> {
  const sessions = pair()
  cleanups.push(() => sessions[0].close())
  return sessions
}

const kinds: Kind[] = [
  { name: 'net.Socket', make: socketPair, breakOff: (end) => (end as Socket).resetAndDestroy() },
  { name: 'duplex over TCP', make: viewPair(overTcp()), breakOff: (end) => end.destroy(new Error('broken off')) },
  { name: 'duplex in memory', make: viewPair(overMemory()), breakOff: (end) => end.destroy(new Error('broken off')) },
]

for (const kind of kinds) {
  for (const { name, run } of [...dataCases, ...endCases])
    test(`${kind.name}: ${name}`, { timeout: 10_000 }, () => run(watched(kind)))
}
