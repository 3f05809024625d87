// Byte streams anywhere in a value, of every kind, in both directions, with their ends and failures.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { BraidError, type Session, type Stream } from 'braidwire'
import { expose, forward, procedure, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'

type Both = readonly [server: Session, client: Session]

function sessions(t: TestContext): Both {
  const both = pair()
  t.after(() => both[0].close())
  return both
}

async function rounds({ 0: server, 1: client }: Both): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await client.ping()
    await server.ping()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const streamsOf = (both: Both): number => both[0].stats().streamsOpen + both[1].stats().streamsOpen
const code = (name: string) => (error: unknown) => error instanceof BraidError && error.code === `BRAID_${name}`
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const bytesFrom = (...chunks: string[]): Readable =>
  Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  )

async function collect(from: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of from) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Gives back what it reads, in capitals. */
async function shout(stream: Stream): Promise<void> {
  for await (const chunk of stream) stream.write(bytesOf(Buffer.from(chunk).toString().toUpperCase()))
  stream.end()
}

/** A web stream of these chunks that stays open, and why it was given up. */
function webReadable(...chunks: string[]): { stream: ReadableStream<Uint8Array>; cancelled: unknown[] } {
  const cancelled: unknown[] = []
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytesOf(chunk))
      if (chunks.length > 0) controller.close()
    },
    cancel: (reason) => void cancelled.push(reason),
  })
  return { stream, cancelled }
}

function webWritable(): { stream: WritableStream<Uint8Array>; seen: string[] } {
  const seen: string[] = []
  const stream = new WritableStream<Uint8Array>({
    write: (chunk) => void seen.push(Buffer.from(chunk).toString()),
    close: () => void seen.push('closed'),
    abort: () => void seen.push('aborted'),
  })
  return { stream, seen }
}

test('what can be read, of every kind, several in one value, as arguments', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    all: ({ list }: { list: Stream[] }, named: Map<string, Stream>) =>
      Promise.all([...list, named.get('pass') as Stream].map(collect)),
  })
  both[0].handle('plain', (stream) => {
    stream.write(bytesOf('plain'))
    stream.end()
  })
  const pass = new PassThrough()
  pass.end('pass')
  const list = [bytesFrom('no', 'de'), both[1].open('plain'), webReadable('w', 'eb').stream]
  const texts = await wrap(both[1]).all!({ list }, new Map([['pass', pass]]))
  assert.deepEqual(texts, ['node', 'plain', 'web', 'pass'])
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('what can be read, of every kind, several in one value, as results', async (t) => {
  const both = sessions(t)
  const api = {
    alone: () => bytesFrom('al', 'one'),
    async many() {
      return { node: bytesFrom('node'), list: [webReadable('web').stream], items: numbers() }
    },
    large: () => Readable.from(Array(50).fill(Buffer.alloc(100_000, 7)), { objectMode: false }),
    lines: () => Readable.from(['one', 'two']),
  }
  async function* numbers(): AsyncGenerator<number> {
    yield 1
    yield 2
  }
  expose(both[0], api)
  const remote = wrap(both[1])
  assert.equal(await collect((await remote.alone!()) as Stream), 'alone')
  const many = (await remote.many!()) as { node: Stream; list: Stream[]; items: AsyncIterable<number> }
  const seen: number[] = []
  for await (const n of many.items) seen.push(n)
  assert.deepEqual([await collect(many.list[0]!), await collect(many.node), seen], ['web', 'node', [1, 2]])
  assert.equal((await collect((await remote.large!()) as Stream)).length, 5_000_000)
  const lines: unknown[] = []
  for await (const line of (await remote.lines!()) as AsyncIterable<string>) lines.push(line)
  assert.deepEqual(lines, ['one', 'two'])
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a duplex that is read no further takes what is said to it, and goes then', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    async reply(stream: Stream) {
      for await (const chunk of stream) {
        stream.write(bytesOf(`${Buffer.from(chunk)} too`))
        break
      }
    },
  })
  const remote = wrap(both[1])
  const written: string[] = []
  const talk = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  talk.push('more')
  await remote.reply!(talk)
  await rounds(both)
  assert.deepEqual(written, ['more too'])
  assert.equal(talk.destroyed, true)
  assert.equal(streamsOf(both), 0)
})

test('both halves of a duplex, Node and web, and what can only be written', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    shout,
    async say(sink: Stream) {
      sink.write(bytesOf('told'))
      sink.end()
      await sink.closed
    },
  })
  const remote = wrap(both[1])
  const written: string[] = []
  const duplex = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  duplex.push('abc')
  duplex.push(null)
  await remote.shout!(duplex)
  await rounds(both)
  assert.deepEqual(written, ['ABC'])
  const web = webWritable()
  await remote.shout!({ readable: webReadable('def').stream, writable: web.stream })
  await rounds(both)
  assert.deepEqual(web.seen, ['DEF', 'closed'])
  const sink = webWritable()
  await remote.say!(sink.stream)
  assert.deepEqual(sink.seen, ['told', 'closed'])
  const lines: string[] = []
  await remote.say!(
    new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        setImmediate(done)
      },
    }),
  )
  assert.deepEqual(lines, ['told'])
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a source that fails, fails over there; a reader that leaves, ends the source', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    read: (stream: Stream) => collect(stream),
    first: async (stream: Stream) => {
      for await (const chunk of stream) return Buffer.from(chunk).toString()
      return ''
    },
    glance: () => 'enough',
    broken: () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('some')
          throw new Error('secret')
        })(),
        { objectMode: false },
      ),
  })
  const remote = wrap(both[1])
  const breaking = new PassThrough()
  breaking.write('some')
  const read = remote.read!(breaking) as Promise<unknown>
  await rounds(both)
  breaking.destroy(new Error('disk'))
  await assert.rejects(read, code('INTERNAL'))
  const odd = new ReadableStream({ start: (controller) => controller.enqueue({ no: 'bytes' }) })
  await assert.rejects(remote.read!(odd) as Promise<unknown>, code('INTERNAL'))
  const endless = new PassThrough()
  endless.write('first')
  assert.equal(await remote.first!(endless), 'first')
  await rounds(both)
  assert.equal(endless.destroyed, true)
  // Sources that have nothing to give hear of it too.
  const idle = new PassThrough()
  const web = webReadable()
  assert.equal(await remote.glance!(idle, web.stream), 'enough')
  await rounds(both)
  assert.equal(idle.destroyed, true)
  assert.equal(web.cancelled.length, 1)
  const broken = (await remote.broken!()) as Stream
  await assert.rejects(collect(broken), code('INTERNAL'))
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a result nobody reads to its end lets go of its source', async (t) => {
  const both = sessions(t)
  const source = new PassThrough()
  const web = webReadable()
  source.write('some')
  expose(both[0], { get: () => ({ source, web: web.stream }) })
  const got = (await wrap(both[1]).get!()) as { source: Stream; web: Stream }
  for await (const chunk of got.source) {
    assert.equal(Buffer.from(chunk).toString(), 'some')
    break
  }
  // Only the one half is left by that.
  got.source.end()
  got.web.reset('CANCELLED')
  await rounds(both)
  assert.equal(source.destroyed, true)
  assert.equal(web.cancelled.length, 1)
  assert.equal(streamsOf(both), 0)
})

test('a sink that is gone ends what writes to it', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    async fill(sink: Stream) {
      for (;;) {
        if (sink.write(new Uint8Array(1000))) await new Promise<void>((resolve) => setImmediate(resolve))
        else await sink.ready
      }
    },
  })
  const remote = wrap(both[1])
  const destroyed = new Writable({ write: (_chunk, _encoding, done) => done() })
  destroyed.destroy()
  await once(destroyed, 'close')
  await assert.rejects(remote.fill!(destroyed) as Promise<unknown>, code('CANCELLED'))
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) })
  await assert.rejects(remote.fill!(failing) as Promise<unknown>, code('CANCELLED'))
  const slow = new Writable({ highWaterMark: 1, write: () => {} })
  const filling = remote.fill!(slow) as Promise<unknown>
  await rounds(both)
  slow.destroy()
  await assert.rejects(filling, code('CANCELLED'))
  const web = new WritableStream({
    write: () => {
      throw new Error('full')
    },
  })
  await assert.rejects(remote.fill!(web) as Promise<unknown>, code('CANCELLED'))
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a value refused half way leaves nothing open', async (t) => {
  const both = sessions(t)
  let cleaned = 0
  async function* items(): AsyncGenerator<number> {
    try {
      yield 1
    } finally {
      cleaned++
    }
  }
  expose(both[0], {
    read: () => 1,
    get: () => ({ first: new PassThrough(), items: items(), bad: Symbol.iterator }),
    function: () => ({ first: new PassThrough(), bad: () => 1 }),
  })
  const remote = wrap(both[1])
  const idle = new PassThrough()
  await assert.rejects(remote.read!(idle, items(), Symbol.iterator) as Promise<unknown>, TypeError)
  await assert.rejects(remote.get!() as Promise<unknown>, code('INTERNAL'))
  await assert.rejects(remote.function!() as Promise<unknown>, code('INTERNAL'))
  await rounds(both)
  assert.equal(idle.destroyed, true)
  assert.equal(cleaned, 2)
  assert.equal(streamsOf(both), 0)
  await assert.rejects(remote.unknown!(new PassThrough()) as Promise<unknown>, code('UNIMPLEMENTED'))
  const locked = webWritable()
  locked.stream.getWriter()
  await assert.rejects(remote.read!(locked.stream) as Promise<unknown>, TypeError)
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('a result made of the streams of the arguments goes on after the call', async (t) => {
  const both = sessions(t)
  expose(both[0], {
    shout: (stream: Stream) => {
      async function* capitals(): AsyncGenerator<Uint8Array> {
        for await (const chunk of stream) yield bytesOf(Buffer.from(chunk).toString().toUpperCase())
      }
      return { out: Readable.from(capitals(), { objectMode: false }) }
    },
    same: (stream: Stream) => stream,
  })
  const remote = wrap(both[1])
  const source = new PassThrough()
  const { out } = (await remote.shout!(source)) as { out: Stream }
  await rounds(both)
  source.write('late ')
  await rounds(both)
  source.end('words')
  assert.equal(await collect(out), 'LATE WORDS')
  const back = (await remote.same!(bytesFrom('there and back'))) as Stream
  assert.equal(await collect(back), 'there and back')
  // It might take something: whoever does not know better ends it.
  back.end()
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('streams of items, also the same again, and through a procedure', async (t) => {
  const both = sessions(t)
  const same = bytesFrom('same')
  expose(both[0], {
    async *files() {
      for (let n = 0; n < 300; n++) yield { file: bytesFrom(`file ${n}`) }
    },
    async *twice() {
      yield [same, same]
      yield [same]
    },
    typed: procedure.handler(() => bytesFrom('typed')),
  })
  const remote = wrap(both[1])
  let count = 0
  for await (const { file } of remote.files!() as unknown as AsyncIterable<{ file: Stream }>) {
    assert.equal(await collect(file), `file ${count++}`)
  }
  assert.equal(count, 300)
  for await (const list of remote.twice!() as unknown as AsyncIterable<Stream[]>) {
    assert.equal(list[0], list.at(-1))
    await collect(list[0]!).catch(() => {})
  }
  const typed = (await remote.typed!()) as Stream
  assert.equal(typeof typed.stop, 'function')
  assert.equal(await collect(typed), 'typed')
  await rounds(both)
  assert.equal(streamsOf(both), 0)
})

test('streams go through a gateway, and all end when a session is cut', async (t) => {
  const back = sessions(t)
  const front = sessions(t)
  expose(back[0], { shout: (stream: Stream) => shout(stream), hold: (stream: Stream) => stream.closed.then(() => {}) })
  expose(front[0], { back: forward(back[1]) })
  const remote = wrap<{ back: { shout(value: unknown): void; hold(value: unknown): void } }>(front[1])
  const web = webWritable()
  await remote.back.shout({ readable: webReadable('through').stream, writable: web.stream })
  await rounds(front)
  await rounds(back)
  await rounds(front)
  assert.deepEqual(web.seen, ['THROUGH', 'closed'])
  const idle = new PassThrough()
  const held = assert.rejects(remote.back.hold(idle))
  await rounds(front)
  await rounds(back)
  await front[1].close()
  await held
  await rounds(back)
  assert.equal(idle.destroyed, true)
  assert.equal(streamsOf(back), 0)
})
