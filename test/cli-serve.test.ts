// `braid serve`, `ls` and `cat` as child processes: addresses, signals, draining, listing, printing.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { BraidError, connect } from 'braidwire'
import { bytesSink, type FileSink, fetchFile } from 'braidwire/file'
import { sha256 } from 'braidwire/node'
import { braid, braidPath, follow, type Outcome, type Served, scratch, serve, start } from './cli-harness.ts'

const large = randomBytes(3 * 1024 * 1024)
let folder = ''
let remove: () => Promise<void>
let dir = ''
let server: Served

before(async () => {
  ;({ folder, remove } = await scratch())
  dir = join(folder, 'served')
  await mkdir(join(dir, 'sub', 'deep'), { recursive: true })
  await writeFile(join(dir, 'a.txt'), 'hello\n')
  await writeFile(join(dir, 'a b#c%20.txt'), 'odd')
  await writeFile(join(dir, '-dash'), 'dash')
  await writeFile(join(dir, '.env'), 'hidden')
  await writeFile(join(dir, 'sub', 'b.txt'), 'deeper')
  await writeFile(join(dir, 'large'), large)
  await writeFile(join(folder, 'outside.txt'), 'outside')
  await symlink('../outside.txt', join(dir, 'escape'))
  await writeFile(join(dir, 'endless'), '')
  await truncate(join(dir, 'endless'), 2 ** 36)
  server = await serve([dir])
})
after(async () => {
  await server.stop('SIGKILL')
  await remove()
})

function assertFailure({ code, stdout, stderr }: Outcome, pattern: RegExp): void {
  assert.equal(stdout, '')
  assert.match(stderr, /^braid: [^\n]+\n$/)
  assert.match(stderr, pattern)
  assert.equal(code, 1)
}

/** A promise and what fulfils it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('serve says where it listens, on loopback unless told otherwise', () => {
  assert.match(server.url, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
})

test('serve listens on several addresses and says each in order', async () => {
  const path = join(folder, 'braid.sock')
  const both = await serve([dir, '--listen', 'tcp://localhost:0', `--listen=unix:${path}`], {}, 2)
  assert.match(both.urls[0]!, /^tcp:/)
  assert.equal(both.urls[1], `unix:${path}`)
  for (const url of both.urls) assert.equal((await braid(['cat', url, 'a.txt'])).stdout, 'hello\n')
  assert.equal((await both.stop()).code, 0)
  await assert.rejects(stat(path))
})

test('serve listens on any address with --insecure', async () => {
  const open = await serve([dir, '--insecure', '--listen', 'tcp://0.0.0.0:0'])
  const port = /\d+$/.exec(open.url)?.[0]
  assert.equal((await braid(['cat', `tcp://127.0.0.1:${port}`, 'a.txt'])).stdout, 'hello\n')
  assert.equal((await open.stop()).code, 0)
})

test('serve ends with exit code 0 on SIGTERM and on SIGINT', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { code, stderr } = await (await serve([dir])).stop(signal)
    assert.equal(code, 0)
    assert.equal(stderr, '')
  }
})

test('serve lets a transfer under way end before it does', async () => {
  const draining = await serve([dir])
  const session = await connect(draining.url)
  const begun = gate()
  const full = gate()
  const bytes = bytesSink(sha256())
  const slow: FileSink = {
    hash: bytes.hash,
    open: (info) => bytes.open(info).then(begun.open),
    write: (chunk) => bytes.write(chunk) && false,
    ready: () => full.opened,
    commit: () => bytes.commit(),
    abort: () => bytes.abort(),
  }
  const transfer = fetchFile(session, 'large', slow)
  await begun.opened
  draining.child.kill('SIGTERM')
  for await (const state of session.states()) if (state === 'draining') break
  full.open()
  const { sha256: sum } = await transfer
  assert.equal(sum, createHash('sha256').update(large).digest('hex'))
  assert.equal((await draining.outcome).code, 0)
  await session.close()
})

test('serve ends at once on a second signal', async () => {
  const stubborn = await serve([dir])
  const session = await connect(stubborn.url)
  const begun = gate()
  const sink = { ...bytesSink(sha256()), open: async () => begun.open(), write: () => true }
  const transfer = assert.rejects(fetchFile(session, 'endless', sink), BraidError)
  await begun.opened
  stubborn.child.kill('SIGTERM')
  for await (const state of session.states()) if (state === 'draining') break
  assert.equal((await stubborn.stop('SIGTERM')).code, 1)
  await transfer
})

test('serve refuses a folder or an address it cannot use, in one sentence', async () => {
  assertFailure(await braid(['serve', join(folder, 'none')]), /cannot serve ".*none": there is no such file/)
  assertFailure(await braid(['serve', join(dir, 'a.txt')]), /it is not a folder/)
  assertFailure(await braid(['serve', dir, '--listen', server.url]), /in use/)
  assertFailure(await braid(['serve', dir, '--listen', 'tcp://127.0.0.1:0', '--listen', server.url]), /in use/)
  assertFailure(await braid(['serve', dir, '--listen', 'http://127.0.0.1:0']), /addresses are tcp:/)
  assertFailure(await braid(['serve', dir, '--listen', 'tcp://127.0.0.1:99999']), /ports go from 0 to 65535/)
})

test('serve goes on when nobody reads what it says', async () => {
  const { child } = start(['serve', dir])
  const [line] = await once(child.stdout!, 'data')
  const url = /listening (\S+)/.exec(String(line))![1]!
  child.stdout!.destroy()
  assert.equal((await braid(['cat', url, 'a.txt'])).stdout, 'hello\n')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('ls prints one name a line, sorted, without dot names and what leads outside', async () => {
  const { code, stdout, stderr } = await braid(['ls', server.url])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.deepEqual(stdout.split('\n'), ['-dash', 'a b#c%20.txt', 'a.txt', 'endless', 'large', 'sub/', ''])
})

test('ls takes a folder, a file, and -r and -l', async () => {
  assert.equal((await braid(['ls', server.url, 'sub/'])).stdout, 'b.txt\ndeep/\n')
  assert.equal((await braid(['ls', server.url, 'sub/b.txt'])).stdout, 'sub/b.txt\n')
  assert.match((await braid(['ls', server.url, '-r'])).stdout, /^sub\/\nsub\/b\.txt\nsub\/deep\/\n$/m)
  assert.match((await braid(['ls', '-l', server.url])).stdout, /^ +6 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}a\.txt$/m)
})

test('ls and cat refuse in one sentence', async () => {
  const refused: [string, RegExp][] = [
    ['none', /"none": there is no such file/],
    ['.env', /there is no such file/],
    ['escape', /it lies outside the served folder/],
    ['../outside.txt', /the path holds "\.\."/],
    ['/etc/passwd', /the path is absolute/],
    ['sub\\b.txt', /the path holds a backslash/],
    ['sub%2fb.txt', /the path holds "%2f"/],
  ]
  for (const command of ['ls', 'cat']) {
    await Promise.all(
      refused.map(async ([path, pattern]) => assertFailure(await braid([command, server.url, path]), pattern)),
    )
  }
  assertFailure(await braid(['cat', server.url, 'sub']), /"sub": it is a folder/)
  assertFailure(await braid(['cat', server.url, '.']), /it is a folder/)
})

test('cat prints exactly the bytes of a file', async () => {
  for (const [path, content] of Object.entries({ 'a b#c%20.txt': 'odd', 'sub/b.txt': 'deeper', 'a.txt': 'hello\n' })) {
    assert.deepEqual(await braid(['cat', server.url, path]), { code: 0, signal: null, stdout: content, stderr: '' })
  }
  assert.equal((await braid(['cat', server.url, '--', '-dash'])).stdout, 'dash')
  const { child, outcome } = start(['cat', server.url, 'large'])
  const hash = createHash('sha256')
  child.stdout!.on('data', (chunk: Buffer) => hash.update(chunk))
  assert.equal((await outcome).code, 0)
  assert.equal(hash.digest('hex'), createHash('sha256').update(large).digest('hex'))
})

test('cat ends quietly when its reader has had enough', async () => {
  const { child, outcome } = start(['cat', server.url, 'endless'])
  await once(child.stdout!, 'data')
  child.stdout!.destroy()
  const { code, stderr } = await outcome
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('cat tells in one sentence that the server died', async () => {
  const doomed = await serve([dir])
  const { child, outcome } = start(['cat', doomed.url, 'endless'], { stdio: ['ignore', 'pipe', 'pipe'] })
  await once(child.stdout!, 'data')
  await doomed.stop('SIGKILL')
  const { code, stderr } = await outcome
  assert.match(stderr, /^braid: cannot get "endless": [^\n]+\n$/)
  assert.equal(code, 1)
})

test('a server that is not there, or is none, is one sentence', async () => {
  const dead = await serve([dir])
  await dead.stop()
  for (const args of [['ls'], ['cat', 'a.txt'], ['get', 'a.txt']]) {
    const [command, ...rest] = args as [string, ...string[]]
    assertFailure(await braid([command, dead.url, ...rest]), /cannot reach .*nobody listens there/)
    assertFailure(await braid([command, 'nonsense', ...rest]), /cannot use the address "nonsense"/)
    assertFailure(await braid([command, `unix:${join(folder, 'none.sock')}`, ...rest]), /there is no such socket/)
  }
})

/** Runs the command, and, for the superuser, who may read everything, gives that up with the first line it prints. */
const asNobody = (path: string): string => `
  const { write } = process.stdout
  process.stdout.write = function (...args) {
    process.stdout.write = write
    if (process.getuid?.() === 0) process.seteuid(65534)
    return write.apply(this, args)
  }
  process.argv.splice(1, 0, ${JSON.stringify(path)})
  await import(${JSON.stringify(pathToFileURL(path).href)})`

test('a file that may not be read is one sentence', async () => {
  const place = join(folder, 'forbidden')
  await mkdir(place, { mode: 0o755 })
  await writeFile(join(place, 'x'), 'secret', { mode: 0o000 })
  await chmod(folder, 0o755)
  const args = ['--input-type=module', '-e', asNobody(braidPath), '--', 'serve', place]
  const other = follow(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  const url = /listening (\S+)/.exec(String((await once(other.child.stdout!, 'data'))[0]))![1]!
  assertFailure(await braid(['cat', url, 'x']), /"x": permission denied/)
  other.child.kill('SIGTERM')
  await other.outcome
})

test('serve on stdio: serves whoever started it, says what it has to say on stderr, and ends with it', async () => {
  const { child, outcome } = start(['serve', dir, '--listen', 'stdio:'], { stdio: ['pipe', 'pipe', 'pipe'] })
  const { stdin, stdout } = child
  const session = await connect({ stdin, stdout })
  const sink = bytesSink(sha256())
  await fetchFile(session, 'a.txt', sink)
  assert.equal(Buffer.from(sink.bytes!).toString(), 'hello\n')
  await session.close()
  const { code, stderr } = await outcome
  assert.equal(code, 0)
  assert.match(stderr, /^listening stdio:\nserved 1 file \(6 B\) over 1 connection and 1 stream\n$/)
})

test('ls on stdio: is told that its output is in the way', async () => {
  const { code, stdout, stderr } = await braid(['ls', 'stdio:'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^braid: stdin and stdout are for the output of this command: only serve takes stdio:/)
})
