// Sources and sinks on a real disk, and on one that fails at each step.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { inspect } from 'node:util'
import { BraidError } from '../engine/errors.ts'
import type { FileSink } from '../file/source.ts'
import { fileSink, fileSource } from './file.ts'
import { openRoot } from './file-root.ts'
import type { SinkFs } from './file-system.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'braidwire-file-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const fails =
  (code: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof BraidError && error.code === `BRAID_${code}` && pattern.test(error.message)

const info = { size: 0, mtimeMs: 0 }

/** `node:fs` with some of its calls replaced. */
const broken = (replaced: Partial<SinkFs>): SinkFs => ({
  open: fs.open,
  writev: fs.writev,
  fdatasync: fs.fdatasync,
  close: fs.close,
  promises: fs.promises,
  ...replaced,
})

const systemError = (code: string) => Object.assign(new Error(code), { code })

async function fill(sink: FileSink, chunks: readonly Uint8Array[]): Promise<void> {
  await sink.open(info)
  for (const chunk of chunks) if (!sink.write(chunk)) await sink.ready()
}

test('fileSource reads the whole file in order and then null', async () => {
  const bytes = randomBytes(300_001)
  await writeFile(join(folder, 'source'), bytes)
  const source = await fileSource(join(folder, 'source'))
  assert.equal(source.size, bytes.length)
  const chunks: Uint8Array[] = []
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) chunks.push(chunk)
  assert.equal(await source.read(), null)
  await source.close()
  assert.ok(Buffer.concat(chunks).equals(bytes))
})

test('fileSource never reads beyond the size it announced', async () => {
  const path = join(folder, 'grows')
  await writeFile(path, 'abc')
  const source = await fileSource(path)
  await writeFile(path, 'abcdef')
  assert.equal(Buffer.from((await source.read()) ?? []).toString(), 'abc')
  assert.equal(await source.read(), null)
  await source.close()
})

test('fileSource refuses what is missing, a folder, or no ordinary file', async () => {
  await assert.rejects(fileSource(join(folder, 'none')), fails('NOT_FOUND', /no such file/))
  await assert.rejects(fileSource(folder), fails('INVALID_INPUT', /folder/))
  await assert.rejects(fileSource('/dev/null'), fails('DENIED', /ordinary/))
})

test('fileSource and openRoot that nobody watches reject into no process', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  const ignored = [fileSource(join(folder, 'none')), openRoot(join(folder, 'none'))]
  while (ignored.some((promise) => inspect(promise).includes('pending'))) await new Promise(setImmediate)
  await new Promise(setImmediate)
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})

test('fileSink shows nothing under the final name before commit', async () => {
  const place = join(folder, 'visible')
  const sink = fileSink(join(place, 'deep', 'x.txt'))
  await fill(sink, [Buffer.from('one '), Buffer.from('two')])
  const during = await readdir(join(place, 'deep'))
  assert.equal(during.length, 1)
  assert.match(during[0]!, /^\.braid-[0-9a-f]{12}\.part$/)
  await sink.commit()
  assert.deepEqual(await readdir(join(place, 'deep')), ['x.txt'])
  assert.equal(await readFile(join(place, 'deep', 'x.txt'), 'utf8'), 'one two')
})

test('fileSink replaces an existing file only on commit', async () => {
  const path = join(folder, 'replaced')
  await writeFile(path, 'old')
  const given = fileSink(path)
  await fill(given, [Buffer.from('new')])
  await given.abort()
  assert.equal(await readFile(path, 'utf8'), 'old')
  const kept = fileSink(path)
  await fill(kept, [Buffer.from('new')])
  assert.equal(await readFile(path, 'utf8'), 'old')
  await kept.commit()
  assert.equal(await readFile(path, 'utf8'), 'new')
})

test('fileSink takes names as long as the disk does', async () => {
  const path = join(folder, 'n'.repeat(255))
  const sink = fileSink(path)
  await fill(sink, [Buffer.from('x')])
  await sink.commit()
  assert.equal(await readFile(path, 'utf8'), 'x')
  await assert.rejects(fileSink(join(folder, 'n'.repeat(256))).open(info), fails('INVALID_INPUT', /too long/))
})

test('fileSink replaces a symbolic link, not what it leads to', async () => {
  await writeFile(join(folder, 'pointed-at'), 'precious')
  await symlink('pointed-at', join(folder, 'link'))
  const sink = fileSink(join(folder, 'link'))
  await fill(sink, [Buffer.from('new')])
  await sink.commit()
  assert.equal(await readFile(join(folder, 'pointed-at'), 'utf8'), 'precious')
  assert.equal(await readFile(join(folder, 'link'), 'utf8'), 'new')
})

test('fileSink refuses a folder in its place and a file in the place of its folder', async () => {
  await mkdir(join(folder, 'is-folder'))
  await assert.rejects(fileSink(join(folder, 'is-folder')).open(info), fails('INVALID_INPUT', /folder is in its place/))
  await writeFile(join(folder, 'is-file'), '')
  await assert.rejects(
    fileSink(join(folder, 'is-file', 'x')).open(info),
    fails('INVALID_INPUT', /file is in the place/),
  )
})

test('fileSink gives up where the file system takes no new name', { timeout: 10_000 }, async () => {
  // As /proc does, and folders that are mounted when they are needed.
  const place = join(folder, 'nothing new')
  const stubborn = broken({
    promises: {
      ...fs.promises,
      mkdir: async (path: fs.PathLike) => {
        throw systemError(String(path) === folder ? 'EEXIST' : 'ENOENT')
      },
    },
  })
  const sink = fileSink(join(place, 'deep', 'x'), { fs: stubborn })
  await assert.rejects(sink.open(info), fails('NOT_FOUND', /its folder is gone/))
  await sink.abort()
})

test('fileSink asks for a pause and goes on when the disk has caught up', async () => {
  const path = join(folder, 'large')
  const chunk = randomBytes(64 * 1024)
  const sink = fileSink(path, { sync: false })
  await sink.open(info)
  let pauses = 0
  for (let i = 0; i < 64; i++) {
    if (sink.write(chunk)) continue
    pauses++
    await sink.ready()
  }
  await sink.commit()
  assert.ok(pauses > 0)
  const written = await readFile(path)
  assert.equal(written.length, 64 * chunk.length)
  assert.ok(written.subarray(63 * chunk.length).equals(chunk))
})

test('fileSink finishes writes that come up short', async () => {
  const path = join(folder, 'short')
  const bytes = randomBytes(10_000)
  const short = broken({
    writev: (fd, buffers, position, done) =>
      fs.write(fd, buffers[0]!, 0, Math.min(777, buffers[0]!.length), position, done),
  })
  const sink = fileSink(path, { fs: short })
  await fill(sink, [bytes.subarray(0, 10), bytes.subarray(10, 4000), bytes.subarray(4000)])
  await sink.commit()
  assert.ok((await readFile(path)).equals(bytes))
})

test('a full disk is EXHAUSTED at the n-th write, whichever it is, and leaves nothing', async () => {
  const chunk = randomBytes(300 * 1024)
  for (let n = 1; n <= 4; n++) {
    const place = join(folder, `full-${n}`)
    let writes = 0
    const full = broken({
      writev: (fd, buffers, position, done) =>
        ++writes === n ? setImmediate(done, systemError('ENOSPC'), 0) : fs.writev(fd, buffers, position, done),
    })
    const sink = fileSink(join(place, 'x'), { fs: full })
    const all = async () => {
      await sink.open(info)
      for (let i = 0; i < 8; i++) if (!sink.write(chunk)) await sink.ready()
      await sink.commit()
    }
    await assert.rejects(all(), fails('EXHAUSTED', /the disk is full/), `write ${n}`)
    await sink.abort()
    assert.deepEqual(await readdir(place), [])
  }
})

test('a failure to sync or to rename leaves nothing', async () => {
  const place = join(folder, 'unsynced')
  const bad = [
    broken({ fdatasync: (_fd, done) => setImmediate(done, systemError('EDQUOT')) }),
    broken({ promises: { ...fs.promises, rename: () => Promise.reject(systemError('EDQUOT')) } }),
  ]
  for (const system of bad) {
    const sink = fileSink(join(place, 'x'), { fs: system })
    await fill(sink, [Buffer.from('x')])
    await assert.rejects(sink.commit(), fails('EXHAUSTED', /quota/))
    await sink.abort()
    assert.deepEqual(await readdir(place), [])
  }
})

test('abort waits for the write under way', async () => {
  const place = join(folder, 'aborted')
  let closed = false
  const slow = broken({
    writev: (fd, buffers, position, done) => {
      setImmediate(() => {
        assert.equal(closed, false)
        fs.writev(fd, buffers, position, done)
      })
    },
    close: (fd, done) => {
      closed = true
      fs.close(fd, done)
    },
  })
  const sink = fileSink(join(place, 'x'), { fs: slow })
  await fill(sink, [Buffer.from('x')])
  await sink.abort()
  assert.equal(closed, true)
  assert.deepEqual(await readdir(place), [])
})

test('the hash of a sink is the SHA-256 of what it is given', () => {
  const sink = fileSink(join(folder, 'hashed'))
  sink.hash.update(Buffer.from('abc'))
  assert.equal(sink.hash.digest(), createHash('sha256').update('abc').digest('hex'))
})
