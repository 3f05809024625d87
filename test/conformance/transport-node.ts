// The transports of Node as the conformance suite takes them: real sockets, dialled and accepted as programs do it.

import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { Transport } from 'braidwire'
import { selfSigned } from 'braidwire/node'
import { duplexTransport } from 'braidwire/transport/duplex'
import { memory } from 'braidwire/transport/memory'
import { parseAddress } from '#dist/node/address.js'
import { accept, dial } from '#dist/node/net.js'
import type { Ends, TransportSubject } from './transport.ts'

const own = selfSigned()

/** A connection over a real socket, and the raw sockets of both ends to break it by. */
async function connected(url: string): Promise<Ends> {
  const raw = new Map<string, Socket>()
  // Not every runtime publishes its sockets as Node does (diagnostics_channel); all of them tell the events of those.
  const { emit } = EventEmitter.prototype
  EventEmitter.prototype.emit = function (event: string | symbol, ...values: unknown[]) {
    if (event === 'connect' && this instanceof Socket) raw.set('near', this)
    if (event === 'connection') raw.set('far', values[0] as Socket)
    return emit.call(this, event, ...values)
  }
  try {
    let accepted = (_: Transport): void => {}
    const arrival = new Promise<Transport>((done) => (accepted = done))
    const tls = url.startsWith('tls:')
    const door = await accept(parseAddress(url), accepted, tls ? { cert: own.cert, key: own.key } : undefined)
    const near = await dial(parseAddress(door.url), tls ? { tls: { fingerprint: own.fingerprint } } : {})
    const far = await arrival
    return {
      near,
      far,
      // Over bytes it has not read: the system tells the other end with a reset.
      cut: (end) => raw.get(end)?.destroy(),
      dispose: () => door.close(),
    }
  } finally {
    EventEmitter.prototype.emit = emit
  }
}

/** Two Node duplexes joined to each other; the death of one is that of the other, as with a socket. */
function duplexes(): Ends {
  const [left, right] = duplexPair()
  const breakOff = () => [left, right].map((side) => side.destroy(new Error('the pipe broke')))
  left.once('close', () => right.destroy())
  right.once('close', () => left.destroy())
  return { near: duplexTransport(left), far: duplexTransport(right), cut: breakOff }
}

const NO_CUT = 'nothing lies between two ends in one process that could break'

/** A socket in a folder of its own, which goes with it. */
async function unixSocket(): Promise<Ends> {
  const folder = mkdtempSync(join(tmpdir(), 'braid-transport-'))
  const ends = await connected(`unix:${join(folder, 'socket')}`)
  const dispose = async (): Promise<void> => {
    await ends.dispose?.()
    rmSync(folder, { recursive: true })
  }
  return { ...ends, dispose }
}

export const nodeSubjects: readonly TransportSubject[] = [
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
  { name: 'TCP', pair: () => connected('tcp://127.0.0.1:0') },
  { name: 'TLS', pair: () => connected('tls://127.0.0.1:0') },
  {
    name: 'Unix socket',
    pair: unixSocket,
  },
  { name: 'Node duplex', pair: duplexes },
]
