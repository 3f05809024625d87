// Who may come in, over real sockets: nothing is handled and little is kept before authorize has said yes, and no secret
// shows in what is printed.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { BraidError } from '../engine/errors.ts'
import type { Listener } from '../session/listener.ts'
import { sameSecret } from '../session/secret.ts'
import type { Session } from '../session/session.ts'
import { ManualClock } from '../testing/pair.ts'
import { selfSigned } from './certificate.ts'
import { connect, type ListenOptions, listen } from './connect.ts'

const token = Buffer.from('correct horse battery staple')
const own = selfSigned()
const tls = { cert: own.cert, key: own.key }

async function serving(
  t: TestContext,
  url: string,
  onSession: (session: Session) => unknown,
  options: ListenOptions,
): Promise<Listener> {
  const listener = await listen(url, onSession, options)
  t.after(() => listener.close())
  return listener
}

for (const url of ['tcp://127.0.0.1:0', 'tls://127.0.0.1:0']) {
  test(`a peer that floods while authorize thinks costs 64 KiB and one read more, then waits (${url})`, async (t) => {
    const clock = new ManualClock()
    let asked: Session | undefined
    let handled = 0
    const authorize = (session: Session): Promise<never> => {
      asked = session
      return new Promise(() => {})
    }
    const onSession = (): void => void handled++
    const secured = url.startsWith('tls:')
    const options = { authorize, clock, ...(secured ? { tls } : {}) }
    const listener = await serving(t, url, onSession, options)
    const peer = await connect(listener.url, secured ? { tls: { fingerprint: own.fingerprint } } : {})
    const streams = Array.from({ length: 256 }, () => peer.open('x'))
    for (const stream of streams) stream.write(new Uint8Array(65_536))
    const earlyBytes = () => asked!.stats().limits.earlyBytes!
    while (asked === undefined || earlyBytes().refused === 0) await turn()
    assert.equal(earlyBytes().max, 65_536)
    // Whatever more would come has come when the event loop has turned often with nothing to do.
    for (let n = 0; n < 1000; n++) await turn()
    assert.ok(earlyBytes().used >= 65_536 && earlyBytes().used <= 2 * 65_536, String(earlyBytes().used))
    assert.equal(asked.stats().streamsWaiting, 0)
    clock.advance(9_999)
    assert.equal(asked.state, 'connecting')
    clock.advance(1)
    assert.equal((await peer.closed)?.code, 'BRAID_DENIED')
    assert.equal(asked.stats().limits.authorizeTimeoutMs!.refused, 1)
    assert.deepEqual([handled, listener.sessions.size], [0, 0])
  })
}

/** All the ways in which bytes find their way into a log. */
function spellings(secret: Buffer): string[] {
  const numbers = [...secret].slice(0, 10)
  const hex = numbers.map((byte) => byte.toString(16).padStart(2, '0'))
  return [
    secret.toString(),
    secret.toString('base64'),
    numbers.join(', '),
    numbers.join(','),
    hex.join(''),
    hex.join(' '),
  ]
}

test('no token and no key shows in errors, counts or printed sessions, on either side', async (t) => {
  const wrong = Buffer.from('correct horse battery stapler')
  const authorize = ({ remote }: Session): string => {
    if (!sameSecret(remote.auth, token)) throw new BraidError('DENIED', 'wrong token')
    return 'ada'
  }
  const listener = await serving(t, 'tls://127.0.0.1:0', () => {}, { authorize, tls })
  const dial = { tls: { fingerprint: own.fingerprint, ...tls } }
  const session = await connect(listener.url, { ...dial, auth: token })
  await session.ping()
  const refused = await connect(listener.url, { ...dial, auth: wrong })
  const error = await refused.closed
  assert.equal(error?.code, 'BRAID_DENIED')
  const [there] = listener.sessions
  assert.equal(there!.principal, 'ada')
  const things = [session, refused, there, listener, session.stats(), there!.stats(), listener.stats(), error]
  const secrets = [...spellings(token), ...spellings(wrong), own.key.split('\n')[1]!]
  for (const thing of [...things, session.remote, there!.remote]) {
    const texts = [
      inspect(thing, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, breakLength: 1e9 }),
      inspect(thing),
    ]
    // Arrays are printed in columns.
    for (const text of texts.map((text) => text.replaceAll(/,?\s+/g, (gap) => (gap.includes(',') ? ', ' : ' ')))) {
      for (const secret of secrets)
        assert.ok(!text.includes(secret), text.slice(text.indexOf(secret) - 200).slice(0, 250))
    }
  }
  assert.ok(!JSON.stringify(there!.remote).includes(spellings(token)[3]!))
  // And yet authorize saw it.
  assert.deepEqual(Buffer.from(there!.remote.auth), token)
  await session.close()
})
