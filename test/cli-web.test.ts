// `braid serve --web` without a browser: the page's files and what stands around them, the WebSocket on the same port, the chat room.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { request as askPlain } from 'node:http'
import { request as askSecure } from 'node:https'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { connect, type Session } from 'braidwire'
import { events } from 'braidwire/rpc'
import { braid, type Served, scratch, serve, start } from './cli-harness.ts'

let remove: () => Promise<void>
let dir = ''
let server: Served
const env = { ...process.env }
delete env.BRAID_TOKEN

before(async () => {
  const made = await scratch()
  remove = made.remove
  dir = join(made.folder, 'served')
  await mkdir(dir)
  await writeFile(join(dir, 'a.txt'), 'hello\n')
  server = await serve([dir, '--web'], { env })
})
after(async () => {
  await server.stop('SIGKILL')
  await remove()
})

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Asks with a path as it stands, which `fetch` would tidy up first. */
function ask(url: string, path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const make = url.startsWith('wss:') ? askSecure : askPlain
  return new Promise((resolve, reject) => {
    const asking = make({ hostname, port, path, method, headers, rejectUnauthorized: false }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) })
    })
    asking.on('error', reject).end()
  })
}

test('one port has the page and what every other command dials', async () => {
  assert.match(server.url, /^ws:\/\/127\.0\.0\.1:[1-9]\d*$/)
  const page = await ask(server.url, '/')
  assert.equal(page.status, 200)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(page.body.toString(), /^<!doctype html>.*<script type="module" src="page\.js">/s)
  assert.equal((await braid(['ls', server.url], { env })).stdout, 'a.txt\n')
  assert.equal((await braid(['cat', server.url, 'a.txt'], { env })).stdout, 'hello\n')
})

test('every file of the page comes with its type and its policy', async () => {
  for (const [path, type] of Object.entries({
    '/': 'text/html; charset=utf-8',
    '/?from=elsewhere': 'text/html; charset=utf-8',
    '/page.js': 'text/javascript; charset=utf-8',
    '/style.css': 'text/css; charset=utf-8',
    '/icon.svg': 'image/svg+xml',
  })) {
    const { status, headers, body } = await ask(server.url, path)
    assert.equal(status, 200, path)
    assert.equal(headers['content-type'], type)
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const policy = String(headers['content-security-policy'])
    for (const rule of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy.split('; ').includes(rule), rule)
    }
    assert.doesNotMatch(policy, /unsafe|\*/)
    const packed = await ask(server.url, path, 'GET', { 'accept-encoding': 'br, gzip' })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.deepEqual(gunzipSync(packed.body), body)
    const head = await ask(server.url, path, 'HEAD')
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.equal(head.headers['content-length'], String(body.length))
  }
})

test('nothing else is served over HTTP, by no path and no method', async () => {
  const paths = ['/a.txt', '/../package.json', '/%2e%2e/package.json', '//etc/passwd', '/page.js/', '/index.html', '*']
  for (const path of paths) {
    const { status, headers, body } = await ask(server.url, path)
    assert.equal(status, 404, path)
    assert.match(body.toString(), /^there is no such page[^\n]*\n$/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers } = await ask(server.url, '/', method)
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
  }
})

test('serve says where the page is', async (t) => {
  for (const [args, pattern] of [
    [['--web'], /^listening (ws:\S+)\npage (http:\S+)\n/],
    [['--web', '--dev'], /^listening (wss:\S+)\npage (https:\S+)\nfingerprint /],
    [
      ['--web', '--listen=tcp://127.0.0.1:0', '--listen=ws://127.0.0.1:0'],
      /^listening tcp:\S+\nlistening (ws:\S+)\npage (http:\S+)\n/,
    ],
    [['--web', '--listen=ws://0.0.0.0:0', '--insecure'], /^listening (ws:\S+)\npage (http:\S+)\n/],
  ] as const) {
    const { child, outcome } = start(['serve', dir, ...args], { env })
    t.after(() => child.kill('SIGKILL'))
    child.stdout!.once('data', () => child.kill('SIGTERM'))
    const { stdout, code } = await outcome
    assert.equal(code, 0)
    const [, socket = '', page = ''] = pattern.exec(stdout) ?? assert.fail(stdout)
    assert.equal(new URL(page).port, new URL(socket.replace(/^ws/, 'http')).port)
    assert.notEqual(new URL(page).hostname, '0.0.0.0')
  }
})

test('over TLS the page is there as well', async () => {
  const secure = await serve([dir, '--web', '--dev'], { env })
  try {
    const { status, headers } = await ask(secure.url, '/')
    assert.equal(status, 200)
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  } finally {
    assert.equal((await secure.stop()).code, 0)
  }
})

test('a page that cannot be is refused in one sentence', async () => {
  const refused: [string[], RegExp][] = [
    [['--listen', 'tcp://127.0.0.1:0'], /--web needs an address that begins with ws:\/\/ or wss:\/\//],
    [['--listen', 'ws://127.0.0.1:0/mux'], /--web has the page and its WebSocket at \/: leave the path out/],
    [['--listen', 'ws://0.0.0.0:0'], /other machines could reach .* which needs TLS .* and a token/],
    [['--listen', 'wss://0.0.0.0:0', '--dev'], /other machines could reach .* which needs a token/],
  ]
  for (const [args, pattern] of refused) {
    const { code, stderr, stdout } = await braid(['serve', dir, '--web', ...args], { env })
    assert.match(stderr, /^braid: [^\n]+\n$/)
    assert.match(stderr, pattern)
    assert.deepEqual([code, stdout], [2, ''])
  }
})

interface Said {
  who: unknown
  text: unknown
}

/** Enters the chat as a page does. */
async function enter(
  t: TestContext,
): Promise<{ session: Session; say(line: unknown): void; heard: AsyncIterator<Said> }> {
  const session = await connect(server.url)
  t.after(() => session.close())
  const topic = events<{ said: unknown }, { said: Said }>(session, 'chat')
  const said = topic.on('said')
  const heard = said[Symbol.asyncIterator]()
  await said.ready
  await session.call('chat.enter', new Uint8Array())
  return { session, say: (line) => topic.emit('said', line), heard }
}

test('the chat relays what is a line, to all who entered', async (t) => {
  const [ada, bob] = [await enter(t), await enter(t)]
  for (const line of [null, 7, { who: 'Ada' }, { who: 1, text: 'x' }, { who: 'Ada', text: ' ' }]) ada.say(line)
  ada.say({ who: 'A'.repeat(100), text: 'b'.repeat(5000), more: 'than asked for' })
  const long = { who: 'A'.repeat(40), text: 'b'.repeat(2000) }
  assert.deepEqual((await bob.heard.next()).value, long)
  assert.deepEqual((await ada.heard.next()).value, long)
  bob.say({ who: 'Bob', text: 'too long' })
  assert.deepEqual((await ada.heard.next()).value, { who: 'Bob', text: 'too long' })
})

test('the chat counts who is there', async (t) => {
  const first = await connect(server.url)
  t.after(() => first.close())
  const present = events<{ said: unknown }, { present: { people: number } }>(first, 'chat').on('present')
  const counts = present[Symbol.asyncIterator]()
  await present.ready
  await first.call('chat.enter', new Uint8Array())
  const before = (await counts.next()).value!.people
  const { session } = await enter(t)
  assert.equal((await counts.next()).value!.people, before + 1)
  await session.close()
  assert.equal((await counts.next()).value!.people, before)
})
