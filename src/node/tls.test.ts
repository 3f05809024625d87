// TLS over real sockets: who is trusted, what each refusal is called, and what a certificate leads to.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, connect as dialRaw, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { connect as tlsDial, createServer as tlsServerRaw } from 'node:tls'
import type { BraidError } from '../engine/errors.ts'
import type { Listener } from '../session/listener.ts'
import type { Session } from '../session/session.ts'
import { connect as connectOver } from '../transports/connect.ts'
import { type Certificate, issue, selfSigned } from './certificate.ts'
import { connect, type ListenOptions, listen } from './connect.ts'

const YEAR_MS = 365 * 86_400_000
const at = (years: number): Date => new Date(Date.now() + years * YEAR_MS)
const localhost = ['localhost', '127.0.0.1']

const authority = issue({ name: 'good authority', from: at(-1), until: at(1), authority: true })
const otherAuthority = issue({ name: 'other authority', from: at(-1), until: at(1), authority: true })
const server = issue({ name: 'server', hosts: localhost, from: at(-1), until: at(1) }, authority)
const ada = issue({ name: 'ada', from: at(-1), until: at(1) }, authority)
const mallory = issue({ name: 'ada', from: at(-1), until: at(1) }, otherAuthority)

const echo = (session: Session): void => void session.handleCall('echo', (bytes) => bytes)
const pairOf = ({ cert, key }: Certificate): { cert: string; key: string } => ({ cert, key })

async function serving(t: TestContext, certificate: Certificate, options: ListenOptions = {}): Promise<Listener> {
  const tls = { ...pairOf(certificate), ...options.tls }
  const listener = await listen('tls://127.0.0.1:0', echo, { ...options, tls })
  t.after(() => listener.close())
  return listener
}

async function works(session: Session): Promise<void> {
  assert.equal((await session.call('echo', Uint8Array.of(1, 2, 3))).length, 3)
  await session.close()
}

function refusal(text: RegExp, code = 'BRAID_TLS') {
  return (thrown: unknown): boolean => {
    const error = thrown as BraidError
    assert.equal(error.code, code, String(error))
    assert.match(error.message, text)
    assert.equal(error.scope, 'transport')
    return true
  }
}

/** A server of something else. */
async function stranger(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

test('connect trusts the authority it is given, and both ends are confidential', async (t) => {
  const listener = await serving(t, server)
  assert.match(listener.url, /^tls:\/\/127\.0\.0\.1:\d+$/)
  const session = await connect(listener.url, { tls: { ca: authority.cert } })
  const [there] = listener.sessions
  assert.deepEqual([session.remote.confidential, there!.remote.confidential], [true, true])
  assert.equal(session.remote.address, listener.url)
  assert.match(there!.remote.address, /^tls:\/\/127\.0\.0\.1:\d+$/)
  assert.ok(session.remote.certificate instanceof X509Certificate)
  assert.equal(session.remote.certificate.subject, 'CN=server')
  assert.equal(there!.remote.certificate, undefined)
  await works(session)
})

test('connect moves megabytes both ways over TLS and ends cleanly', async (t) => {
  const listener = await listen(
    'tls://127.0.0.1:0',
    (session) =>
      session.handle('echo', async (stream) => {
        for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
        stream.end()
      }),
    { tls: pairOf(server) },
  )
  t.after(() => listener.close())
  const session = await connect(listener.url, { tls: { ca: authority.cert } })
  const [there] = listener.sessions
  const stream = session.open('echo')
  const writing = (async () => {
    for (let n = 0; n < 64; n++) if (!stream.write(new Uint8Array(65_536).fill(n))) await stream.ready
    stream.end()
  })()
  let sum = 0
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    for (const byte of chunk) sum += byte
  }
  await writing
  assert.equal(bytes, 64 * 65_536)
  assert.equal(sum, ((63 * 64) / 2) * 65_536)
  await session.close()
  assert.equal(await there!.closed, undefined)
})

test('connect trusts the one certificate that is pinned, in either spelling, whatever else is wrong with it', async (t) => {
  const expired = issue({ name: 'elsewhere', hosts: ['example.org'], from: at(-2), until: at(-1) })
  const listener = await serving(t, expired)
  await works(await connect(listener.url, { tls: { fingerprint: expired.fingerprint } }))
  const colons = new X509Certificate(expired.cert).fingerprint256
  await works(await connect(listener.url, { tls: { fingerprint: colons } }))
  await assert.rejects(
    connect(listener.url, { tls: { fingerprint: server.fingerprint } }),
    refusal(new RegExp(`shows the certificate ${expired.fingerprint}, not the one that is pinned`)),
  )
})

test('connect takes a self-signed certificate as its own authority', async (t) => {
  const own = selfSigned()
  const listener = await serving(t, own)
  await works(await connect(listener.url, { tls: { ca: own.cert } }))
  await works(await connect(listener.url.replace('127.0.0.1', 'localhost'), { tls: { ca: own.cert } }))
})

const refused: readonly [string, Certificate, string | undefined, RegExp][] = [
  ['self-signed', selfSigned(), undefined, /self-signed: .*fingerprint/],
  ['of an unknown authority', server, otherAuthority.cert, /authority that is not trusted here.*ca/],
  ['of an authority nobody named', server, undefined, /authority that is not trusted here.*ca/],
  [
    'expired',
    issue({ name: 'old', hosts: localhost, from: at(-2), until: at(-1) }, authority),
    authority.cert,
    /has expired/,
  ],
  [
    'not valid yet',
    issue({ name: 'new', hosts: localhost, from: at(1), until: at(2) }, authority),
    authority.cert,
    /not valid yet/,
  ],
  [
    'for another host',
    issue({ name: 'x', hosts: ['example.org'], from: at(-1), until: at(1) }, authority),
    authority.cert,
    /for another host.*servername/,
  ],
]

for (const [what, certificate, ca, text] of refused) {
  test(`connect refuses a certificate that is ${what}, and says what to do`, async (t) => {
    const listener = await serving(t, certificate)
    await assert.rejects(connect(listener.url, { tls: ca === undefined ? {} : { ca } }), (error) => {
      assert.equal((error as BraidError).executed, 'no')
      return refusal(text)(error)
    })
    // And as quickly forgets it on the other side.
    while (listener.stats().handshaking > 0) await turn()
    assert.equal(listener.sessions.size, 0)
  })
}

test('connect takes a certificate for another host when told which', async (t) => {
  const certificate = issue({ name: 'x', hosts: ['example.org'], from: at(-1), until: at(1) }, authority)
  const listener = await serving(t, certificate)
  await works(await connect(listener.url, { tls: { ca: authority.cert, servername: 'example.org' } }))
})

test('listen with authorities hands the certificate of the client to authorize as it came', async (t) => {
  const seen: unknown[] = []
  const authorize = ({ remote }: Session): string => {
    seen.push(remote.certificate)
    return (remote.certificate as X509Certificate).subject
  }
  const listener = await serving(t, server, { authorize, tls: { ca: authority.cert } })
  const session = await connect(listener.url, { tls: { ca: authority.cert, ...pairOf(ada) } })
  assert.ok(seen[0] instanceof X509Certificate)
  assert.deepEqual(seen[0].raw, new X509Certificate(ada.cert).raw)
  assert.equal([...listener.sessions][0]!.principal, 'CN=ada')
  await works(session)
})

test('listen with authorities takes no client without a certificate, and none of others', async (t) => {
  let asked = 0
  const listener = await serving(t, server, { authorize: () => asked++, tls: { ca: authority.cert } })
  await assert.rejects(
    connect(listener.url, { tls: { ca: authority.cert } }),
    refusal(/takes only clients with a certificate.*cert and key/),
  )
  await assert.rejects(
    connect(listener.url, { tls: { ca: authority.cert, ...pairOf(mallory) } }),
    refusal(/not accept the certificate of this side/),
  )
  while (listener.stats().handshaking > 0) await turn()
  assert.equal(asked, 0)
})

test('TLS 1.2 works, and 1.3 is what two Braidwires speak', async (t) => {
  const listener = await serving(t, server)
  const port = Number(/\d+$/.exec(listener.url)![0])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = tlsDial({ host: '127.0.0.1', port, ca: authority.cert, ALPNProtocols: ['braidwire/1'], maxVersion })
    await once(socket, 'secureConnect')
    assert.equal(socket.getProtocol(), maxVersion)
    await works(await connect(socket))
  }
})

test('a client without the name of the protocol, or with another, is refused', async (t) => {
  const listener = await serving(t, server)
  const port = Number(/\d+$/.exec(listener.url)![0])
  for (const ALPNProtocols of [undefined, ['h2', 'http/1.1']]) {
    const options = ALPNProtocols === undefined ? {} : { ALPNProtocols }
    const socket = tlsDial({ host: '127.0.0.1', port, ca: authority.cert, ...options })
    let received = 0
    socket.on('data', (chunk: Buffer) => (received += chunk.length))
    await new Promise<void>((resolve) => {
      socket.on('error', () => {})
      socket.on('close', () => resolve())
    })
    assert.equal(received, 0)
  }
  while (listener.stats().handshaking > 0) await turn()
  assert.equal(listener.stats().accepted, 2)
})

test('two connections from one port to two addresses of a listener are two', async (t) => {
  const tls = pairOf(server)
  const listener = await listen('tls://0.0.0.0:0', echo, { tls })
  t.after(() => listener.close())
  const port = Number(listener.url.split(':').at(-1))
  const first = dialRaw({ host: '127.0.0.1', port, localAddress: '127.0.0.1' })
  await once(first, 'connect')
  const second = dialRaw({ host: '127.0.0.2', port, localAddress: '127.0.0.1', localPort: first.localPort! })
  await once(second, 'connect')
  const sessions: Session[] = []
  // Both are accepted before either shakes hands.
  while (listener.stats().accepted < 2) await turn()
  for (const socket of [first, second]) {
    const secure = tlsDial({ socket, rejectUnauthorized: false, ALPNProtocols: ['braidwire/1'] })
    await once(secure, 'secureConnect')
    sessions.push(await connectOver(secure))
  }
  for (const session of sessions) await works(session)
})

test('connect refuses a TLS server of something else', async (t) => {
  for (const ALPNProtocols of [undefined, ['h2']]) {
    const other = tlsServerRaw({ ...pairOf(server), ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }) })
    const port = await stranger(t, other)
    await assert.rejects(
      connect(`tls://127.0.0.1:${port}`, { tls: { ca: authority.cert } }),
      refusal(/speaks TLS, but not Braidwire/),
    )
  }
})

test('connect says that nobody speaks TLS on a port', async (t) => {
  const plain = await listen('tcp://127.0.0.1:0', echo)
  t.after(() => plain.close())
  const ports = [
    Number(/\d+$/.exec(plain.url)![0]),
    await stranger(
      t,
      createServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ),
    await stranger(
      t,
      createServer((socket) => socket.write('SSH-2.0-x\r\n')),
    ),
    await stranger(
      t,
      createServer((socket) => socket.end()),
    ),
  ]
  for (const port of ports) {
    // One that hangs up may as well be a server that is being started anew.
    const refused = { message: /nobody speaks TLS there/, code: /^BRAID_(TLS|UNREACHABLE)$/ }
    await assert.rejects(connect(`tls://127.0.0.1:${port}`), refused)
  }
  const silent = await stranger(t, createServer())
  await assert.rejects(
    connect(`tls://127.0.0.1:${silent}`, { dialTimeoutMs: 50 }),
    refusal(/handshake did not end within 50 ms/),
  )
})

test('connect names a port nobody listens on, and gives up a handshake when its signal aborts', async (t) => {
  const gone = await listen('tcp://127.0.0.1:0', () => {})
  const url = gone.url.replace('tcp', 'tls')
  await gone.close()
  await assert.rejects(connect(url), refusal(/nobody listens there/, 'BRAID_UNREACHABLE'))
  const silent = createServer()
  const port = await stranger(t, silent)
  const controller = new AbortController()
  const [, outcome] = [
    once(silent, 'connection').then(() => controller.abort()),
    connect(`tls://127.0.0.1:${port}`, { signal: controller.signal }),
  ]
  await assert.rejects(outcome, refusal(/given up/, 'BRAID_CANCELLED'))
})

test('connect over tcp:// to a TLS port fails at once', async (t) => {
  const listener = await serving(t, server)
  await assert.rejects(connect(listener.url.replace('tls', 'tcp')), { name: 'BraidError' })
  while (listener.stats().handshaking > 0) await turn()
})

const secret = ada.key.split('\n')[1]!
const garbage = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`

const wrong: readonly [string, Parameters<typeof listen>[2] & object, RegExp][] = [
  ['none', {}, /tls\.cert and tls\.key/],
  ['no certificate', { tls: { ca: authority.cert } }, /tls\.cert and tls\.key/],
  ['no key', { tls: { cert: server.cert } }, /go together/],
  ['a certificate that is none', { tls: { cert: 'x', key: server.key } }, /tls\.cert holds no certificate/],
  ['a key that is none', { tls: { cert: server.cert, key: garbage } }, /tls\.key holds no private key/],
  ['the key of another', { tls: { cert: server.cert, key: ada.key } }, /tls\.key is not the key of tls\.cert/],
  ['authorities that are none', { tls: { ...pairOf(server), ca: ada.key } }, /tls\.ca holds no certificate/],
]

for (const [what, options, text] of wrong) {
  test(`listen refuses options of TLS with ${what}, and tells no secret`, async () => {
    await assert.rejects(listen('tls://127.0.0.1:0', echo, options), (error) => {
      assert.ok(!String((error as Error).stack).includes(secret))
      return refusal(text, 'BRAID_INVALID_INPUT')(error)
    })
  })
}

test('connect refuses options of TLS that contradict each other, or an address without TLS', async () => {
  const fingerprint = server.fingerprint
  const wrongHere: [string, Parameters<typeof connect>[1] & object, RegExp][] = [
    ['tls://127.0.0.1:1', { tls: { fingerprint: 'abc' } }, /64 hexadecimal digits/],
    ['tls://127.0.0.1:1', { tls: { fingerprint, ca: authority.cert } }, /only one of them/],
    ['tls://127.0.0.1:1', { tls: { cert: ada.cert } }, /go together/],
    ['tcp://127.0.0.1:1', { tls: { fingerprint } }, /begin with tls:\/\//],
    ['unix:/x', { tls: {} }, /begin with tls:\/\//],
  ]
  for (const [url, options, text] of wrongHere) {
    await assert.rejects(connect(url, options), refusal(text, 'BRAID_INVALID_INPUT'))
  }
  await assert.rejects(
    listen('tcp://127.0.0.1:0', echo, { tls: pairOf(server) }),
    refusal(/begin with tls:\/\//, 'BRAID_INVALID_INPUT'),
  )
})
