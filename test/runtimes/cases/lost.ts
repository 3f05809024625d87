// What outlives a lost connection, in every runtime: sessions that are resumed, peers that dial again. Over memory transports that
// this file can cut; and what connect and listen refuse.

import { connect, LiveListener, listen, type Session, type Transport, type TransportSink } from 'braidwire'
import { peer } from 'braidwire/peer'
import { memory } from 'braidwire/transport/memory'
import { check, fails, pattern, readPattern, same } from '../check.ts'
import type { Case } from '../suite.ts'

/** Two ends in memory that can be cut: what is on its way is lost, and neither hears a goodbye. */
function cable(): { readonly near: Transport; readonly far: Transport; cut(): void } {
  const ends = memory().map((inner) => new Cuttable(inner)) as [Cuttable, Cuttable]
  return {
    near: ends[0],
    far: ends[1],
    cut: () => {
      for (const end of ends) end.cut()
    },
  }
}

class Cuttable implements Transport {
  readonly remote: string
  readonly confidential = true
  readonly #inner: Transport
  #sink: TransportSink | undefined
  #over = false

  constructor(inner: Transport) {
    this.#inner = inner
    this.remote = inner.remote
  }

  start(sink: TransportSink): void {
    this.#sink = sink
    this.#inner.start({
      bytes: (chunk) => {
        if (!this.#over) sink.bytes(chunk)
      },
      drained: () => {
        if (!this.#over) sink.drained()
      },
      closed: (error) => this.#end(error),
    })
  }

  send(chunks: Uint8Array[]): boolean {
    return this.#over || this.#inner.send(chunks)
  }

  pause(): void {
    this.#inner.pause?.()
  }

  resume(): void {
    this.#inner.resume?.()
  }

  close(): void {
    this.#inner.close()
  }

  cut(): void {
    this.#end(new Error('cut'))
    this.#inner.close()
  }

  #end(error: Error | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed(error)
  }
}

/** A listener that keeps sessions, and what dials it; `cut` cuts the newest connection. */
function world(onSession: (session: Session) => unknown, keeps: boolean) {
  const listener = new LiveListener(onSession, { resume: keeps })
  const cables: ReturnType<typeof cable>[] = []
  const dial = async (): Promise<Transport> => {
    const made = cable()
    cables.push(made)
    listener.accept(made.far)
    return made.near
  }
  return { listener, dial, cut: () => cables.at(-1)?.cut(), dials: () => cables.length }
}

const random = () => 0

export const lostCases: readonly Case[] = [
  {
    name: 'a session goes on over another connection, with nothing lost or doubled',
    async run() {
      let calls = 0
      const { listener, dial, cut, dials } = world((session) => {
        session.handle('echo', async (stream) => {
          for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
          stream.end()
        })
        session.handleCall('count', () => Uint8Array.of(++calls))
      }, true)
      const session = await connect(await dial(), { reconnect: dial, random })
      const length = 2_000_000
      const stream = session.open('echo')
      const reading = readPattern(stream, length)
      const answers: number[] = []
      for (let sent = 0; sent < length; sent += 50_000) {
        if (!stream.write(pattern(50_000, sent))) await stream.ready
        if (sent % 500_000 === 250_000) {
          const call = session.call('count', new Uint8Array())
          cut()
          answers.push((await call)[0]!)
        }
      }
      stream.end()
      await reading
      same([answers, calls, dials()], [[1, 2, 3, 4], 4, 5], 'calls and dials')
      await session.close()
      await listener.close()
    },
  },
  {
    name: 'a session that cannot be resumed ends all that was under way',
    async run() {
      const { listener, dial, cut } = world((session) => session.handleCall('wait', () => new Promise(() => {})), false)
      const session = await connect(await dial())
      const call = session.call('wait', new Uint8Array())
      const stream = session.open('any')
      await session.ping()
      cut()
      same((await fails(call, 'TRANSPORT_LOST')).executed, 'maybe')
      same((await stream.closed)?.code, 'BRAID_TRANSPORT_LOST', 'the stream')
      same((await session.closed)?.code, 'BRAID_TRANSPORT_LOST', 'the session')
      await listener.close()
    },
  },
  {
    name: 'a peer dials again, and what was begun meanwhile waits for it',
    async run() {
      const { listener, dial, cut, dials } = world((session) => {
        session.handleCall('echo', (bytes) => bytes.slice())
      }, false)
      const remote = peer(async (signal: AbortSignal) => connect(await dial(), { signal }), { random })
      same([...(await remote.call('echo', Uint8Array.of(1)))], [1], 'the first answer')
      cut()
      same([...(await remote.call('echo', Uint8Array.of(2)))], [2], 'the second answer')
      same(dials(), 2, 'dials')
      await remote.close()
      same(await remote.closed, undefined, 'the end')
      await listener.close()
    },
  },
  {
    name: 'what is no carrier is refused, and so is an option out of its bounds',
    async run() {
      for (const target of [null, 7, {}, () => {}]) {
        const refused = await connect(target as never).then(
          () => undefined,
          (error: unknown) => error,
        )
        check(refused instanceof TypeError, `connect refuses ${String(target)} with ${String(refused)}`)
      }
      const [near, far] = memory()
      await fails(connect(near, { maxMessage: 0 }), 'INVALID_INPUT')
      await fails(
        listen(far, () => {}, { handlerWaitMs: -1 }),
        'INVALID_INPUT',
      )
    },
  },
  {
    name: 'connecting is given up by its signal',
    async run() {
      const [near] = memory()
      const controller = new AbortController()
      const connecting = connect(near, { signal: controller.signal })
      controller.abort()
      await fails(connecting, 'CANCELLED')
    },
  },
]
