// Braidwire for code that speaks Node's streams: every stream through a Duplex view, on both sides.

import { connect, listen, type Session } from 'braidwire'
import { duplex } from 'braidwire/node'
import type { Adapter, Dialled, Outlet } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { urlOf, whereOf } from './braidwire-where.ts'

const BYTE = Uint8Array.of(0)

export const braidwireView: Adapter = {
  async listen(meter, raised, where) {
    const serve = (session: Session): void => {
      session.handle('sink', (stream) => {
        const number = meter.opened()
        const view = duplex(stream)
        view.on('data', (chunk: Buffer) => meter.add(number, chunk.length))
        // The dialling process is gone, and its streams with it: bytes that are missing show elsewhere.
        view.on('error', () => {})
      })
      session.handle('churn', (stream) => {
        const view = duplex(stream, { allowHalfOpen: true })
        view.on('error', fatal)
        view.on('end', () => view.end())
        view.resume()
      })
      session.handleCall('echo', (bytes) => bytes)
    }
    return whereOf((await listen(urlOf(where), serve, raised)).url)
  },

  async dial(where, raised) {
    return new Views(await connect(urlOf(where), raised))
  },
}

class Views implements Dialled {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  open(ready: () => void): Outlet {
    const view = duplex(this.#session.open('sink'))
    view.on('error', fatal)
    view.on('drain', ready)
    return view
  }

  churn(done: () => void): void {
    const view = duplex(this.#session.open('churn'))
    view.on('error', fatal)
    view.on('end', done)
    view.resume()
    view.end(BYTE)
  }

  call(body: Uint8Array, done: (reply: Uint8Array) => void): void {
    this.#session.call('echo', body).then(done, fatal)
  }
}
