// What Node's documentation promises of a Duplex and of net.Socket about data: order, backpressure, reading in every manner.
// Each promise is a case to be run over real sockets first, which checks the case itself, then over ours.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { buffer, text } from 'node:stream/consumers'
import { pipeline as pipelineDone } from 'node:stream/promises'
import { type Case, collect, digest, gone, MiB, record, sourceOf, turn } from './duplex-view-kit.ts'

const writing: Case[] = [
  {
    name: 'what is written arrives, in order',
    async run({ make }) {
      const [a, b] = await make()
      const parts = Array.from({ length: 500 }, (_, i) => `${i},`)
      for (const part of parts) a.write(part)
      a.end()
      assert.equal(await text(b), parts.join(''))
      await gone(a)
    },
  },
  {
    name: 'both directions flow at once',
    async run({ make }) {
      const [a, b] = await make({ allowHalfOpen: true })
      const [up, down] = [randomBytes(3 * MiB), randomBytes(2 * MiB)]
      const [received, answered] = await Promise.all([
        collect(b),
        collect(a),
        pipelineDone(sourceOf(up), a),
        pipelineDone(sourceOf(down, 300_000), b),
      ])
      assert.equal(digest(received), digest(up))
      assert.equal(digest(answered), digest(down))
    },
  },
  {
    name: 'b.pipe(b) is an echo',
    async run({ make }) {
      const [a, b] = await make()
      const bytes = randomBytes(2 * MiB)
      b.pipe(b)
      sourceOf(bytes).pipe(a)
      assert.equal(digest(await buffer(a)), digest(bytes))
      await Promise.all([gone(a), gone(b)])
    },
  },
  {
    name: 'a.pipe(b).pipe(a) joins two connections into one',
    async run({ make }) {
      const [client, near] = await make({ allowHalfOpen: true })
      const [far, server] = await make({ allowHalfOpen: true })
      near.pipe(far).pipe(near)
      const bytes = randomBytes(MiB)
      const [received, answer] = [collect(server), collect(client)]
      server.write('greeting ')
      client.end(bytes)
      assert.equal(digest(await received), digest(bytes))
      server.end('and goodbye')
      assert.equal(String(await answer), 'greeting and goodbye')
      await Promise.all([gone(client), gone(near), gone(far), gone(server)])
    },
  },
  {
    name: 'write answers false above the high-water mark, and drain follows',
    async run({ make }) {
      const [a, b] = await make()
      let wrote = 0
      while (a.write(Buffer.alloc(65_536))) wrote++
      assert.equal(a.writableNeedDrain, true)
      b.resume()
      await once(a, 'drain')
      assert.equal(a.writableNeedDrain, false)
      a.end()
      await once(b, 'end')
      assert.ok(wrote < 1000)
    },
  },
  {
    name: 'a writer that nobody reads is held back, and the reader buffers little',
    async run({ make }) {
      const [a, b] = await make()
      const chunks = 64
      let taken = 0
      for (let i = 0; i < chunks; i++) a.write(Buffer.alloc(MiB), () => taken++)
      await once(b, 'readable')
      for (let i = 0; i < 20; i++) await turn()
      assert.ok(taken < chunks, `${taken} of ${chunks} MiB were taken`)
      assert.ok(b.readableLength <= b.readableHighWaterMark + 256 * 1024, `${b.readableLength} bytes lie unread`)
      a.end()
      let received = 0
      for await (const chunk of b) received += (chunk as Buffer).length
      assert.equal(received, chunks * MiB)
      assert.equal(taken, chunks)
    },
  },
  {
    name: 'callbacks of write come once each, in order, before that of end',
    async run({ make }) {
      const [a, b] = await make()
      const order: unknown[] = []
      b.resume()
      a.write('1', () => order.push(1))
      a.write('2', () => order.push(2))
      a.end('3', () => order.push('end'))
      a.once('finish', () => order.push('finish'))
      await gone(a)
      assert.deepEqual(
        order.filter((each) => typeof each === 'number'),
        [1, 2],
      )
      assert.ok(order.indexOf('end') >= 2 && order.length === 4)
    },
  },
  {
    name: 'cork keeps writes together until uncork',
    async run({ make }) {
      const [a, b] = await make()
      a.cork()
      for (let i = 0; i < 100; i++) a.write('x')
      assert.equal(a.writableLength, 100)
      a.uncork()
      a.end()
      assert.equal((await text(b)).length, 100)
    },
  },
  {
    name: 'pause holds data back, resume lets it flow',
    async run({ make }) {
      const [a, b] = await make()
      let received = 0
      b.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received === 1) b.pause()
      })
      a.write('1')
      while (received < 1) await turn()
      a.end(Buffer.alloc(100_000))
      for (let i = 0; i < 5; i++) await turn()
      assert.equal(received, 1)
      assert.equal(b.isPaused(), true)
      b.resume()
      await once(b, 'end')
      assert.equal(received, 100_001)
    },
  },
  {
    name: 'an empty write ends nothing and calls back',
    async run({ make }) {
      const [a, b] = await make()
      const seen = record(b)
      await new Promise((done) => void a.write('', done))
      a.write('x')
      b.resume()
      await once(b, 'data')
      assert.deepEqual(seen, [])
      a.destroy()
      b.on('error', () => {})
      await gone(b)
    },
  },
]

const reading: Case[] = [
  {
    name: 'setEncoding joins characters that were cut in two',
    async run({ make }) {
      const [a, b] = await make()
      b.setEncoding('utf8')
      const seen: string[] = []
      b.on('data', (part: string) => seen.push(part))
      for (const byte of Buffer.from('aé€😀')) await new Promise((done) => void a.write(Buffer.of(byte), done))
      a.end()
      await once(b, 'end')
      assert.equal(seen.join(''), 'aé€😀')
    },
  },
  {
    name: 'write takes text in the encoding it names',
    async run({ make }) {
      const [a, b] = await make()
      a.write('é', 'latin1')
      a.write('616263', 'hex')
      a.end('YQ==', 'base64')
      assert.deepEqual(await buffer(b), Buffer.from([0xe9, 0x61, 0x62, 0x63, 0x61]))
    },
  },
  {
    name: 'read(n) gives exactly n bytes, or null until they are there',
    async run({ make }) {
      const [a, b] = await make()
      a.write('abcdef')
      await once(b, 'readable')
      assert.equal(String(b.read(4)), 'abcd')
      assert.equal(b.read(4), null)
      a.end('gh')
      while (b.readableLength < 4) await turn()
      assert.equal(String(b.read(4)), 'efgh')
      b.resume()
      await once(b, 'end')
    },
  },
  {
    name: 'unshift puts bytes back',
    async run({ make }) {
      const [a, b] = await make()
      a.end('body')
      await once(b, 'readable')
      b.unshift(Buffer.from('head '))
      assert.equal(await text(b), 'head body')
    },
  },
  {
    name: 'async iteration gives everything and ends',
    async run({ make }) {
      const [a, b] = await make()
      const bytes = randomBytes(MiB)
      a.end(bytes)
      const chunks: Buffer[] = []
      for await (const chunk of b) chunks.push(chunk as Buffer)
      assert.equal(digest(Buffer.concat(chunks)), digest(bytes))
      assert.equal(b.readableEnded, true)
    },
  },
  {
    name: 'leaving async iteration early destroys',
    async run({ make }) {
      const [a, b] = await make()
      a.on('error', () => {})
      a.write('some')
      for await (const chunk of b) {
        assert.ok(chunk)
        break
      }
      assert.equal(b.destroyed, true)
      await gone(b)
    },
  },
  {
    name: 'end comes only when everything has been read',
    async run({ make }) {
      const [a, b] = await make()
      const seen = record(b)
      a.end('rest')
      await once(b, 'readable')
      for (let i = 0; i < 5; i++) await turn()
      assert.deepEqual(seen, [])
      assert.equal(String(b.read()), 'rest')
      await once(b, 'end')
    },
  },
  {
    name: 'no data comes after destroy in a data handler',
    async run({ make }) {
      const [a, b] = await make()
      a.on('error', () => {})
      let count = 0
      b.on('data', () => {
        count++
        b.destroy()
      })
      a.write(Buffer.alloc(MiB))
      await gone(b)
      assert.equal(count, 1)
    },
  },
]

export const dataCases: readonly Case[] = [...writing, ...reading]
