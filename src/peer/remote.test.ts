// A remote for the tests of peers: sessions over memory that a test lets come, refuses, cuts and drains.

import { setImmediate as turn } from 'node:timers/promises'
import type { Session } from '../session/session.ts'
import { connectSession, startSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { memory } from '../transports/memory.ts'

/** One session, seen from the remote. */
export interface Served {
  readonly session: Session
  /** The connection breaks, without a goodbye. */
  cut(): void
}

/** Lets everything happen that is going to without time passing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn()
}

export class RemoteSide {
  readonly served: Served[] = []
  dials = 0
  /** Why dialling fails, while it does. */
  down: Error | undefined
  /** While set, dialling waits for it. */
  gate: Promise<void> | undefined
  /** What is set up on each session of the remote. */
  serve: (session: Session, index: number) => unknown
  maxCalls = 256

  constructor(serve: (session: Session, index: number) => unknown = () => {}) {
    this.serve = serve
  }

  get last(): Served {
    return this.served.at(-1) as Served
  }

  readonly dial = async (): Promise<Session> => {
    this.dials++
    await this.gate
    if (this.down !== undefined) throw this.down
    const [near, far] = memory()
    const index = this.served.length
    const { maxCalls } = this
    const session = startSession(far, { maxCalls }, 'listener', (admitted) => this.serve(admitted, index))
    this.served.push({ session, cut: () => breakOff(near, far) })
    return connectSession(near)
  }
}

function breakOff(near: Transport, far: Transport): void {
  near.close()
  far.close()
}
