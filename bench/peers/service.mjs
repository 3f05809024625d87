// What is the same for every peer: what its server answers with, made once for each size, and how its processes start
// and fail. The contract of an adapter is that of ../adapter.ts: `listen` resolves with a port, `dial` with a Remote.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export const HOST = '127.0.0.1'

/** Items and results are filled with these; LETTERS of ../adapter.ts says the same. */
const BIG = 'b'
const TICK = 'c'

const kept = new Map()

function keep(kind, bytes, make) {
  const name = `${kind} ${bytes}`
  if (!kept.has(name)) kept.set(name, make())
  return kept.get(name)
}

export function bigBytes(bytes) {
  return keep('big bytes', bytes, () => Buffer.alloc(bytes, BIG))
}

export function bigText(bytes) {
  return keep('big text', bytes, () => Buffer.alloc(bytes, BIG).toString())
}

export function tickBytes(bytes) {
  return keep('tick bytes', bytes, () => Buffer.alloc(bytes, TICK))
}

export function tickText(bytes) {
  return keep('tick text', bytes, () => TICK.repeat(bytes))
}

/** A TCP server on a free port of loopback; resolves with the port. */
export async function listenTcp(serve) {
  const server = createServer({ noDelay: true }, serve)
  server.listen(0, HOST)
  await once(server, 'listening')
  return server.address().port
}

export async function dialTcp(port) {
  const socket = connect({ port, host: HOST, noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** A failed call would spoil the figures in silence: let the process end with it. */
export function fatal(error) {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error))
  })
}
