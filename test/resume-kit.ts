// What the tests of resumption over real sockets share: a session that goes through it.

import type { TestContext } from 'node:test'
import { connect, type Listener, type ListenOptions, listen, type Session } from 'braidwire'
import { TcpProxy } from './network/proxy.ts'

/** Cuts the connection, and waits until the session goes on over the next. */
export async function cutAndResume({ proxy, session }: World): Promise<void> {
  let detached = false
  const states = session.states()
  proxy.cut()
  for await (const state of states) {
    if (detached && state !== 'detached') return
    detached ||= state === 'detached'
  }
}

export interface World {
  readonly listener: Listener
  readonly proxy: TcpProxy
  readonly session: Session
}

/** A session through a proxy to a listener that keeps sessions. */
export async function world(
  t: TestContext,
  onSession: (session: Session) => unknown,
  options: ListenOptions = {},
): Promise<World> {
  const listener = await listen('tcp://127.0.0.1:0', onSession, { resume: { keepMs: 10_000 }, ...options })
  const proxy = await TcpProxy.to(Number(new URL(listener.url).port))
  t.after(async () => {
    await listener.close()
    await proxy.close()
  })
  const session = await connect(proxy.url, { reconnect: true })
  t.after(() => session.close())
  await session.ping()
  return { listener, proxy, session }
}
