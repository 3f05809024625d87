// What is the same for every peer: what its server answers with, made once for each size, how its two sides are brought
// together, and how its processes fail. The contract of an adapter is that of ../adapter.ts.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { duplexPair } from './memory.mjs'

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

/**
 * An adapter over any Duplex. `serve(duplex, meter, raised)` is the listening side of one connection; `client(duplex,
 * raised)` returns, or resolves with, the dialling side.
 */
export function overSockets(serve, client) {
  return {
    async listen(meter, raised, where) {
      const server = createServer({ noDelay: true }, (socket) => serve(socket, meter, raised))
      return listening(server, where)
    },

    async dial(where, raised) {
      const socket = connect({ ...where, noDelay: true })
      await once(socket, 'connect')
      return client(socket, raised)
    },

    async pair(meter, raised) {
      const [far, near] = duplexPair()
      serve(far, meter, raised)
      return client(near, raised)
    },
  }
}

/** Starts a net or http server there; resolves with where it really listens, for port 0 is any free one. */
export async function listening(server, where) {
  server.listen(where)
  await once(server, 'listening')
  return 'path' in where ? where : { ...where, port: server.address().port }
}

/** A failed call would spoil the figures in silence: let the process end with it. */
export function fatal(error) {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error))
  })
}
