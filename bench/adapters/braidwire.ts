// Braidwire as its README shows it: `write` until false, then `ready`; `receive` for bytes; `call` for calls.

import { connect, listen, type Receiver, type Session, type Stream } from 'braidwire'
import { pair } from 'braidwire/test'
import type { Adapter, Dialled, Meter, Outlet } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { type Scheme, urlOf, whereOf } from './braidwire-where.ts'

export const braidwire: Adapter = {
  ...adapter(false),

  async pair(meter, raised) {
    const [near, far] = pair(raised)
    serve(far, meter)
    return new Calls(near)
  },
}

/** The same with sessions that would outlive their connection. */
export const braidwireResume: Adapter = adapter(true)

/** The same over WebSockets. */
export const braidwireWs: Adapter = adapter(false, 'ws')

function adapter(resume: boolean, scheme: Scheme = 'tcp'): Adapter {
  return {
    async listen(meter, raised, where) {
      const listener = await listen(urlOf(where, scheme), (session) => serve(session, meter), { ...raised, resume })
      return whereOf(listener.url)
    },

    async dial(where, raised) {
      return new Calls(await connect(urlOf(where, scheme), { ...raised, reconnect: resume }))
    },
  }
}

/** What the listening side does with a session, whatever it runs over. */
export function serve(session: Session, meter: Meter): void {
  session.handle('sink', (stream) => stream.receive(new Count(meter)))
  session.handle('stuck', () => {})
  session.handle('churn', (stream) => stream.receive(new Farewell(() => stream.end())))
  session.handleCall('echo', (bytes) => bytes)
}

/** The dialling side of a session, whatever it runs over. */
export class Calls implements Dialled {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  open(ready: () => void): Outlet {
    return new Writer(this.#session.open('sink'), ready)
  }

  stuck(ready: () => void): Outlet {
    return new Writer(this.#session.open('stuck'), ready)
  }

  churn(done: () => void): void {
    const stream = this.#session.open('churn')
    stream.receive(new Farewell(done))
    stream.write(BYTE)
    stream.end()
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    this.#session.call('echo', body).then(done, fatal)
  }
}

const BYTE = Uint8Array.of(0)

class Count implements Receiver {
  readonly #meter: Meter
  readonly #number: number

  constructor(meter: Meter) {
    this.#meter = meter
    this.#number = meter.opened()
  }

  data(bytes: Uint8Array): void {
    this.#meter.add(this.#number, bytes.length)
  }

  end(): void {}
  failed(): void {}
}

/** Waits for the other side's end. */
class Farewell implements Receiver {
  readonly end: () => void

  constructor(ended: () => void) {
    this.end = ended
  }

  data(): void {}

  failed(error: Error): void {
    fatal(error)
  }
}

class Writer implements Outlet {
  readonly #stream: Stream
  readonly #ready: () => void

  constructor(stream: Stream, ready: () => void) {
    this.#stream = stream
    this.#ready = ready
  }

  write(chunk: Uint8Array): boolean {
    if (this.#stream.write(chunk)) return true
    this.#stream.ready.then(this.#ready, fatal)
    return false
  }
}
