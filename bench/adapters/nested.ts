// Over a stream of another session, which runs over TCP: Braidwire, and calls written by hand, as over a plain socket.

import { connect, listen, type Session, type Stream } from 'braidwire'
import { duplex } from 'braidwire/node'
import type { Adapter, Meter, Raised } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { Calls, serve as serveSession } from './braidwire.ts'
import { urlOf, whereOf } from './braidwire-where.ts'
import { unbatched } from './net.ts'
import { Sockets, serve } from './plain.ts'

/** `take`: what the listening side does with a stream, `over`: what the dialling one makes of its session. */
function nested(
  take: (stream: Stream, meter: Meter, raised: Raised) => void,
  over: (outer: Session, raised: Raised) => ReturnType<Adapter['dial']>,
): Adapter {
  return {
    async listen(meter, raised, where) {
      const outer = (session: Session) => session.handle('inner', (stream) => take(stream, meter, raised))
      return whereOf((await listen(urlOf(where), outer)).url)
    },

    dial: async (where, raised) => over(await connect(urlOf(where)), raised),
  }
}

/** The dialling process exits without a goodbye when it was measured: with a socket that is an end, with a session an error. */
function gone(error: Error): void {
  if ((error as NodeJS.ErrnoException).code !== 'BRAID_TRANSPORT_LOST') fatal(error)
}

export const bareNested = nested(
  (stream, meter) => serve(duplex(stream), meter, unbatched, gone),
  (outer) => Sockets.over(async () => duplex(outer.open('inner')), unbatched),
)

export const braidwireNested = nested(
  (stream, meter, raised) => {
    listen(stream, (session) => serveSession(session, meter), raised).catch(fatal)
  },
  async (outer, raised) => new Calls(await connect(outer.open('inner'), raised)),
)
