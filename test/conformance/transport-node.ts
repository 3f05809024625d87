// The transports of Node as the conformance suite takes them: real sockets, dialled and accepted as programs do it.

import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { Transport, WebSocketLike } from 'braidwire'
import { selfSigned } from 'braidwire/node'
import { duplexTransport } from 'braidwire/transport/duplex'
import { webSocketTransport } from 'braidwire/transport/websocket'
import { WebSocket, WebSocketServer } from 'ws'
import { parseAddress } from '#dist/node/address.js'
import { accept, dial } from '#dist/node/net.js'
import { childTransport } from '#dist/node/stdio.js'
import { mount } from '#dist/node/websocket-mount.js'
import type { Ends, TransportSubject } from './transport.ts'
import { portSubjects } from './transport-ports.ts'

const own = selfSigned()

/**
 * Makes a pair, and finds the raw sockets of both ends, to break it by. Not every runtime publishes them as Node does
 * (diagnostics_channel); in all of them sockets tell what happens to them.
 */
async function watched(make: () => Promise<Ends>): Promise<Ends> {
  const raw = new Map<string, Socket>()
  const { emit } = EventEmitter.prototype
  EventEmitter.prototype.emit = function (event: string | symbol, ...values: unknown[]) {
    if (event === 'connect' && this instanceof Socket) raw.set('near', this)
    if (event === 'connection' && values[0] instanceof Socket) raw.set('far', values[0])
    return emit.call(this, event, ...values)
  }
  try {
    // Over bytes it has not read: the system tells the other end with a reset.
    return { ...(await make()), cut: (end) => raw.get(end)?.destroy() }
  } finally {
    EventEmitter.prototype.emit = emit
  }
}

/** A connection over a real socket. */
function connected(url: string): Promise<Ends> {
  return watched(async () => {
    let accepted = (_: Transport): void => {}
    const arrival = new Promise<Transport>((done) => (accepted = done))
    const tls = /^(tls|wss):/.test(url)
    const door = await accept(parseAddress(url), accepted, tls ? { tls: { cert: own.cert, key: own.key } } : {})
    const near = await dial(parseAddress(door.url), tls ? { tls: { fingerprint: own.fingerprint } } : {})
    return { near, far: await arrival, dispose: () => door.close() }
  })
}

/** At a path of an HTTP server. */
async function mounted(): Promise<Ends> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return watched(async () => {
    let accepted = (_: Transport): void => {}
    const arrival = new Promise<Transport>((done) => (accepted = done))
    const door = mount(server, '/mux', undefined, accepted)
    const near = await dial(parseAddress(door.url))
    const dispose = async (): Promise<void> => {
      await door.close()
      server.close()
    }
    return { near, far: await arrival, dispose }
  })
}

/** As platforms without the sockets of ws have it: nothing but what WHATWG gives a WebSocket. */
async function byEvents(): Promise<Ends> {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(sockets, 'listening')
  const accepted = once(sockets, 'connection')
  const { port } = sockets.address() as AddressInfo
  const near = new WebSocket(`ws://127.0.0.1:${port}`, 'braidwire', { perMessageDeflate: false })
  const [[far]] = (await Promise.all([accepted, once(near, 'open')])) as [[WebSocket], unknown]
  const raw = { near, far }
  return {
    near: webSocketTransport(plainWebSocket(near)),
    far: webSocketTransport(plainWebSocket(far)),
    cut: (end) => raw[end].terminate(),
    dispose: () => sockets.close(),
  }
}

function plainWebSocket(socket: WebSocket): WebSocketLike {
  return {
    get readyState() {
      return socket.readyState
    },
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    protocol: 'braidwire',
    set binaryType(type: 'arraybuffer') {
      socket.binaryType = type
    },
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    addEventListener: socket.addEventListener.bind(socket) as WebSocketLike['addEventListener'],
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

/** A child process that hands everything on: to its stdio one end is joined, to a pipe of its own the other. */
function child(): Ends {
  const relay = "const far = new (require('node:net').Socket)({ fd: 3 }); process.stdin.pipe(far).pipe(process.stdout)"
  // Bun opens no socket of a descriptor it has inherited: the program is one of Node there.
  const runner = process.versions.bun === undefined ? process.execPath : 'node'
  const program = spawn(runner, ['-e', relay], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] })
  const exit = once(program, 'exit')
  return {
    near: childTransport(program),
    far: duplexTransport(program.stdio[3] as Socket),
    cut: () => program.kill('SIGKILL'),
    dispose: async () => {
      program.kill('SIGKILL')
      await exit
    },
  }
}

export const nodeSubjects: readonly TransportSubject[] = [
  { name: 'TCP', pair: () => connected('tcp://127.0.0.1:0') },
  { name: 'TLS', pair: () => connected('tls://127.0.0.1:0') },
  {
    name: 'Unix socket',
    pair: unixSocket,
  },
  { name: 'WebSocket', pair: () => connected('ws://127.0.0.1:0/mux') },
  { name: 'WebSocket over TLS', pair: () => connected('wss://127.0.0.1:0') },
  { name: 'WebSocket at an HTTP server', pair: mounted },
  {
    name: 'WebSocket by its events',
    pair: byEvents,
    cannot: {
      'a reader that pauses holds the sender, and drained comes once for every false':
        'the WebSocket of the platform cannot be paused: what arrives is bounded by the credit of the session',
    },
  },
  { name: 'Node duplex', pair: duplexes },
  { name: 'stdio of a child', pair: child },
  ...portSubjects,
]
