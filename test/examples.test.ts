// Runs every example as its reader would: as processes of their own, on free ports, and looks at what they print.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const built = new URL('../examples/', import.meta.url)
const sources = new URL('../../examples/', import.meta.url)

/** A running example and what it has printed. */
class Program {
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  output = ''
  errors = ''

  constructor(t: TestContext, name: string, args: string[]) {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}.js`, built)), ...args], {
      cwd: fileURLToPath(sources),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    this.ended = once(child, 'close').then(([code]) => code as number | null)
    t.after(async () => {
      child.kill('SIGKILL')
      await this.ended
    })
  }

  /** Waits until the output matches, or fails with what was printed when the program ends first. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.output.match(pattern)
      if (match) return match
      const ended = this.ended.then(() => true)
      if (await Promise.race([ended, once(this.#child.stdout!, 'data').then(() => false)])) {
        assert.match(this.output, pattern, this.errors)
      }
    }
  }

  async finished(): Promise<string> {
    assert.equal(await this.ended, 0, this.errors)
    assert.equal(this.errors, '')
    return this.output
  }
}

async function listening(program: Program): Promise<string> {
  const [, url = ''] = await program.until(/^listening (tcp:\/\/\S+)$/m)
  return url
}

/** A stream of small numbers that is the same for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Listens in front of `url` and hands the bytes on in pieces of random size: every chunk split, merged, held back a turn. */
async function chopper(t: TestContext, url: string, seed: number): Promise<string> {
  const below = random(seed)
  const sockets: Socket[] = []
  const pump = (from: Socket, to: Socket): void => {
    let held = Buffer.alloc(0)
    let ended = false
    let due = false
    const turn = (): void => {
      due = false
      const size = Math.min(held.length, 1 + below(below(4) === 0 ? 4000 : 40))
      if (below(3) > 0) {
        to.write(held.subarray(0, size))
        held = held.subarray(size)
      }
      if (held.length > 0) schedule()
      else if (ended) to.end()
    }
    const schedule = (): void => {
      if (due) return
      due = true
      setImmediate(turn)
    }
    from.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      schedule()
    })
    from.on('end', () => {
      ended = true
      schedule()
    })
    from.on('error', () => to.destroy())
  }
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(near.setNoDelay(), far.setNoDelay())
    pump(near, far)
    pump(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('file server and client pass files by name, each on its own stream', async (t) => {
  const server = new Program(t, 'file-server', ['tcp://127.0.0.1:0'])
  const url = await listening(server)
  for (const name of ['hello', 'world']) {
    const text = await readFile(new URL(`files/${name}`, sources), 'utf8')
    const output = await new Program(t, 'file-client', [name, url]).finished()
    assert.equal(output, `RECEIVED FILE ${name}\n${text}${text.length} bytes\n`)
  }
})

test('file server refuses names outside its rule and files it does not have', async (t) => {
  const server = new Program(t, 'file-server', ['tcp://127.0.0.1:0'])
  const url = await listening(server)
  for (const [name, text] of [
    ['../README.md', 'file not allowed'],
    ['hello.txt', 'file not allowed'],
    ['', 'file not allowed'],
    ['none', 'no file "none"'],
  ] as const) {
    const client = new Program(t, 'file-client', [name, url])
    assert.equal(await client.ended, 1)
    assert.deepEqual([client.output, client.errors], ['', `${text}\n`])
  }
  assert.match(await new Program(t, 'file-client', ['hello', url]).finished(), /^RECEIVED FILE hello\n/)
})

for (const seed of [0, 1, 2, 3]) {
  test(`A and B hear each other and the echo is true, ${seed === 0 ? 'directly' : `bytes chopped, seed ${seed}`}`, async (t) => {
    const a = new Program(t, 'a', ['tcp://127.0.0.1:0'])
    const url = await listening(a)
    const b = new Program(t, 'b', [seed === 0 ? url : await chopper(t, url, seed)])
    assert.equal(await b.finished(), 'Hello I am A\nthe echo is what was said\n')
    await a.until(/^Hello I am B$/m)
  })
}

test('message, request and stream of messages pass between two sessions in memory', async (t) => {
  const output = await new Program(t, 'messages', []).finished()
  assert.deepEqual(output.trim().split('\n'), [
    'message HELLO THERE',
    "request { foo: 'bar' }",
    'response { okay: true }',
    'echo open - write to stream',
    'echo and once more',
    'closed undefined',
  ])
})

test('what one says in the chat room is heard by all', async (t) => {
  const output = await new Program(t, 'chat', []).finished()
  assert.deepEqual(output.trim().split('\n'), [
    'Bob hears Ada: is anybody here?',
    'Bob hears Bob: I am',
    'Ada hears Ada: is anybody here?',
    'Ada hears Bob: I am',
  ])
})

test('a search gives hits as it finds them, and ends on the server when its client leaves', async (t) => {
  const lines = (await new Program(t, 'file-search', []).finished()).trim().split('\n')
  assert.equal(lines.length, 4)
  assert.ok(lines.includes('the search has ended'))
  for (const line of lines) assert.match(line, /^[\w-]+\.ts:\d+ .*from|^the search has ended$/)
})

test('a job in a child process tells its progress, and ends when it is given up', async (t) => {
  const lines = (await new Program(t, 'job', []).finished()).trim().split('\n')
  assert.deepEqual(lines.slice(0, 4), ['25 %', '50 %', '75 %', '100 %'])
  assert.match(lines[4] ?? '', /^done [0-9a-f]{64}$/)
  assert.deepEqual(lines.slice(5), ['given up BRAID_CANCELLED'])
})

test('a worker thread calls back while it works, and gives large results away without a copy', async (t) => {
  const lines = (await new Program(t, 'worker', []).finished()).trim().split('\n')
  assert.deepEqual(lines.slice(0, -1), ['sum 6', '0 %', '25 %', '50 %', '75 %'])
  const [, bytes, percent] = /^(\d+) bytes, (\d+) % of them in pieces that were not copied$/.exec(lines.at(-1)!) ?? []
  assert.equal(Number(bytes), 16 * 1024 * 1024)
  assert.ok(Number(percent) > 50, lines.at(-1))
})

test('two WebRTC peers find each other over a WebSocket, and a file goes straight between them', async (t) => {
  assert.equal(await new Program(t, 'webrtc/peers', []).finished(), '8388608 bytes arrived\n')
})

test('a deadline goes through a gateway and ends a call at both hops', async (t) => {
  const output = await new Program(t, 'gateway', []).finished()
  // Who hears of the end first is chance.
  assert.deepEqual(output.trim().split('\n').sort(), [
    'contents of a.txt',
    'the store saw what the gateway left of 1000 ms',
    'the store stops',
    'went well: false',
  ])
})

test('a client outlives its server and tells what a broken connection cost', async (t) => {
  const output = await new Program(t, 'restart', []).finished()
  assert.deepEqual(output.trim().split('\n').sort(), [
    'lost 1 call, perhaps executed: BRAID_INTERNAL',
    'slept well: false',
    'version 1',
    'version 2',
    'version 2',
  ])
})

test('workers share a port and its sessions, and count in one place', async (t) => {
  const output = await new Program(t, 'cluster', ['2', '5']).finished()
  assert.match(output, /^\d+ calls a second\n2 workers made 40 hashes\n$/)
})

test('update streams are opened from either side and confirmed by the other', async (t) => {
  const one = new Program(t, 'update', ['listen', 'tcp://127.0.0.1:0'])
  const other = new Program(t, 'update', ['connect', await listening(one)])
  const said = ["data console.log('Hello');", "meta { type: 'update', file: 'xy.js' }", 'the other side has created it']
  const lines = (output: string): string[] => output.trim().split('\n').sort()
  assert.deepEqual(lines(await other.finished()), said)
  assert.deepEqual(lines((await one.finished()).replace(/^listening .*$/m, '')), said)
})

test('examples are under 40 lines each and all listed in their README', async () => {
  const readme = await readFile(new URL('README.md', sources), 'utf8')
  const programs = (await readdir(sources)).filter((name) => name.endsWith('.ts'))
  assert.ok(programs.length >= 6)
  for (const name of programs) {
    const lines = (await readFile(new URL(name, sources), 'utf8')).split('\n').length
    assert.ok(lines <= 40, `${name} has ${lines} lines`)
    assert.ok(readme.includes(`\`${name}\``), `README does not name ${name}`)
  }
})
