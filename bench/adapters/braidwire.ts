// Braidwire as its README shows it: `write` until false, then `ready`; `receive` for bytes; `call` for calls.

import { connect, listen, type Receiver, type Session, type Stream } from 'braidwire'
import type { Adapter, Dialled, Meter, Outlet } from '../adapter.ts'

export const braidwire: Adapter = adapter(false)

/** The same with sessions that would outlive their connection. */
export const braidwireResume: Adapter = adapter(true)

function adapter(resume: boolean): Adapter {
  return {
    async listen(meter, raised) {
      const listener = await listen(
        'tcp://127.0.0.1:0',
        (session) => {
          session.handle('sink', (stream) => stream.receive(new Count(meter)))
          session.handleCall('echo', (bytes) => bytes)
        },
        { ...raised, resume },
      )
      return Number(new URL(listener.url).port)
    },

    async dial(port, raised) {
      return new Calls(await connect(`tcp://127.0.0.1:${port}`, { ...raised, reconnect: resume }))
    },
  }
}

class Calls implements Dialled {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  open(ready: () => void): Outlet {
    return new Writer(this.#session.open('sink'), ready)
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    this.#session.call('echo', body).then(done, fatal)
  }
}

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

/** A failed call or stream would spoil the figures in silence: let the process end with it. */
function fatal(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
