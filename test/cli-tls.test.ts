// The command over TLS, as child processes: certificates, --dev, tokens, and what is refused before anything is sent or served.

import assert from 'node:assert/strict'
import { type SpawnOptions, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect as dialRaw } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { listen } from 'braidwire'
import { type Certificate, issue } from '#dist/node/certificate.js'
import { braid, braidPath, follow, type Outcome, type Running, scratch, serve, start } from './cli-harness.ts'

const token = 'correct horse battery staple'
const wrongToken = 'tea-at-noon'
const shortToken = 'fifteen bytes..'
const longToken = `${shortToken}.`
const withoutToken = { ...process.env }
delete withoutToken.BRAID_TOKEN
const withToken = (value: string) => ({ env: { ...withoutToken, BRAID_TOKEN: value } })
const without = { env: withoutToken }

let folder = ''
let remove: () => Promise<void>
let dir = ''
const file = (name: string): string => join(folder, name)

async function writePair(name: string, { cert, key }: Certificate): Promise<string[]> {
  await writeFile(file(`${name}.pem`), cert)
  await writeFile(file(`${name}.key`), key)
  return ['--cert', file(`${name}.pem`), '--key', file(`${name}.key`)]
}

let server: string[] = []
let ada: string[] = []
let elsewhere: string[] = []
let authority: string[] = []
const keys: string[] = []

before(async () => {
  ;({ folder, remove } = await scratch())
  dir = file('served')
  await mkdir(dir)
  await writeFile(join(dir, 'a.txt'), 'hello\n')
  await writeFile(file('token'), `${token}\n`)
  await writeFile(file('empty'), '\n')
  await writeFile(file('short'), `${shortToken}\n`)
  await writeFile(file("ada's $token"), token)
  const [from, until] = [new Date(Date.now() - 60_000), new Date(Date.now() + 86_400_000)]
  const issuer = issue({ name: 'authority', from, until, authority: true })
  const certificates = {
    server: issue({ name: 'server', hosts: ['127.0.0.1'], from, until }, issuer),
    ada: issue({ name: 'ada', from, until }, issuer),
    elsewhere: issue({ name: 'elsewhere', hosts: ['example.org'], from, until }, issuer),
  }
  keys.push(...Object.values(certificates).map(({ key }) => key.split('\n')[1]!))
  server = await writePair('server', certificates.server)
  ada = await writePair('ada', certificates.ada)
  elsewhere = await writePair('elsewhere', certificates.elsewhere)
  await writePair('authority', issuer)
  authority = ['--ca', file('authority.pem')]
})
after(() => remove())

function assertFailure({ code, stdout, stderr }: Outcome, pattern: RegExp, exitCode = 1): void {
  assert.equal(stdout, '')
  assert.match(stderr, /^braid: [^\n]+\n$/)
  assert.match(stderr, pattern)
  assert.equal(code, exitCode)
}

/** No output of any command tells a secret. */
function assertSilent(...outcomes: Outcome[]): void {
  for (const { stdout, stderr } of outcomes) {
    for (const secret of [token, wrongToken, shortToken, ...keys])
      assert.ok(!`${stdout}${stderr}`.includes(secret), stderr)
  }
}

/** Starts `serve --dev` and reads what it says before anybody connects. */
async function serveDev(args: readonly string[], options: SpawnOptions): Promise<Running & { lines: string[] }> {
  const { child, outcome } = start(['serve', dir, '--dev', ...args], options)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line)
    if (line.startsWith('to list')) break
  }
  child.stdout!.resume()
  assert.equal(lines.length, 3)
  return { child, outcome, lines }
}

/** Runs a printed command as somebody does who pastes it into a shell where `braid` is this one. */
function paste(command: string, options: SpawnOptions): Promise<Outcome> {
  const here = 'braid() { "$NODE" "$BRAID" "$@"; }'
  const env = { ...options.env, NODE: process.execPath, BRAID: braidPath }
  return follow(spawn('sh', ['-c', `${here}\n${command}`], { stdio: ['ignore', 'pipe', 'pipe'], env })).outcome
}

test('serve --dev prints the command the other side needs, and that works', async () => {
  const { child, outcome, lines } = await serveDev([], without)
  assert.match(lines[0]!, /^listening tls:\/\/127\.0\.0\.1:[1-9]\d*$/)
  assert.match(lines[1]!, /^fingerprint [0-9a-f]{64}$/)
  const command = /^to list: (braid .*)$/.exec(lines[2]!)![1]!
  assert.equal((await paste(command, without)).stdout, 'a.txt\n')
  const url = command.split(' ')[2]!
  const [refused, other] = await Promise.all([
    braid(['ls', url], without),
    braid(['ls', url, '--fingerprint', 'ab'.repeat(32)], without),
  ])
  assertFailure(refused, /self-signed: .* pin it \(--fingerprint\) or trust it \(--ca\)/)
  assertFailure(other, /not the one that is pinned/)
  child.kill('SIGTERM')
  const { code, stderr } = await outcome
  assert.deepEqual([code, stderr], [0, ''])
})

test('serve --dev prints where the token is, not what it is', async () => {
  const fromFile = await serveDev(['--token-file', file("ada's $token")], without)
  const fromVariable = await serveDev([], withToken(token))
  const [, command = ''] = /^to list: (.*)$/.exec(fromFile.lines[2]!)!
  assert.equal((await paste(command, without)).stdout, 'a.txt\n')
  const [, same = ''] = /^to list, with BRAID_TOKEN=\.\.\. in the environment: (.*)$/.exec(fromVariable.lines[2]!)!
  assert.equal((await paste(same, withToken(token))).stdout, 'a.txt\n')
  for (const { child, outcome } of [fromFile, fromVariable]) {
    child.kill('SIGTERM')
    assertSilent(await outcome)
  }
})

test('serve on every address takes TLS and a token, and whoever shows it', async () => {
  const open = await serve([dir, '--listen', 'tls://0.0.0.0:0', ...server, '--token-file', file('token')], without)
  const url = open.url.replace('0.0.0.0', '127.0.0.1')
  const outcomes = await Promise.all([
    braid(['cat', url, 'a.txt', ...authority, '--token-file', file('token')], without),
    braid(['get', url, 'a.txt', '-o', file('got'), ...authority], withToken(token)),
    braid(['ls', url, ...authority], without),
    braid(['ls', url, ...authority], withToken(wrongToken)),
    braid(['ls', url, ...authority], withToken(`${token} and more`)),
  ])
  assert.equal(outcomes[0].stdout, 'hello\n')
  assert.equal(outcomes[1].code, 0)
  assertFailure(outcomes[2], /asks for a token \(--token-file or BRAID_TOKEN\)/)
  for (const outcome of outcomes.slice(3)) assertFailure(outcome, /asks for another token/)
  const ended = await open.stop()
  assert.equal(ended.code, 0)
  assertSilent(...outcomes, ended)
})

test('serve with --ca lets in who has a certificate, and asks for no token then', async () => {
  const open = await serve([dir, '--listen', 'tls://0.0.0.0:0', ...server, ...authority], without)
  const url = open.url.replace('0.0.0.0', '127.0.0.1')
  const [known, unknown] = await Promise.all([
    braid(['cat', url, 'a.txt', ...authority, ...ada], without),
    braid(['cat', url, 'a.txt', ...authority], without),
  ])
  assert.equal(known.stdout, 'hello\n')
  assertFailure(unknown, /takes only clients with a certificate/)
  assertSilent(known, unknown, await open.stop())
})

test('a token is asked for on loopback and over Unix sockets too, and environment and file mean the same', async () => {
  const path = `unix:${file('sock')}`
  const open = await serve([dir, '--listen', 'tcp://127.0.0.1:0', '--listen', path], withToken(token), 2)
  for (const url of open.urls) {
    assert.equal((await braid(['ls', url, '--token-file', file('token')], without)).stdout, 'a.txt\n')
    assertFailure(await braid(['ls', url], without), /asks for a token/)
  }
  assertSilent(await open.stop())
})

const refusals: readonly [string, () => string[], RegExp, number][] = [
  ['TLS without a token', () => ['--listen', 'tls://0.0.0.0:0', ...server], /needs a token \(--token-file or/, 2],
  [
    'a token without TLS',
    () => ['--listen', 'tcp://0.0.0.0:0', '--token-file', file('token')],
    /needs TLS .*--dev\);/,
    2,
  ],
  ['neither', () => ['--listen', 'tcp://[::]:0'], /needs TLS .* and a token/, 2],
  ['one open address of two', () => ['--listen', 'tcp://127.0.0.1:0', '--listen', 'tcp://0.0.0.0:0'], /0\.0\.0\.0/, 2],
  ['no certificate', () => ['--listen', 'tls://127.0.0.1:0'], /--cert and --key, or --dev/, 2],
  ['two certificates', () => ['--dev', ...server], /leave out --cert and --key/, 2],
  [
    'a certificate and no TLS',
    () => ['--listen', 'tcp://127.0.0.1:0', ...server],
    /only addresses that begin with tls:\/\/ or wss:\/\/ take --cert and --key$/m,
    2,
  ],
  ['ws:// that others reach', () => ['--listen', 'ws://0.0.0.0:0/mux'], /ws:\/\/0\.0\.0\.0:0\/mux.*needs TLS/, 2],
  ['ws:// on port 80', () => ['--listen', 'ws://0.0.0.0'], /needs TLS/, 2],
  ['wss:// without a token', () => ['--listen', 'wss://0.0.0.0:0', ...server], /which needs a token \(/, 2],
  ['wss:// without a certificate', () => ['--listen', 'wss://127.0.0.1:0/x'], /need a certificate: --cert/, 2],
  [
    '--dev and no TLS',
    () => ['--listen', 'tcp://127.0.0.1:0', '--dev'],
    /begin with tls:\/\/ or wss:\/\/ take --dev$/m,
    2,
  ],
  ['a certificate that is not there', () => ['--cert', file('none')], /cannot read --cert .*no such file/, 1],
  ['no key', () => server.slice(0, 2), /: --cert and --key go together/, 2],
  ['the key of another', () => [...server.slice(0, 2), ...ada.slice(2)], /: --key is not the key of --cert: the/, 1],
  ['a certificate that is none', () => ['--cert', file('token'), ...server.slice(2)], /: --cert holds no cert/, 1],
  ['a key that is none', () => [...server.slice(0, 2), '--key', file('token')], /: --key holds no private key/, 1],
  ['authorities that are none', () => [...server, '--ca', file('token')], /: --ca holds no certificate/, 1],
  [
    'a token that others could guess',
    () => ['--listen', 'tls://0.0.0.0:0', ...server, '--token-file', file('short')],
    /guess the token, which has fewer than 16 bytes: make one with "openssl rand -hex 32 > token"/,
    2,
  ],
  [
    'it with --ca too',
    () => ['--listen', 'tls://0.0.0.0:0', ...server, ...authority, '--token-file', file('short')],
    /guess the token/,
    2,
  ],
  ['an empty token', () => ['--token-file', file('empty')], /is empty, which is no token/, 1],
  ['a token in the command line', () => [`--token=${token}`], /there is no option "--token"/, 2],
]

for (const [what, args, pattern, exitCode] of refusals) {
  test(`serve refuses ${what}`, async () => {
    const outcome = await braid(['serve', dir, ...args()], without)
    assertFailure(outcome, pattern, exitCode)
    assertSilent(outcome)
  })
}

test('serve --insecure lets other machines in as they come', async () => {
  const open = await serve([dir, '--listen', 'tcp://0.0.0.0:0', '--insecure'], without)
  assert.equal((await braid(['ls', open.url.replace('0.0.0.0', '127.0.0.1')], without)).stdout, 'a.txt\n')
  assert.equal((await open.stop()).code, 0)
})

test('serve, ls, cat and get take ws:// and wss://', async () => {
  const listening = ['--listen', 'ws://127.0.0.1:0/mux', '--listen', 'wss://127.0.0.1:0', ...server]
  const { urls, stop } = await serve([dir, ...listening], without, 2)
  assert.match(urls[0]!, /^ws:\/\/127\.0\.0\.1:\d+\/mux$/)
  assert.equal((await braid(['ls', urls[0]!], without)).stdout, 'a.txt\n')
  assert.equal((await braid(['cat', urls[1]!, 'a.txt', ...authority], without)).stdout, 'hello\n')
  assert.equal((await braid(['get', urls[0]!, 'a.txt', '-o', file('fetched')], without)).code, 0)
  assertFailure(await braid(['ls', `${urls[0]}/x`], without), /HTTP 404: no Braidwire is at this path$/m, 1)
  assertFailure(
    await braid(['ls', 'ws://192.0.2.1/'], withToken(token)),
    /could read the token: dial tls:\/\/ or wss:/,
    2,
  )
  assert.equal((await stop()).code, 0)
})

test('a token of 16 bytes is enough on every address, and a shorter one on loopback', async () => {
  const open = await serve([dir, '--listen', 'tls://0.0.0.0:0', ...server], withToken(longToken))
  const near = await serve([dir], withToken(shortToken))
  assert.equal((await braid(['ls', near.url], withToken(shortToken))).stdout, 'a.txt\n')
  assertSilent(await open.stop(), await near.stop())
})

const nobody = 'tls://127.0.0.1:1'
const mistakes: readonly [string, () => string[], RegExp, number][] = [
  [
    'an address without TLS',
    () => ['tcp://127.0.0.1:1', '--fingerprint', 'ab'.repeat(32)],
    /only addresses that begin with tls:\/\/ or wss:\/\/ take --fingerprint$/m,
    2,
  ],
  [
    'a pin and authorities',
    () => [nobody, ...authority, '--fingerprint', 'ab'.repeat(32)],
    /and --ca many: give only/,
    2,
  ],
  ['half a pair', () => [nobody, ...ada.slice(2)], /: --cert and --key go together/, 2],
  ['a pin that is none', () => [nobody, '--fingerprint', 'abc'], /: --fingerprint takes the 64 hexadecimal digits/, 1],
]

for (const [what, args, pattern, exitCode] of mistakes) {
  test(`ls refuses ${what}, and names the options as they are typed`, async () => {
    assertFailure(await braid(['ls', ...args()], without), pattern, exitCode)
  })
}

test('ls says which options help with the certificate of a server', async () => {
  const [other, strict] = await Promise.all([
    serve([dir, ...elsewhere], without),
    serve([dir, ...server, ...authority], without),
  ])
  const [named, unknown, unasked] = await Promise.all([
    braid(['ls', other.url, ...authority], without),
    braid(['ls', other.url], without),
    braid(['ls', strict.url, ...authority], without),
  ])
  assertFailure(named, /dial a name it is for, or pin that certificate \(--fingerprint, without --ca\)/)
  assertFailure(unknown, /not trusted here: give the right one \(--ca\)/)
  assertFailure(unasked, /give one it trusts \(--cert and --key\)/)
  const pin = new X509Certificate(await readFile(elsewhere[1]!)).fingerprint256
  assert.equal((await braid(['ls', other.url, '--fingerprint', pin], without)).stdout, 'a.txt\n')
  await Promise.all([other.stop(), strict.stop()])
})

test('a token is not sent where others can read it, unless told so', async () => {
  const url = 'tcp://no-such-host.invalid:1'
  const [kept, sent, address] = await Promise.all([
    braid(['ls', url], withToken(token)),
    braid(['ls', url, '--insecure'], withToken(token)),
    braid(['ls', `tcp://ada:${wrongToken}@127.0.0.1:1`], withToken(token)),
  ])
  assertFailure(kept, /could read the token: dial tls:\/\/ or wss:\/\/, or add --insecure/, 2)
  assertFailure(sent, /cannot reach tcp:\/\/no-such-host/)
  assertFailure(address, /cannot use the address "tcp:\/\/\.\.\.@127/)
  assertSilent(kept, sent, address)
})

test('a server that never decides is left when the command is interrupted', async () => {
  let asked = () => {}
  const asking = new Promise<void>((resolve) => (asked = resolve))
  const listener = await listen('tcp://127.0.0.1:0', () => {}, {
    authorize: () => {
      asked()
      return new Promise(() => {})
    },
  })
  const { child, outcome } = start(['ls', listener.url], without)
  await asking
  child.kill('SIGINT')
  const { code, stderr } = await outcome
  assert.deepEqual([code, stderr], [130, 'braid: interrupted\n'])
  await listener.close()
})

test('serve outlives strangers on its TLS port', async () => {
  const open = await serve([dir, ...server], without)
  const port = Number(/\d+$/.exec(open.url)![0])
  for (const bytes of ['', 'GET / HTTP/1.0\r\n\r\n', '\x16\x03\x01\x00\x05hello']) {
    const socket = dialRaw({ host: '127.0.0.1', port }).on('error', () => {})
    socket.end(bytes)
    await new Promise((resolve) => socket.on('close', resolve).resume())
  }
  assert.equal((await braid(['ls', open.url, ...authority], without)).stdout, 'a.txt\n')
  const { code, stderr } = await open.stop()
  assert.deepEqual([code, stderr], [0, ''])
})
