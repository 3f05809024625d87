// A thread behind a MessagePort: `postMessage` alone, a port a stream and one for calls, and Braidwire over one port. A chunk that is to be
// transferred is copied by the sender first, since traffic writes the same one again; both do that.

import type { MessagePort } from 'node:worker_threads'
import { connect, listen } from 'braidwire'
import { messagePort } from 'braidwire/transport/message-port'
import type { Adapter, Body, Dialled, Meter, Outlet } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { ownWay, startThread } from '../start-below.ts'
import { Calls, serve } from './braidwire.ts'
import { Replies } from './replies.ts'

/** What a port takes is never full: so much is under way when a writer has to wait, and so often the receiver says how far it is. */
const FULL_BYTES = 1024 * 1024
const TOLD_BYTES = FULL_BYTES / 4

export function bareThread(transfer: boolean): Adapter {
  return ownWay({
    async pair() {
      const { ports, mark } = startThread('bare-thread', 2)
      const [stream, calls] = ports as [MessagePort, MessagePort]
      return Object.assign(new Ports(stream, calls, transfer), { mark })
    },

    below(meter, ports) {
      const [stream, calls] = ports as [MessagePort, MessagePort]
      count(stream, meter)
      calls.on('message', (body: Uint8Array) => calls.postMessage(body))
    },
  })
}

export function braidwireThread(transfer: boolean): Adapter {
  return ownWay({
    async pair(_meter, raised) {
      const { ports, mark } = startThread('braidwire-thread', 1)
      const session = await connect(messagePort(ports[0]!, { transfer }), raised)
      return Object.assign(transfer ? new Given(session) : new Calls(session), { mark })
    },

    below(meter, [port]) {
      listen(port!, (session) => serve(session, meter)).catch(fatal)
    },
  })
}

function count(port: MessagePort, meter: Meter): void {
  const number = meter.opened()
  let untold = 0
  port.on('message', ({ length }: Uint8Array) => {
    meter.add(number, length)
    untold += length
    if (untold < TOLD_BYTES) return
    port.postMessage(untold)
    untold = 0
  })
}

class Ports implements Dialled {
  readonly #stream: MessagePort
  readonly #calls: MessagePort
  readonly #transfer: boolean
  readonly #replies = new Replies()

  constructor(stream: MessagePort, calls: MessagePort, transfer: boolean) {
    this.#stream = stream
    this.#calls = calls
    this.#transfer = transfer
    calls.on('message', this.#replies.take)
  }

  open(ready: () => void): Outlet {
    let [underWay, full] = [0, false]
    this.#stream.on('message', (taken: number) => {
      underWay -= taken
      if (!full || underWay >= FULL_BYTES) return
      full = false
      ready()
    })
    return {
      write: (chunk) => {
        const body = this.#transfer ? chunk.slice() : chunk
        this.#stream.postMessage(body, this.#transfer ? [body.buffer as ArrayBuffer] : [])
        underWay += chunk.length
        full = underWay >= FULL_BYTES
        return !full
      },
    }
  }

  call(body: Uint8Array, done: (reply: Body) => void): void {
    this.#replies.expect(done)
    this.#calls.postMessage(body)
  }
}

/** Gives each chunk away. */
class Given extends Calls {
  override open(ready: () => void): Outlet {
    const outlet = super.open(ready)
    return { write: (chunk) => outlet.write(chunk.slice()) }
  }
}
