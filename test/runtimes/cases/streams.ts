// Streams and messages in every runtime, over every transport: order, backpressure, half close, reset, metadata, boundaries.

import type { Stream } from 'braidwire'
import { check, fails, fits, moment, pattern, readPattern, same } from '../check.ts'
import type { Case } from '../suite.ts'

const MiB = 1024 * 1024

/** Sends so many bytes of the pattern in pieces of uneven sizes, as fast as they are taken. */
async function sendPattern(stream: Stream, length: number): Promise<void> {
  for (let sent = 0, piece = 1; sent < length; piece = (piece * 7 + 13) % 90_000) {
    const bytes = pattern(Math.min(piece + 1, length - sent), sent)
    sent += bytes.length
    if (!stream.write(bytes)) await stream.ready
  }
  stream.end()
}

async function echo(stream: Stream): Promise<void> {
  for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
  stream.end()
}

export const streamCases: readonly Case[] = [
  {
    name: 'bytes come whole and in order, both ways at once',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('echo', echo)
      const stream = dialer.open('echo')
      await Promise.all([sendPattern(stream, 3 * MiB), readPattern(stream, 3 * MiB)])
      same(await stream.closed, undefined, 'the end')
    },
  },
  {
    name: 'a reader that waits holds up its writer and nobody else',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('echo', echo)
      const opened = acceptor.take('slow')
      const writer = dialer.open('slow')
      let written = 0
      let room = true
      while (room) {
        do {
          check(written < 64 * MiB, '64 MiB were taken though nobody reads')
          room = writer.write(pattern(64 * 1024, written))
          written += 64 * 1024
        } while (room)
        // Where it fails, what is read below fails too.
        writer.ready.then(
          () => {
            room = true
          },
          () => {},
        )
        // Much later, by what else has gone over the same transport meanwhile, there may be room again, but not for ever.
        const other = dialer.open('echo')
        await Promise.all([sendPattern(other, MiB), readPattern(other, MiB)])
      }
      writer.end()
      await readPattern(await opened, written)
      check(room, 'there is no room though all was read')
    },
  },
  {
    name: 'each half ends by itself, the last one with a trailer',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('half')
      const near = dialer.open('half')
      near.end({ said: 'all' })
      const far = await opened
      await readPattern(far, 0)
      same(far.trailer, { said: 'all' }, 'the trailer')
      await Promise.all([sendPattern(far, 100_000), readPattern(near, 100_000)])
      same([await near.closed, await far.closed], [undefined, undefined], 'the ends')
    },
  },
  {
    name: 'reset tells the other side the code and the reason',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('reset')
      const near = dialer.open('reset')
      near.write(pattern(10))
      const far = await opened
      far.reset(77, 'no longer')
      const error = await near.closed
      same([error?.code, error?.number, error?.reason, error?.initiator], ['BRAID_RESET', 77, 'no longer', 'remote'])
      await fails(near.readable(), 'RESET')
    },
  },
  {
    name: 'leaving a loop tells the other side to send no more, and what this side sends goes on',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('half')
      const near = dialer.open('half')
      near.write(pattern(1))
      const far = await opened
      const pouring = (async () => {
        for (;;) if (!far.write(pattern(10_000))) await far.ready
      })()
      for await (const _ of near) break
      await fails(pouring, 'CANCELLED')
      near.end()
      await readPattern(far, 1)
    },
  },
  {
    name: 'metadata goes there, and an answer comes back before any byte',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('ask*', (stream) => {
        stream.accept(stream.meta)
        stream.end()
      })
      const stream = dialer.open('asked', { meta: { path: 'ä/ö', n: 7 }, confirm: true })
      same(await stream.accepted, { path: 'ä/ö', n: 7 }, 'the answer')
      stream.end()
      same(await stream.closed, undefined, 'the end')
    },
  },
  {
    name: 'three hundred streams at once keep apart',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('echo', echo)
      const lengths = Array.from({ length: 300 }, (_, index) => (index * 997) % 20_000)
      await Promise.all(
        lengths.map(async (length) => {
          const stream = dialer.open('echo')
          await Promise.all([sendPattern(stream, length), readPattern(stream, length)])
        }),
      )
      same([dialer.stats().streamsOpen, acceptor.stats().streamsOpen], [0, 0], 'what is left open')
    },
  },
  {
    name: 'messages of a stream keep their boundaries, also empty and large ones',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const lengths = [0, 1, 70_000, 0, 1000, MiB]
      acceptor.handle('lines', async (stream) => {
        for await (const message of stream.messages()) if (!stream.send(message)) await stream.ready
        stream.end()
      })
      const stream = dialer.open('lines')
      const seen: number[] = []
      const reading = (async () => {
        for await (const message of stream.messages()) {
          check(fits(message), 'a message is not what was sent')
          seen.push(message.length)
        }
      })()
      for (const length of lengths) if (!stream.send(pattern(length))) await stream.ready
      stream.end()
      await reading
      same(seen, lengths, 'the lengths')
    },
  },
  {
    name: 'one-way messages come in order',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const seen: number[] = []
      acceptor.handleMessage((bytes) => void seen.push(bytes.length))
      const lengths = Array.from({ length: 200 }, (_, index) => index)
      await Promise.all(lengths.map((length) => dialer.message(pattern(length))))
      same(seen, lengths, 'the lengths')
    },
  },
  {
    name: 'a handler that throws harms its own stream and no other',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      acceptor.handle('echo', echo)
      acceptor.handle('broken', () => {
        throw new Error('broken')
      })
      const [good, bad] = [dialer.open('echo'), dialer.open('broken')]
      same((await bad.closed)?.code, 'BRAID_INTERNAL', 'the error')
      await Promise.all([sendPattern(good, 1000), readPattern(good, 1000)])
    },
  },
  {
    name: 'a stream nobody takes is refused, with its name',
    async run({ join }) {
      const { dialer } = await join({}, { handlerWaitMs: 10 })
      const error = await dialer.open('nobody').closed
      same([error?.code, error?.executed], ['BRAID_REFUSED', 'no'])
      check(error?.message.includes('nobody') === true, `the name is missing in "${error?.message}"`)
    },
  },
  {
    name: 'a signal given to open resets the stream when it aborts',
    async run({ join }) {
      const { dialer, acceptor } = await join()
      const opened = acceptor.take('long')
      const controller = new AbortController()
      const near = dialer.open('long', { signal: controller.signal })
      near.write(pattern(1))
      const far = await opened
      const told = moment()
      far.signal.addEventListener('abort', () => told.resolve(), { once: true })
      controller.abort()
      same((await near.closed)?.code, 'BRAID_CANCELLED', 'the error here')
      await told.promise
      same((await far.closed)?.code, 'BRAID_CANCELLED', 'the error there')
    },
  },
]
