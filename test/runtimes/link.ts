// Links: the ways two sessions of one program are joined, so that each case runs over every transport a runtime has.

import { connect, type Listener, listen, type Session, type SessionOptions } from 'braidwire'
import type { TransportSubject } from '../conformance/transport.ts'
import { subjects } from '../conformance/transport-subjects.ts'

/** Two sessions joined to each other, and what ends both. */
export interface Joined {
  readonly dialer: Session
  readonly acceptor: Session
  end(): Promise<void>
}

/** One transport, as far as the suite need know it. */
export interface Link {
  /** The column of the table. */
  readonly name: string
  join(dialer: SessionOptions, acceptor: SessionOptions): Promise<Joined>
}

/** Joins by the two ends that a conformance subject makes. */
export function carried({ name, pair }: TransportSubject): Link {
  return {
    name,
    async join(dialer, acceptor) {
      const { near, far, dispose } = await pair()
      const both = await joined(
        (onSession) => listen(far, onSession, acceptor),
        () => connect(near, dialer),
      )
      const end = async () => {
        await both.end()
        await dispose?.()
      }
      return { ...both, end }
    },
  }
}

/** Joins by an address: what is listened on says where to dial. */
export function addressed(name: string, address: () => string): Link {
  return {
    name,
    join: (dialer, acceptor) =>
      joined(
        (onSession) => listen(address() as never, onSession, acceptor),
        (url) => connect(url as never, dialer),
      ),
  }
}

/** For cases that need a link and care not which. */
export const inMemory = carried(subjects[0]!)

async function joined(
  begin: (onSession: (session: Session) => void) => Promise<Listener>,
  dial: (url: string) => Promise<Session>,
): Promise<Joined> {
  let accepted: (session: Session) => void = () => {}
  const arrival = new Promise<Session>((resolve) => {
    accepted = resolve
  })
  const listener = await begin(accepted)
  const end = async (session?: Session): Promise<void> => {
    await session?.close()
    await listener.close()
  }
  try {
    const dialer = await dial(listener.url)
    // Who is refused learns it when it is connected already.
    const refusal = dialer.closed.then((error) => Promise.reject(error ?? new Error('the other side closed it')))
    const acceptor = await Promise.race([arrival, refusal])
    refusal.catch(() => {})
    return { dialer, acceptor, end: () => end(dialer) }
  } catch (error) {
    await end()
    throw error
  }
}
