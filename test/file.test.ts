// One transfer over an in-memory session: order, integrity, resume, signals and backpressure, without a disk.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { BraidError, type Session } from 'braidwire'
import {
  blobSource,
  bytesSink,
  type FileHash,
  type FileSink,
  type FileSource,
  receiveFile,
  sendFile,
} from 'braidwire/file'
import { sha256 } from 'braidwire/node'
import { pair } from 'braidwire/test'

let asking: Session
let asked: Session

beforeEach(() => {
  ;[asking, asked] = pair()
})
afterEach(() => Promise.all([asking.close(), asked.close()]))

const fails =
  (code: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof BraidError && error.code === `BRAID_${code}` && pattern.test(error.message)

const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A source over bytes in memory that can be told to misbehave. */
function source(bytes: Uint8Array, changes: Partial<FileSource> = {}): FileSource & { closed: number } {
  let position = 0
  const made = {
    size: bytes.length,
    mtimeMs: 0,
    hash: sha256(),
    closed: 0,
    async read() {
      if (position >= bytes.length) return null
      const start = position
      position += 50_000
      return bytes.slice(start, position)
    },
    async close() {
      made.closed++
    },
    ...changes,
  }
  return made
}

/** A sink that remembers what became of it. */
function recording(hash: FileHash, changes: Partial<FileSink> = {}): FileSink & { calls: string[] } {
  const calls: string[] = []
  return {
    hash,
    calls,
    async open() {
      calls.push('open')
    },
    write: () => true,
    async ready() {},
    async commit() {
      calls.push('commit')
    },
    async abort() {
      calls.push('abort')
    },
    ...changes,
  }
}

test('a file arrives whole, with size, sum and progress', async () => {
  const bytes = randomBytes(1_000_003)
  const sent = new Promise((resolve) => {
    asked.handle('file', (stream) => resolve(sendFile(stream, blobSource(new Blob([bytes]), sha256()))))
  })
  const sink = bytesSink(sha256())
  const seen: number[] = []
  const report = await receiveFile(asking.open('file'), sink, { progress: (done, size) => seen.push(done, size) })
  assert.deepEqual(report, { bytes: bytes.length, size: bytes.length, sha256: sumOf(bytes) })
  assert.deepEqual(await sent, report)
  assert.ok(Buffer.from(sink.bytes ?? []).equals(bytes))
  assert.deepEqual(seen.slice(-2), [bytes.length, bytes.length])
})

test('an empty file arrives', async () => {
  asked.handle('file', (stream) => sendFile(stream, source(new Uint8Array(0))))
  const sink = bytesSink(sha256())
  const report = await receiveFile(asking.open('file'), sink)
  assert.deepEqual(report, { bytes: 0, size: 0, sha256: sumOf(new Uint8Array(0)) })
  assert.equal(sink.bytes?.length, 0)
})

test('a wrong sum is INTEGRITY and nothing is put in place', async () => {
  const lying = { update() {}, digest: () => sumOf(Buffer.from('something else')) }
  asked.handle('file', (stream) => sendFile(stream, source(Buffer.from('bytes'), { hash: lying })))
  const sink = recording(sha256())
  await assert.rejects(receiveFile(asking.open('file'), sink), fails('INTEGRITY'))
  assert.deepEqual(sink.calls, ['open', 'abort'])
})

test('a missing sum is INTEGRITY', async () => {
  asked.handle('file', (stream) => {
    stream.accept({ size: 3, mtimeMs: 0 })
    stream.write(Buffer.from('abc'))
    stream.end()
  })
  await assert.rejects(receiveFile(asking.open('file'), recording(sha256())), fails('INTEGRITY'))
})

test('more bytes than announced are refused before they are written', async () => {
  asked.handle('file', (stream) => {
    stream.accept({ size: 3, mtimeMs: 0 })
    stream.write(Buffer.from('abcd'))
    stream.end({ sha256: sumOf(Buffer.from('abcd')) })
  })
  const sink = recording(sha256(), { write: () => assert.fail('written') })
  await assert.rejects(receiveFile(asking.open('file'), sink), fails('INTEGRITY', /more bytes/))
  assert.deepEqual(sink.calls, ['open', 'abort'])
})

test('fewer bytes than announced are INTEGRITY at both sides', async () => {
  const shrinking = source(Buffer.from('abc'), { size: 10 })
  const sent = new Promise<unknown>((resolve) => {
    asked.handle('file', (stream) => sendFile(stream, shrinking).catch(resolve))
  })
  await assert.rejects(receiveFile(asking.open('file'), recording(sha256())), fails('INTEGRITY', /changed/))
  assert.ok(fails('INTEGRITY')(await sent))
  assert.equal(shrinking.closed, 1)
})

test('an answer without a size is PROTOCOL', async () => {
  for (const answer of [undefined, {}, { size: -1, mtimeMs: 0 }, { size: 1.5, mtimeMs: 0 }, { size: 1 }, [1, 2]]) {
    const stop = asked.handle('file', (stream) => {
      if (answer !== undefined) stream.accept(answer)
      stream.end()
    })
    await assert.rejects(receiveFile(asking.open('file'), recording(sha256())), fails('PROTOCOL'))
    stop()
  }
})

test('a transfer goes on behind the bytes the sink holds', async () => {
  const bytes = randomBytes(200_000)
  asked.handle('file', (stream) => sendFile(stream, source(bytes)))
  for (const offset of [1, 50_000, 120_001, 200_000]) {
    const hash = sha256()
    hash.update(bytes.subarray(0, offset))
    let held = offset
    const sink = recording(hash, {
      offset,
      write: (chunk) => {
        assert.ok(bytes.subarray(held, held + chunk.length).equals(chunk))
        held += chunk.length
        return true
      },
    })
    const report = await receiveFile(asking.open('file', { meta: { offset } }), sink)
    assert.deepEqual(report, { bytes: bytes.length - offset, size: bytes.length, sha256: sumOf(bytes) })
    assert.equal(held, bytes.length)
  }
})

test('an offset that cannot be is INVALID_INPUT', async () => {
  asked.handle('file', (stream) => sendFile(stream, source(Buffer.from('abc'))))
  for (const offset of [4, -1, 1.5, '1']) {
    const stream = asking.open('file', { meta: { offset } })
    await assert.rejects(receiveFile(stream, recording(sha256())), fails('INVALID_INPUT', /offset/))
  }
})

test('a source that fails ends the transfer with its code and is closed', async () => {
  const failing = source(randomBytes(10), {
    read: () => Promise.reject(new BraidError('EXHAUSTED', 'the tape is torn')),
  })
  asked.handle('file', (stream) => sendFile(stream, failing))
  const sink = recording(sha256())
  await assert.rejects(receiveFile(asking.open('file'), sink), fails('EXHAUSTED', /torn/))
  assert.equal(sink.calls.at(-1), 'abort')
  assert.equal(failing.closed, 1)
})

test('a sink that cannot be opened or written ends the transfer at both sides', async () => {
  const full = () => new BraidError('EXHAUSTED', 'the disk is full')
  const bad: Partial<FileSink>[] = [
    { open: () => Promise.reject(full()) },
    {
      write: () => {
        throw full()
      },
    },
    { write: () => false, ready: () => Promise.reject(full()) },
    { commit: () => Promise.reject(full()) },
  ]
  for (const changes of bad) {
    const file = source(randomBytes(500_000))
    const sent = new Promise((resolve) => {
      const stop = asked.handle('file', (stream) => {
        stop()
        resolve(sendFile(stream, file).catch(() => {}))
      })
    })
    const sink = recording(sha256(), changes)
    await assert.rejects(receiveFile(asking.open('file'), sink), fails('EXHAUSTED', /disk is full/))
    assert.equal(sink.calls.at(-1), 'abort')
    await sent
    assert.equal(file.closed, 1)
  }
})

test('a signal gives the transfer up at both sides', async () => {
  const endless = source(new Uint8Array(0), { size: 2 ** 40, read: async () => new Uint8Array(1000) })
  const sent = new Promise<unknown>((resolve) => {
    asked.handle('file', (stream) => sendFile(stream, endless).catch(resolve))
  })
  const stop = new AbortController()
  const sink = recording(sha256())
  const options = { signal: stop.signal, progress: () => stop.abort() }
  await assert.rejects(receiveFile(asking.open('file'), sink, options), fails('CANCELLED'))
  assert.deepEqual(sink.calls, ['open', 'abort'])
  assert.ok(fails('CANCELLED')(await sent))
  assert.equal(endless.closed, 1)
})

test('a signal that was aborted before ends the transfer at once', async () => {
  asked.handle('file', (stream) => sendFile(stream, source(Buffer.from('abc'))))
  const signal = AbortSignal.abort()
  await assert.rejects(receiveFile(asking.open('file'), recording(sha256()), { signal }), fails('CANCELLED'))
})

test('a receiver that stops before the end has not got the file', async () => {
  // 70,000 bytes are more than a stream's first credit and less than its write buffer: no write says "full".
  for (const size of [70_000, 300_000]) {
    const mine = source(randomBytes(size))
    const sent = new Promise<unknown>((resolve) => {
      asked.handle(`file-${size}`, (stream) => sendFile(stream, mine).then(resolve, resolve))
    })
    const stream = asking.open(`file-${size}`)
    await stream.accepted
    stream.stop('CANCELLED')
    assert.ok(fails('CANCELLED')(await sent), `${size} bytes`)
    assert.equal(mine.closed, 1)
  }
})

test('a session that ends settles both sides of a transfer', async () => {
  const endless = source(new Uint8Array(0), { size: 2 ** 40, read: async () => new Uint8Array(1000) })
  const sent = new Promise<unknown>((resolve) => {
    asked.handle('file', (stream) => sendFile(stream, endless).catch(resolve))
  })
  const sink = recording(sha256())
  const received = receiveFile(asking.open('file'), sink, { progress: () => void asked.close() })
  await assert.rejects(received, BraidError)
  assert.ok((await sent) instanceof BraidError)
  assert.equal(sink.calls.at(-1), 'abort')
})

test('a sink that is full stops the source, and neither side piles bytes up', async () => {
  const size = 64 * 1024 * 1024
  let read = 0
  const large = source(new Uint8Array(0), {
    size,
    async read() {
      const length = Math.min(size - read, 128 * 1024)
      read += length
      return length === 0 ? null : new Uint8Array(length)
    },
  })
  asked.handle('file', (stream) => sendFile(stream, large))
  let taken = 0
  let most = 0
  const slow = recording(sha256(), {
    write(chunk) {
      taken += chunk.length
      most = Math.max(most, read - taken)
      return false
    },
    ready: () => new Promise((resolve) => setImmediate(resolve)),
  })
  await receiveFile(asking.open('file'), slow)
  assert.equal(taken, size)
  assert.ok(most < 20 * 1024 * 1024, `${most} bytes were under way`)
})

test('bytesSink refuses a file larger than it may keep', async () => {
  asked.handle('file', (stream) => sendFile(stream, source(randomBytes(1001))))
  await assert.rejects(receiveFile(asking.open('file'), bytesSink(sha256(), 1000)), fails('EXHAUSTED', /1000 bytes/))
})
