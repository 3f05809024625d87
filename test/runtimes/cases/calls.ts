// Calls of bytes, and the life of a session, in every runtime, over every transport.

import { BraidError } from 'braidwire'
import { check, fails, fits, moment, pattern, readPattern, same } from '../check.ts'
import type { Case } from '../suite.ts'

export const callCases: readonly Case[] = [
  {
    name: 'calls are answered from either side, large ones too',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handleCall('echo', (bytes) => bytes.slice())
      dialer.handleCall('size', async (bytes) => Uint8Array.of(bytes.length & 0xff))
      for (const length of [0, 1, 5_000, 3_000_000]) {
        const result = await dialer.call('echo', pattern(length))
        check(result.length === length && fits(result), `${length} bytes did not come back`)
      }
      same([...(await acceptor.call('size', pattern(9)))], [9], 'the size')
    },
  },
  {
    name: 'a thousand calls at once find their answers',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handleCall('next', async ([high = 0, low = 0]) => {
        const next = high * 256 + low + 1
        return Uint8Array.of(next >> 8, next & 0xff)
      })
      const numbers = Array.from({ length: 1000 }, (_, index) => index)
      const results = await Promise.all(numbers.map((n) => dialer.call('next', Uint8Array.of(n >> 8, n & 0xff))))
      same(
        results.map(([high = 0, low = 0]) => high * 256 + low - 1),
        numbers,
        'the answers',
      )
    },
  },
  {
    name: 'a call that is given up ends here at once, and its handler is told',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const [begun, told] = [moment(), moment()]
      acceptor.handleCall('wait', async (_, { signal }) => {
        signal.addEventListener('abort', () => told.resolve(), { once: true })
        begun.resolve()
        await told.promise
        return new Uint8Array()
      })
      const controller = new AbortController()
      const call = dialer.call('wait', new Uint8Array(), { signal: controller.signal })
      await begun.promise
      controller.abort()
      await fails(call, 'CANCELLED')
      await told.promise
    },
  },
  {
    name: 'a deadline travels, and ends the call on both sides',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const told = moment()
      let left: number | undefined
      acceptor.handleCall('wait', async (_, context) => {
        left = context.remaining()
        context.signal.addEventListener('abort', () => told.resolve(), { once: true })
        await told.promise
        throw context.signal.reason
      })
      await fails(dialer.call('wait', new Uint8Array(), { timeout: 200 }), 'DEADLINE')
      await told.promise
      check(left !== undefined && left > 0 && left <= 200, `${left} ms were left over there`)
    },
  },
  {
    name: 'a handler that fails tells a code, and of unexpected errors no more than that',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handleCall('deny', () => {
        throw new BraidError('DENIED', 'not you')
      })
      acceptor.handleCall('break', () => {
        throw new Error('password is tea')
      })
      await fails(dialer.call('deny', new Uint8Array()), 'DENIED')
      const error = await fails(dialer.call('break', new Uint8Array()), 'INTERNAL')
      check(!error.message.includes('tea'), 'the text went out')
      same((await fails(dialer.call('none', new Uint8Array()), 'UNIMPLEMENTED')).executed, 'no')
    },
  },
  {
    name: 'ping answers, and the counts of a session are there',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      check((await dialer.ping()) >= 0 && (await acceptor.ping()) >= 0, 'a round trip took less than nothing')
      same([dialer.state, acceptor.state, dialer.stats().streamsOpen], ['ready', 'ready', 0])
    },
  },
  {
    name: 'close ends what is open on both sides, cleanly',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('open')
      const near = dialer.open('open')
      near.write(pattern(1))
      const far = await opened
      const begun = moment()
      dialer.handleCall('wait', () => {
        begun.resolve()
        return new Promise(() => {})
      })
      const call = acceptor.call('wait', new Uint8Array())
      const failing = fails(call, 'CLOSED')
      await begun.promise
      await dialer.close()
      same([(await near.closed)?.code, (await far.closed)?.code], ['BRAID_CLOSED', 'BRAID_CLOSED'], 'the streams')
      await failing
      same([await dialer.closed, await acceptor.closed], [undefined, undefined], 'the sessions')
      same([dialer.state, acceptor.state], ['closed', 'closed'])
    },
  },
  {
    name: 'drain lets what is under way end, and takes nothing new',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const [begun, go] = [moment(), moment()]
      acceptor.handleCall('wait', async () => {
        begun.resolve()
        await go.promise
        return Uint8Array.of(1)
      })
      const call = dialer.call('wait', new Uint8Array())
      await begun.promise
      const drained = acceptor.drain(10_000)
      while (dialer.state === 'ready') await dialer.ping()
      same((await fails(dialer.call('wait', new Uint8Array()), 'GOING_AWAY')).executed, 'no')
      go.resolve()
      same([...(await call)], [1], 'the call under way')
      same(await drained, { streams: 0, calls: 0 }, 'what was cut')
    },
  },
  {
    name: 'sessions and streams dispose of themselves',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('open')
      const near = dialer.open('open')
      near.write(pattern(1))
      const far = await opened
      await near[Symbol.asyncDispose]()
      same((await far.closed)?.code, 'BRAID_CANCELLED', 'the stream')
      await dialer[Symbol.asyncDispose]()
      same(await acceptor.closed, undefined, 'the session')
    },
  },
  {
    name: 'authorize sees the token, and what it refuses learns why',
    async run({ join }) {
      const authorize = (token: Uint8Array) => ({
        authorize: ({ remote }: { remote: { auth: Uint8Array } }) => {
          if (remote.auth[0] !== token[0]) throw new BraidError('DENIED', 'wrong token')
          return 'ada'
        },
      })
      const { acceptor } = await join({ auth: Uint8Array.of(7) }, authorize(Uint8Array.of(7)))
      same(acceptor.principal, 'ada', 'the principal')
      await fails(join({ auth: Uint8Array.of(8) }, authorize(Uint8Array.of(7))), 'DENIED')
    },
  },
  {
    name: 'bulk in both directions does not keep a call from its answer',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handleCall('echo', (bytes) => bytes.slice())
      const MiBs = 8 * 1024 * 1024
      const pour = async (stream: { write(chunk: Uint8Array): boolean; ready: Promise<void>; end(): void }) => {
        for (let sent = 0; sent < MiBs; sent += 65_536) if (!stream.write(pattern(65_536, sent))) await stream.ready
        stream.end()
      }
      const opened = acceptor.take('bulk')
      const near = dialer.open('bulk')
      near.write(new Uint8Array())
      const far = await opened
      const bulk = Promise.all([pour(near), pour(far), readPattern(near, MiBs), readPattern(far, MiBs)])
      let over = false
      const ended = bulk.then(() => {
        over = true
      })
      for (let n = 0; n < 20 && !over; n++) same([...(await dialer.call('echo', Uint8Array.of(n)))], [n], 'the answer')
      await ended
    },
  },
]
