// What the tests of resumption over real sockets share: a proxy whose connections can be cut, and a session that goes through it.

import { createServer, connect as dialSocket, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { connect, type Listener, type ListenOptions, listen, type Session } from 'braidwire'

/** A proxy whose connections can be cut. */
export class CuttingProxy {
  readonly sockets = new Set<Socket>()
  cuts = 0
  readonly #server: Server
  #refusing = false

  constructor(to: number) {
    this.#server = createServer((near) => {
      if (this.#refusing) return near.destroy()
      const far = dialSocket(to, '127.0.0.1')
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        one.setNoDelay() // small steps back and forth would wait for each other
        one.on('error', () => {})
        one.on('close', () => other.destroy())
        one.pipe(other)
        this.sockets.add(one)
      }
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as { port: number }
    return `tcp://127.0.0.1:${port}`
  }

  cut(): void {
    this.cuts++
    for (const socket of this.sockets) socket.resetAndDestroy()
    this.sockets.clear()
  }

  refuse(refusing: boolean): void {
    this.#refusing = refusing
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

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
  readonly proxy: CuttingProxy
  readonly session: Session
}

/** A session through a proxy to a listener that keeps sessions. */
export async function world(
  t: TestContext,
  onSession: (session: Session) => unknown,
  options: ListenOptions = {},
): Promise<World> {
  const listener = await listen('tcp://127.0.0.1:0', onSession, { resume: { keepMs: 10_000 }, ...options })
  const proxy = new CuttingProxy(Number(new URL(listener.url).port))
  const url = await proxy.listen()
  t.after(async () => {
    await listener.close()
    await proxy.close()
  })
  const session = await connect(url, { reconnect: true })
  t.after(() => session.close())
  await session.ping()
  return { listener, proxy, session }
}
