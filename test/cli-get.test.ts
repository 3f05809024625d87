// `braid get` as a child process: where files go, what is refused before any transfer, and that no half file ever shows.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, watch, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { listen, type Session } from 'braidwire'
import { braid, braidPath, follow, type Outcome, type Served, scratch, serve, start } from './cli-harness.ts'

const smallFiles = 600
let folder = ''
let remove: () => Promise<void>
let dir = ''
let out = ''
let tests = 0
let server: Served

before(async () => {
  ;({ folder, remove } = await scratch())
  dir = join(folder, 'served')
  await mkdir(join(dir, 'sub', 'empty'), { recursive: true })
  await mkdir(join(dir, 'small', '.git'), { recursive: true })
  await mkdir(join(dir, 'other'))
  await writeFile(join(dir, 'a.txt'), 'hello')
  await writeFile(join(dir, 'a b#c%20.txt'), 'odd')
  await writeFile(join(dir, 'sub', 'b.txt'), 'deeper')
  await writeFile(join(dir, 'other', 'b.txt'), 'another')
  await writeFile(join(dir, 'megabytes'), randomBytes(3 * 1024 * 1024))
  await writeFile(join(folder, 'outside.txt'), 'outside')
  await symlink('../outside.txt', join(dir, 'escape'))
  await writeFile(join(dir, 'small', '.git', 'config'), 'hidden')
  await writeFile(join(dir, 'endless'), '')
  await truncate(join(dir, 'endless'), 2 ** 36)
  for (let i = 0; i < smallFiles; i++) {
    await mkdir(join(dir, 'small', `${i % 7}`), { recursive: true })
    await writeFile(join(dir, 'small', `${i % 7}`, `${i}`), `content of ${i}`.repeat(i))
  }
  server = await serve([dir])
})
after(async () => {
  await server.stop('SIGKILL')
  await remove()
})
beforeEach(() => {
  out = join(folder, `out-${tests++}`)
})

function assertFailure({ code, stdout, stderr }: Outcome, pattern: RegExp): void {
  assert.equal(stdout, '')
  assert.match(stderr, /^braid: [^\n]+\n$/)
  assert.match(stderr, pattern)
  assert.equal(code, 1)
}

/** Every path below a folder, folders with a slash; nothing if it is not there. */
async function tree(place: string): Promise<string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries.map(
    (entry) => join(entry.parentPath, entry.name).slice(place.length + 1) + (entry.isDirectory() ? '/' : ''),
  )
  return paths.sort()
}

/** Resolves when a transfer into the folder has begun to write. */
async function begun(place: string): Promise<void> {
  for await (const { filename } of watch(place)) if (filename?.endsWith('.part')) return
}

test('get puts a file under its last name and says so', async () => {
  const { code, stdout, stderr } = await braid(['get', server.url, 'sub/b.txt', 'a b#c%20.txt', '-o', out])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(stdout, /b\.txt/)
  assert.deepEqual(await tree(out), ['a b#c%20.txt', 'b.txt'])
  assert.equal(await readFile(join(out, 'b.txt'), 'utf8'), 'deeper')
  assert.equal(await readFile(join(out, 'a b#c%20.txt'), 'utf8'), 'odd')
})

test('get writes into the current folder without -o', async () => {
  await mkdir(out)
  assert.equal((await braid(['get', server.url, 'sub/b.txt'], { cwd: out })).code, 0)
  assert.deepEqual(await tree(out), ['b.txt'])
})

test('get -r brings a folder under its name, with the empty ones', async () => {
  assert.equal((await braid(['get', '-r', server.url, 'sub', 'a.txt', '-o', out])).code, 0)
  assert.deepEqual(await tree(out), ['a.txt', 'sub/', 'sub/b.txt', 'sub/empty/'])
})

test('get -r brings hundreds of small files, and no dot names', async () => {
  const { code, stderr } = await braid(['get', server.url, '-r', 'small/', '-o', out])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  const paths = (await tree(out)).filter((path) => !path.endsWith('/'))
  assert.equal(paths.length, smallFiles)
  for (const path of paths) assert.deepEqual(await readFile(join(out, path)), await readFile(join(dir, path)))
})

test('get -r of the served folder itself brings what is in it', async () => {
  const part = await serve([join(dir, 'sub')])
  assert.equal((await braid(['get', '-r', part.url, '.', '-o', out])).code, 0)
  assert.deepEqual(await tree(out), ['b.txt', 'empty/'])
  await part.stop()
})

test('get brings dot names from a server that shows them', async () => {
  const open = await serve([dir, '--hidden'])
  assert.equal((await braid(['get', '-r', open.url, 'small/.git', '-o', out])).code, 0)
  assert.deepEqual(await tree(out), ['.git/', '.git/config'])
  await open.stop()
})

test('get works over a Unix socket', async () => {
  const unix = await serve([dir, '--listen', `unix:${join(folder, 's')}`])
  assert.equal((await braid(['get', unix.url, 'a.txt', '-o', out])).code, 0)
  assert.equal(await readFile(join(out, 'a.txt'), 'utf8'), 'hello')
  await unix.stop()
})

test('get replaces a file that is there', async () => {
  await mkdir(out)
  await writeFile(join(out, 'a.txt'), 'something longer that was there before')
  assert.equal((await braid(['get', server.url, 'a.txt', '-o', out])).code, 0)
  assert.equal(await readFile(join(out, 'a.txt'), 'utf8'), 'hello')
  assert.deepEqual(await tree(out), ['a.txt'])
})

test('get refuses in one sentence and leaves nothing', async () => {
  const refused: [string, RegExp][] = [
    ['none', /"none": there is no such file/],
    ['sub', /"sub": it is a folder/],
    ['.', /it is a folder/],
    ['small/.git/config', /there is no such file/],
    ['escape', /it lies outside the served folder/],
    ['../outside.txt', /the path holds "\.\."/],
    ['sub/..', /the path holds "\.\."/],
    ['/etc/passwd', /the path is absolute/],
    ['sub\\b.txt', /the path holds a backslash/],
    ['sub%2Fb.txt', /the path holds "%2F"/],
    ['a.txt%00', /the path holds "%00"/],
  ]
  await Promise.all(
    refused.map(async ([path, pattern]) => assertFailure(await braid(['get', server.url, path, '-o', out]), pattern)),
  )
  assertFailure(await braid(['get', '-r', server.url, 'none', '-o', out]), /there is no such file/)
  assert.deepEqual(await tree(out), [])
})

test('get brings the other files when some fail, and tells all failures in one sentence', async () => {
  const result = await braid(['get', server.url, 'none', 'sub', 'a.txt', '../x', 'sub/b.txt', '-o', out])
  assertFailure(result, /cannot get 3 of 5 files: .*"none": there is no such file/)
  assert.deepEqual(await tree(out), ['a.txt', 'b.txt'])
})

test('get refuses two sources for one target before any transfer', async () => {
  const collisions = [
    ['sub/b.txt', 'other/b.txt'],
    ['a.txt', 'a.txt'],
    ['-r', 'sub', 'sub/'],
    ['-r', 'other/b.txt', 'sub/b.txt'],
  ]
  for (const paths of collisions) {
    assertFailure(await braid(['get', server.url, ...paths, '-o', out]), /would both become|asked for twice/)
    assert.deepEqual(await tree(out), [])
  }
})

test('get tells that a folder or a file is in the way', async () => {
  await mkdir(join(out, 'a.txt'), { recursive: true })
  await writeFile(join(out, 'file'), '')
  assertFailure(await braid(['get', server.url, 'a.txt', '-o', out]), /"a\.txt": a folder is in its place/)
  assertFailure(
    await braid(['get', server.url, 'a.txt', '-o', join(out, 'file')]),
    /a file is in the place of its folder/,
  )
  const within = await braid(['get', '-r', server.url, 'sub', '-o', join(out, 'file')])
  assertFailure(within, /cannot get (\d+) of \1 files: .*a file is in the place/)
  assert.deepEqual(await tree(out), ['a.txt/', 'file'])
})

test('get leaves no half file when the server dies', async () => {
  const doomed = await serve([dir])
  await mkdir(out)
  await writeFile(join(out, 'endless'), 'from before')
  const started = begun(out)
  const { outcome } = start(['get', doomed.url, 'endless', '-o', out])
  await started
  await doomed.stop('SIGKILL')
  assertFailure(await outcome, /cannot get "endless": /)
  assert.deepEqual(await tree(out), ['endless'])
  assert.equal(await readFile(join(out, 'endless'), 'utf8'), 'from before')
})

test('get tells once that the server died, however many files are missing', async () => {
  const doomed = await serve([dir])
  await mkdir(out)
  const started = begun(out)
  const many = ['endless', 'a.txt', 'a b#c%20.txt', 'megabytes']
  const { outcome } = start(['get', doomed.url, ...many, '-o', out])
  await started
  await doomed.stop('SIGKILL')
  assertFailure(await outcome, /cannot get /)
  for (const name of await tree(out))
    assert.equal((await stat(join(out, name))).size, (await stat(join(dir, name))).size)
})

test('get removes what it has begun when it is interrupted', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 130],
  ] as const) {
    await rm(out, { recursive: true, force: true })
    await mkdir(out)
    const started = begun(out)
    const { child, outcome } = start(['get', server.url, 'endless', '-o', out])
    await started
    child.kill(signal)
    const ended = await outcome
    assert.equal(ended.stderr, 'braid: interrupted\n')
    assert.equal(ended.code, code)
    assert.deepEqual(await tree(out), [])
  }
})

test('get tells in one sentence that the disk takes no more', async () => {
  const command = `ulimit -f 1024; exec "${process.execPath}" "${braidPath}" get ${server.url} a.txt megabytes -o "${out}"`
  const { outcome } = follow(spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] }))
  assertFailure(await outcome, /"megabytes": the file is larger than the disk takes/)
  assert.deepEqual(await tree(out), ['a.txt'])
})

test('get writes nothing outside its folder for a hostile server', async (context) => {
  const hostile = await listen('tcp://127.0.0.1:0', (session: Session) => {
    session.handle('$list', (stream) => {
      stream.accept({ folder: true, size: 0, mtimeMs: 0 })
      stream.send(new TextEncoder().encode('[["../../evil",1,0]]'))
      stream.end({ skipped: 0 })
    })
    session.handle('$file', (stream) => {
      stream.accept({ size: 1, mtimeMs: 0 })
      stream.write(Uint8Array.of(1))
      stream.end({ sha256: 'wrong' })
    })
  })
  context.after(() => hostile.close())
  assertFailure(await braid(['get', '-r', hostile.url, 'x', '-o', out]), /the listing is malformed/)
  assertFailure(await braid(['get', hostile.url, 'x', '-o', out]), /the bytes that came are not the bytes of the file/)
  assert.deepEqual(
    (await tree(out)).filter((path) => !path.endsWith('/')),
    [],
  )
})

test('get lets no server speak to the terminal', async (context) => {
  const rude = await listen('tcp://127.0.0.1:0', (session: Session) => {
    session.handle('$file', (stream) => stream.reset('DENIED', '\u001b[2J\nbraid: all is well\r'))
  })
  context.after(() => rude.close())
  const { stderr } = await braid(['get', rude.url, 'x', '-o', out])
  assert.match(stderr, /^braid: [^\n]+\n$/)
  for (const control of ['\u001b', '\r']) assert.ok(!stderr.includes(control))
})

test('get tells in one sentence that something else is listening', async (context) => {
  const other = createServer((socket) => socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  context.after(() => other.close())
  const { port } = other.address() as { port: number }
  assertFailure(await braid(['get', `tcp://127.0.0.1:${port}`, 'x', '-o', out]), /./)
})
