// A folder served over a session: what may be read, what is listed, and every way out that must be shut.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { BraidError, type Session } from 'braidwire'
import { bytesSink, fetchFile, listFiles } from 'braidwire/file'
import { fileSink, openRoot, serveFiles, sha256 } from 'braidwire/node'
import { pair } from 'braidwire/test'

let base = ''
let served = ''
let asking: Session
let asked: Session

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'braidwire-serve-'))
  served = join(base, 'served')
  await mkdir(join(served, 'sub', 'deep'), { recursive: true })
  await mkdir(join(served, 'empty'))
  await mkdir(join(served, '.secret'))
  await mkdir(join(base, 'served-too'))
  await writeFile(join(base, 'outside.txt'), 'outside')
  await writeFile(join(base, 'served-too', 'x.txt'), 'outside')
  await writeFile(join(served, 'a.txt'), 'hello')
  await writeFile(join(served, 'a b#c%20.txt'), 'odd')
  await writeFile(join(served, 'sub', 'b.txt'), 'deeper')
  await writeFile(join(served, 'sub', 'deep', 'ü 🙂'), 'deepest')
  await writeFile(join(served, '.env'), 'hidden')
  await writeFile(join(served, '.secret', 'key'), 'hidden')
  await symlink('a.txt', join(served, 'link-inside'))
  await symlink('sub', join(served, 'link-folder'))
  await symlink('../outside.txt', join(served, 'link-outside'))
  await symlink('../served-too', join(served, 'link-sibling'))
  await symlink('/etc', join(served, 'link-etc'))
  await symlink('.env', join(served, 'link-hidden'))
  await symlink('nowhere', join(served, 'link-broken'))
  await symlink('link-loop', join(served, 'link-loop'))
  await symlink('..', join(served, 'sub', 'link-up'))
})
after(() => rm(base, { recursive: true, force: true }))

beforeEach(() => {
  ;[asking, asked] = pair()
})
afterEach(() => Promise.all([asking.close(), asked.close()]))

const fails =
  (code: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof BraidError && error.code === `BRAID_${code}` && pattern.test(error.message)

async function text(path: string): Promise<string> {
  const sink = bytesSink(sha256())
  await fetchFile(asking, path, sink)
  return Buffer.from(sink.bytes ?? []).toString()
}

async function names(path: string, recursive = false): Promise<string[]> {
  const listing = await listFiles(asking, path, { recursive })
  const found: string[] = []
  for await (const entry of listing.entries) found.push(entry.folder ? `${entry.path}/` : entry.path)
  return found.sort()
}

test('serveFiles serves files by their literal names', async () => {
  serveFiles(asked, served)
  assert.equal(await text('a.txt'), 'hello')
  assert.equal(await text('a b#c%20.txt'), 'odd')
  assert.equal(await text('sub/deep/ü 🙂'), 'deepest')
})

test('serveFiles follows links that stay inside', async () => {
  serveFiles(asked, served)
  assert.equal(await text('link-inside'), 'hello')
  assert.equal(await text('link-folder/b.txt'), 'deeper')
  assert.deepEqual(await names('link-folder'), ['b.txt', 'deep/', 'link-up/'])
})

test('serveFiles lets nothing out by a link', async () => {
  serveFiles(asked, served)
  for (const path of ['link-outside', 'link-sibling/x.txt', 'link-etc/passwd', 'sub/link-up/link-outside']) {
    await assert.rejects(text(path), fails('DENIED', /outside the served folder/), path)
  }
  await assert.rejects(listFiles(asking, 'link-etc'), fails('DENIED'))
  await assert.rejects(listFiles(asking, 'link-sibling'), fails('DENIED'))
})

test('serveFiles lets nothing out by the text of a path', async () => {
  serveFiles(asked, served)
  const ways = [
    '../outside.txt',
    'sub/../../outside.txt',
    '/etc/passwd',
    '//etc/passwd',
    '..',
    '.',
    'a.txt/',
    './a.txt',
  ]
  for (const path of [
    ...ways,
    'a\0',
    'sub\\b.txt',
    '..%2foutside.txt',
    'sub%5Cb.txt',
    'a.txt%00',
    'sub%2Fb.txt',
    'a\n',
  ]) {
    await assert.rejects(text(path), fails('DENIED', /^the path /), JSON.stringify(path))
    await assert.rejects(listFiles(asking, path), fails('DENIED', /^the path /), JSON.stringify(path))
  }
})

test('serveFiles answers as if dot names did not exist', async () => {
  serveFiles(asked, served)
  for (const path of [
    '.env',
    '.secret/key',
    '.none',
    'sub/.x',
    'link-hidden',
    'none',
    'none/none',
    'a.txt/none',
    'link-broken',
  ]) {
    await assert.rejects(text(path), fails('NOT_FOUND', /^there is no such file$/), path)
  }
})

test('serveFiles with hidden lists and serves dot names, and still lets nothing out', async () => {
  serveFiles(asked, served, { hidden: true })
  assert.equal(await text('.env'), 'hidden')
  assert.equal(await text('link-hidden'), 'hidden')
  assert.equal(await text('.secret/key'), 'hidden')
  assert.ok((await names('')).includes('.secret/'))
  await assert.rejects(text('../outside.txt'), fails('DENIED'))
  await assert.rejects(text('link-outside'), fails('DENIED'))
})

test('serveFiles refuses a folder, a socket and a device where a file was asked for', async () => {
  const socket = createServer()
  await new Promise<void>((resolve) => socket.listen(join(served, 'socket'), resolve))
  serveFiles(asked, served)
  await assert.rejects(text('sub'), fails('INVALID_INPUT', /it is a folder/))
  await assert.rejects(text('link-folder'), fails('INVALID_INPUT', /it is a folder/))
  await assert.rejects(text('socket'), fails('DENIED', /ordinary/))
  assert.ok(!(await names('')).includes('socket'))
  await new Promise((resolve) => socket.close(resolve))
})

test('serveFiles refuses requests that name no path', async () => {
  serveFiles(asked, served)
  for (const meta of [
    undefined,
    null,
    'a.txt',
    ['a.txt'],
    { path: 1 },
    { path: 'x'.repeat(5000) },
    new Uint8Array(3),
  ]) {
    for (const name of ['$file', '$list']) {
      const stream = asking.open(name, { meta: meta ?? undefined })
      assert.ok(fails('INVALID_INPUT', /names no path/)(await stream.closed), `${name} ${JSON.stringify(meta)}`)
    }
  }
})

test('serveFiles refuses everything when its folder cannot be opened', async () => {
  serveFiles(asked, join(base, 'none'))
  await assert.rejects(text('a.txt'), fails('NOT_FOUND'))
  await assert.rejects(listFiles(asking, ''), fails('NOT_FOUND'))
})

test('serveFiles serves a folder that came to be after the first request', async () => {
  const late = join(base, 'late')
  serveFiles(asked, late)
  await assert.rejects(text('x'), fails('NOT_FOUND'))
  await mkdir(late)
  await writeFile(join(late, 'x'), 'here')
  assert.equal(await text('x'), 'here')
})

test('serveFiles serves no more after it was stopped', async () => {
  await Promise.all([asking.close(), asked.close()])
  ;[asking, asked] = pair({ handlerWaitMs: 0 })
  const stop = serveFiles(asked, served)
  assert.equal(await text('a.txt'), 'hello')
  stop()
  await assert.rejects(text('a.txt'), fails('REFUSED'))
})

test('openRoot refuses what is not a folder', async () => {
  await assert.rejects(openRoot(join(base, 'none')), fails('NOT_FOUND'))
  await assert.rejects(openRoot(join(served, 'a.txt')), fails('INVALID_INPUT', /not a folder/))
})

test('openRoot serves the folder it opened, even if its name is given to another', async () => {
  const first = join(base, 'first')
  await mkdir(first)
  await writeFile(join(first, 'x'), 'right')
  await symlink('first', join(base, 'current'))
  serveFiles(asked, await openRoot(join(base, 'current')))
  await rm(join(base, 'current'))
  await symlink('served', join(base, 'current'))
  assert.equal(await text('x'), 'right')
  await assert.rejects(text('a.txt'), fails('NOT_FOUND'))
})

test('a folder on the way that becomes a link leads nowhere', async () => {
  const place = join(served, 'swapped')
  await mkdir(place)
  await writeFile(join(place, 'outside.txt'), 'inside')
  serveFiles(asked, served)
  assert.equal(await text('swapped/outside.txt'), 'inside')
  await rename(place, join(base, 'aside'))
  await symlink('..', place)
  await assert.rejects(text('swapped/../outside.txt'), fails('DENIED'))
  await rm(place)
  await symlink(base, place)
  await assert.rejects(text('swapped/outside.txt'), fails('DENIED'))
  await rm(place)
})

test('a listing holds what is served, and nothing else', async () => {
  serveFiles(asked, served)
  assert.deepEqual(await names(''), ['a b#c%20.txt', 'a.txt', 'empty/', 'link-folder/', 'link-inside', 'sub/'])
  assert.deepEqual(await names('empty'), [])
})

test('a listing of all folders does not enter linked ones', async () => {
  serveFiles(asked, served)
  const expected = ['a b#c%20.txt', 'a.txt', 'empty/', 'link-inside', 'sub/', 'sub/b.txt', 'sub/deep/', 'sub/deep/ü 🙂']
  assert.deepEqual(await names('', true), expected)
})

test('a listing of a file tells its size', async () => {
  serveFiles(asked, served)
  const listing = await listFiles(asking, 'sub/b.txt')
  assert.equal(listing.folder, false)
  assert.equal(listing.size, 6)
  assert.ok(listing.mtimeMs > 0)
  for await (const _ of listing.entries) assert.fail('an entry')
})

test('a listing counts the names no request could name', async () => {
  const place = join(served, 'unnamable')
  await mkdir(place)
  for (const name of ['ok', 'new\nline', 'back\\slash', 'enc%2Foded']) await writeFile(join(place, name), '')
  await writeFile(Buffer.concat([Buffer.from(`${place}/`), Buffer.from([0xff, 0x61])]), '')
  serveFiles(asked, served)
  const listing = await listFiles(asking, 'unnamable')
  const found: string[] = []
  for await (const entry of listing.entries) found.push(entry.path)
  assert.deepEqual(found, ['ok'])
  assert.equal(listing.skipped(), 4)
  await rm(place, { recursive: true })
})

test('a large listing comes whole, and ending it early ends it at the other side', async () => {
  const place = join(served, 'many')
  await mkdir(place)
  const all = Array.from({ length: 3000 }, (_, i) => `file-${String(i).padStart(5, '0')}-${'x'.repeat(100)}`)
  await Promise.all(all.map((name) => writeFile(join(place, name), '')))
  serveFiles(asked, served)
  assert.deepEqual(await names('many'), all)
  const listing = await listFiles(asking, 'many')
  for await (const _ of listing.entries) break
  const stop = new AbortController()
  const given = await listFiles(asking, 'many', { signal: stop.signal })
  await assert.rejects(async () => {
    for await (const _ of given.entries) stop.abort()
  }, fails('CANCELLED'))
  await rm(place, { recursive: true })
})

test('a hundred files at a time arrive unharmed beside a large one', async () => {
  const place = join(served, 'bulk')
  await mkdir(place)
  const sizes = Array.from({ length: 99 }, (_, i) => (i * 977) % 40_000)
  const contents = [randomBytes(8 * 1024 * 1024), ...sizes.map((size) => randomBytes(size))]
  await Promise.all(contents.map((bytes, i) => writeFile(join(place, `${i}`), bytes)))
  const done: string[] = []
  serveFiles(asked, served, { sent: (path) => done.push(path) })
  const into = join(base, 'got')
  await Promise.all(contents.map((_, i) => fetchFile(asking, `bulk/${i}`, fileSink(join(into, `${i}`)))))
  for (const [i, bytes] of contents.entries())
    assert.ok((await readFile(join(into, `${i}`))).equals(bytes), `file ${i}`)
  assert.equal(done.length, contents.length)
  await rm(place, { recursive: true })
})
