// What Node's documentation promises of a Duplex and of net.Socket about ends: clean ones, halves, failures, and users that
// build on all of it. Each promise is a case to be run over real sockets first, then over ours.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { addAbortSignal, PassThrough, pipeline, Readable, Writable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { finished, pipeline as pipelineDone } from 'node:stream/promises'
import { type Case, digest, gone, MiB, record, sourceOf, turn } from './duplex-view-kit.ts'

const ends: Case[] = [
  {
    name: 'a clean exchange is end and finish, then close, on both ends, and no error',
    async run({ make }) {
      const [a, b] = await make()
      const seen = [record(a), record(b)]
      a.resume()
      b.resume()
      a.end('bye')
      await Promise.all([gone(a), gone(b)])
      for (const events of seen) {
        assert.deepEqual([...events].sort(), ['close', 'end', 'finish'])
        assert.equal(events.at(-1), 'close')
      }
      for (const end of [a, b]) {
        assert.deepEqual(
          [end.readableEnded, end.writableEnded, end.writableFinished, end.destroyed, end.errored],
          [true, true, true, true, null],
        )
        assert.deepEqual([end.readable, end.writable], [false, false])
      }
    },
  },
  {
    name: 'without allowHalfOpen the end of one side ends the other',
    async run({ make }) {
      const [a, b] = await make()
      assert.equal(b.allowHalfOpen, false)
      b.resume()
      a.resume()
      a.end()
      await Promise.all([once(b, 'finish'), once(a, 'end')])
    },
  },
  {
    name: 'in the end event there is still time to write',
    async run({ make }) {
      const [a, b] = await make()
      b.resume()
      b.once('end', () => b.write('last words'))
      a.end()
      assert.equal(await text(a), 'last words')
    },
  },
  {
    name: 'with allowHalfOpen the other side goes on as long as it likes',
    async run({ make }) {
      const [a, b] = await make({ allowHalfOpen: true })
      a.end('question')
      assert.equal(b.allowHalfOpen, true)
      const asked: string[] = []
      b.setEncoding('utf8')
      b.on('data', (part: string) => asked.push(part))
      await once(b, 'end')
      for (let i = 0; i < 5; i++) await turn()
      assert.equal(b.writable, true)
      b.end(`answer to ${asked.join('')}`)
      assert.equal(await text(a), 'answer to question')
      await Promise.all([gone(a), gone(b)])
    },
  },
  {
    name: 'end twice is fine, end with a callback after finish is told so',
    async run({ make }) {
      const [a, b] = await make()
      b.resume()
      a.end()
      a.end()
      await once(a, 'finish')
      const error = await new Promise((done) => void a.end(done))
      assert.equal((error as NodeJS.ErrnoException).code, 'ERR_STREAM_ALREADY_FINISHED')
    },
  },
  {
    name: 'finished settles for each half, and for both',
    async run({ make }) {
      const [a, b] = await make({ allowHalfOpen: true })
      a.end('x')
      await finished(a, { readable: false })
      b.resume()
      await finished(b, { writable: false })
      b.end()
      a.resume()
      await Promise.all([finished(a), finished(b)])
    },
  },
  {
    name: 'pipeline through a pair of ends resolves when the last byte was written',
    async run({ make }) {
      const [a, b] = await make()
      const bytes = randomBytes(4 * MiB)
      const hash = createHash('sha256')
      let length = 0
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          length += chunk.length
          hash.update(chunk)
          setImmediate(done)
        },
      })
      await Promise.all([pipelineDone(sourceOf(bytes), a), pipelineDone(b, new PassThrough(), sink)])
      assert.equal(length, bytes.length)
      assert.equal(hash.digest('hex'), digest(bytes))
    },
  },
]

const failures: Case[] = [
  {
    name: 'destroy with an error gives error then close, and fails what waits',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      const seen = record(a)
      const why = new Error('enough')
      const results: unknown[] = []
      while (a.write(Buffer.alloc(65_536)));
      a.write('waits', (error) => results.push(error))
      assert.equal(a.destroy(why), a)
      assert.equal(a.destroyed, true)
      const [error] = (await once(a, 'error').catch((thrown: unknown) => [thrown])) as [unknown]
      assert.equal(error, why)
      await gone(a)
      assert.deepEqual(seen, ['error', 'close'])
      assert.equal(a.errored, why)
      assert.equal(results.length, 1)
      assert.ok(results[0] instanceof Error)
      b.resume()
      await gone(b)
    },
  },
  {
    name: 'destroy without an error gives close alone, once',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      const seen = record(a)
      a.destroy()
      a.destroy()
      await gone(a)
      await turn()
      assert.deepEqual(seen, ['close'])
      b.resume()
      await gone(b)
    },
  },
  {
    name: 'a connection broken off gives error then close, to a reader and to one who does nothing',
    async run({ make, breakOff }) {
      for (const reads of [true, false]) {
        const [a, b] = await make()
        const seen = record(a)
        if (reads) a.resume()
        b.on('error', () => {})
        breakOff(b)
        await gone(a)
        assert.deepEqual(seen, ['error', 'close'])
        assert.ok(a.errored instanceof Error)
      }
    },
  },
  {
    name: 'a connection broken off fails pipeline, finished, iteration and waiting writes',
    async run({ make, breakOff }) {
      const [a, b] = await make()
      b.on('error', () => {})
      let written = 0
      const endless = new Readable({
        read() {
          written++
          this.push(Buffer.alloc(65_536))
        },
      })
      const piped = pipelineDone(endless, a)
      const over = finished(a)
      const iterated = (async () => {
        for await (const chunk of a) assert.ok(chunk)
      })()
      await once(b, 'readable')
      breakOff(b)
      const results = await Promise.allSettled([piped, over, iterated])
      assert.deepEqual(
        results.map((result) => result.status),
        ['rejected', 'rejected', 'rejected'],
      )
      assert.ok(written > 0)
      assert.equal(endless.destroyed, true)
    },
  },
  {
    name: 'pipeline destroys the other end of a source that fails',
    async run({ make }) {
      const [a, b] = await make()
      const why = new Error('source failed')
      const source = new Readable({ read() {} })
      source.push('part')
      const failed = new Promise((done) => void pipeline(source, a, done))
      b.on('error', () => {})
      b.resume()
      await once(b, 'data')
      source.destroy(why)
      assert.equal(await failed, why)
      assert.equal(a.destroyed, true)
      await Promise.all([gone(a), gone(b)])
    },
  },
  {
    name: 'write after end is an error to the callback and the event',
    async run({ make }) {
      const [a, b] = await make()
      b.resume()
      b.on('error', () => {})
      a.end()
      const [error] = (await Promise.all([
        once(a, 'error'),
        new Promise((done) => void a.write('late', done)).then((given) =>
          assert.equal((given as NodeJS.ErrnoException).code, 'ERR_STREAM_WRITE_AFTER_END'),
        ),
      ]).then(([thrown]) => thrown)) as [NodeJS.ErrnoException]
      assert.equal(error.code, 'ERR_STREAM_WRITE_AFTER_END')
      await Promise.all([gone(a), gone(b)])
    },
  },
  {
    name: 'write after destroy fails its callback, and emits nothing',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      const seen = record(a)
      a.destroy()
      const error = await new Promise((done) => void a.write('late', done))
      assert.equal((error as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED')
      await gone(a)
      await turn()
      assert.deepEqual(seen, ['close'])
      b.resume()
      await gone(b)
    },
  },
  {
    name: 'what cannot be written is thrown at once',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      assert.throws(() => a.write(null), { code: 'ERR_STREAM_NULL_VALUES' })
      assert.throws(() => a.write({}), { code: 'ERR_INVALID_ARG_TYPE' })
      a.destroy()
      b.resume()
      await gone(b)
    },
  },
  {
    name: 'an aborted signal destroys',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      const controller = new AbortController()
      addAbortSignal(controller.signal, a)
      const failed = once(a, 'error').catch((error: unknown) => [error])
      controller.abort()
      const [error] = (await failed) as [Error]
      assert.equal(error.name, 'AbortError')
      b.resume()
      await Promise.all([gone(a), gone(b)])
    },
  },
]

const users: Case[] = [
  {
    name: 'HTTP runs over it, kept alive and chunked',
    async run({ make }) {
      const [a, b] = await make()
      b.on('error', () => {})
      const server = createServer((incoming, response) => incoming.pipe(response))
      server.emit('connection', b)
      const body = randomBytes(300_000)
      const outgoing = request({
        createConnection: () => a,
        method: 'POST',
        headers: { 'transfer-encoding': 'chunked' },
      })
      const responded = once(outgoing, 'response') as Promise<[Readable & { statusCode: number }]>
      sourceOf(body).pipe(outgoing)
      const [response] = await responded
      assert.equal(response.statusCode, 200)
      assert.equal(digest(await buffer(response)), digest(body))
      a.destroy()
      await gone(b)
    },
  },
]

export const endCases: readonly Case[] = [...ends, ...failures, ...users]
