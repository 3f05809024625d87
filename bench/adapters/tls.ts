// TLS over TCP: the sockets of `node:tls` alone, as plain ones are used, and Braidwire over `tls://`. Both trust the same certificate,
// which the listening side makes.

import { connect as connectSocket, createServer } from 'node:tls'
import { connect, listen } from 'braidwire'
import { selfSigned } from 'braidwire/node'
import type { Adapter, Where } from '../adapter.ts'
import { Calls, serve } from './braidwire.ts'
import { urlOf, whereOf } from './braidwire-where.ts'
import { unbatched } from './net.ts'
import { plain } from './plain.ts'

const { cert, key } = selfSigned()

const sockets = plain(unbatched, {
  createServer: (take) => createServer({ cert, key, noDelay: true, allowHalfOpen: true }, take),
  connect: (where, connected) => connectSocket({ ...where, noDelay: true } as object, connected),
})

export const bareTls: Adapter = {
  ...sockets,
  listen: async (meter, raised, where) => trusted(await sockets.listen(meter, raised, where)),
}

export const braidwireTls: Adapter = {
  async listen(meter, raised, where) {
    const options = { ...raised, tls: { cert, key } }
    return trusted(whereOf((await listen(urlOf(where, 'tls'), (session) => serve(session, meter), options)).url))
  },

  async dial(where, raised) {
    const ca = 'ca' in where ? where.ca : undefined
    return new Calls(await connect(urlOf(where, 'tls'), { ...raised, tls: { ca } }))
  },
}

function trusted(where: Where): Where {
  return { ...where, ca: cert }
}
