// Stdin and stdout of a child process: its pipes alone, used as plain sockets are, and Braidwire over them.

import type { Duplex, Readable, Writable } from 'node:stream'
import { connect, listen } from 'braidwire'
import { fatal } from '../fatal.ts'
import { ownWay, startChild } from '../start-below.ts'
import { Calls, serve as serveSession } from './braidwire.ts'
import { unbatched } from './net.ts'
import { Sockets, serve } from './plain.ts'

export const bareStdio = ownWay({
  async pair() {
    let last: ReturnType<typeof startChild> | undefined
    const dialled = await Sockets.over(async () => {
      last = startChild('bare-stdio')
      return link(last.child.stdout!, last.child.stdin!)
    }, unbatched)
    // Rows have one stream or none: the child that came last has the traffic.
    return Object.assign(dialled, { mark: (collect: boolean) => last!.mark(collect) })
  },

  below: (meter) => serve(link(process.stdin, process.stdout), meter, unbatched),
})

export const braidwireStdio = ownWay({
  async pair(_meter, raised) {
    const { child, mark } = startChild('braidwire-stdio')
    return Object.assign(new Calls(await connect(child, raised)), { mark })
  },

  below(meter) {
    listen('stdio:', (session) => serveSession(session, meter)).catch(fatal)
  },
})

/** Two pipes with the few members of a socket that `plain` uses: a Duplex made of them would cost something of its own. */
function link(readable: Readable, writable: Writable): Duplex {
  const of = (event: string) => (event === 'drain' ? writable : readable)
  writable.on('error', fatal)
  return {
    on: (event: string, take: () => void) => of(event).on(event, take),
    once: (event: string, take: () => void) => of(event).once(event, take),
    write: (chunk: Uint8Array) => writable.write(chunk),
  } as unknown as Duplex
}
