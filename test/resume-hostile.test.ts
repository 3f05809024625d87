// Strangers who show tickets: guessed, replayed, stolen too late. None of them changes anything for the peer whose session it is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dialSocket, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect, type Listener, listen, type Session } from 'braidwire'
import { decodeFrame, encodeFrame, PREFACE } from './codec/frames.ts'
import { concat } from './codec/hex.ts'
import type { Frame } from './codec/layout.ts'
import { cutAndResume, world } from './resume-kit.ts'

const SESSION_LOST = 24
const echo = (session: Session): unknown => session.handleCall('echo', (bytes) => bytes.slice())

/** A raw connection to a listener. */
class Raw {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  #received: Uint8Array = new Uint8Array(0)

  constructor({ url }: Listener) {
    this.socket = dialSocket(Number(new URL(url).port), '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = concat([this.#received, chunk])
    })
    this.closed = once(this.socket, 'close')
  }

  say(...frames: Frame[]): void {
    this.socket.write(concat(frames.map(encodeFrame)))
  }

  get frames(): Frame[] {
    const frames: Frame[] = []
    for (let at = PREFACE.length; ; ) {
      const read = decodeFrame(this.#received, at)
      if (read === undefined) return frames
      frames.push(read.value)
      at = read.next
    }
  }

  /** The first frame of this type. */
  async heard(type: string): Promise<Frame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type)
      if (found !== undefined) return found
      await Promise.race([once(this.socket, 'data'), this.closed])
      assert.ok(!this.socket.destroyed || this.frames.some((frame) => frame.type === type), `no ${type} came`)
    }
  }

  leave(): void {
    this.socket.destroy()
  }
}

function frame(type: string, fields: Frame['fields']): Frame {
  return { type, flags: [], fields }
}

/** Dials with a RESUME; what is said to it, when the listener has ended the connection. */
async function show(listener: Listener, ticket: string, secret: string, attempt = 1, count = 0): Promise<Frame[]> {
  const raw = new Raw(listener)
  raw.socket.write(PREFACE)
  raw.say(frame('RESUME', { ticket, secret, attempt, count, bytes: '' }))
  await raw.closed
  return raw.frames
}

/** A session held by hand, up to its ticket. */
async function held(listener: Listener): Promise<{ raw: Raw; ticket: string; secret: string }> {
  const raw = new Raw(listener)
  raw.socket.write(PREFACE)
  raw.say(frame('HELLO', { entries: '0=0101 7=01' }))
  const { fields } = await raw.heard('TICKET')
  return { raw, ticket: String(fields.ticket), secret: String(fields.secret) }
}

const NO: Frame = frame('RESUME_NO', {
  code: SESSION_LOST,
  reason: 'the listener has no such session, or not any more (it may have been started anew): connect again',
})
const random = (bytes: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')

test('a guessed ticket, a wrong secret and an old attempt get the same answer, and change nothing', async (t) => {
  const listener = await listen('tcp://127.0.0.1:0', echo, { resume: true })
  t.after(() => listener.close())
  const { raw, ticket, secret } = await held(listener)
  t.after(() => raw.leave())
  const sessions = [...listener.sessions]
  assert.deepEqual(await show(listener, random(16), random(32)), [NO])
  assert.deepEqual(await show(listener, ticket, random(32)), [NO])
  assert.deepEqual(await show(listener, ticket, secret, 0), [NO])
  raw.say(frame('CALL', { slot: 0, method: 0, name: 'echo', bytes: '0102' }))
  assert.equal((await raw.heard('REPLY')).fields.bytes, '0102')
  assert.deepEqual([...listener.sessions], sessions)
  assert.equal(listener.stats().handshaking, 0)
})

test('a ticket that was used, and the one before it, are worth nothing', async (t) => {
  const listener = await listen('tcp://127.0.0.1:0', echo, { resume: true })
  t.after(() => listener.close())
  const { raw, ticket, secret } = await held(listener)
  raw.leave()
  const again = async (shown: string, attempt: number): Promise<{ raw: Raw; secret: string }> => {
    const next = new Raw(listener)
    t.after(() => next.leave())
    next.socket.write(PREFACE)
    next.say(frame('RESUME', { ticket, secret: shown, attempt, count: 0, bytes: '' }))
    return { raw: next, secret: String((await next.heard('TICKET')).fields.secret) }
  }
  const second = await again(secret, 1)
  const third = await again(second.secret, 2)
  // Who has recorded the first or shows the second again comes too late; so does who shows the third with an old number.
  assert.deepEqual(await show(listener, ticket, secret, 3), [NO])
  assert.deepEqual(await show(listener, ticket, third.secret, 2), [NO])
  third.raw.say(frame('CALL', { slot: 0, method: 0, name: 'echo', bytes: '07' }))
  assert.equal((await third.raw.heard('REPLY')).fields.bytes, '07')
})

test('guesses are answered ten times a second for each address, and the peer whose session it is still comes back', async (t) => {
  const made = await world(t, echo)
  const { listener, session } = made
  const { ticket } = await held(listener)
  const start = performance.now()
  const answers = await Promise.all(Array.from({ length: 100 }, () => show(listener, ticket, random(32))))
  const seconds = Math.floor((performance.now() - start) / 1_000) + 1
  const told = answers.filter((frames) => frames.length > 0)
  assert.ok(told.length >= 10 && told.length <= 10 * seconds, `${told.length} answers in ${seconds} s`)
  for (const frames of told) assert.deepEqual(frames, [NO])
  await cutAndResume(made)
  assert.deepEqual(await session.call('echo', Uint8Array.of(1)), Uint8Array.of(1))
  assert.deepEqual([listener.sessions.size, listener.stats().handshaking], [2, 0])
})

test('all whose session is not there are told at once: a listener that was started anew has a thousand of them', async (t) => {
  const { listener } = await world(t, echo)
  const answers = await Promise.all(Array.from({ length: 60 }, () => show(listener, random(16), random(32))))
  for (const frames of answers) assert.deepEqual(frames, [NO])
})

test('a RESUME that counts what was never sent ends the session of who has the ticket, and no other', async (t) => {
  const listener = await listen('tcp://127.0.0.1:0', echo, { resume: true })
  t.after(() => listener.close())
  const honest = await connect(listener.url)
  t.after(() => honest.close())
  const { raw, ticket, secret } = await held(listener)
  raw.leave()
  const [answer] = await show(listener, ticket, secret, 1, 99)
  assert.deepEqual([answer?.type, answer?.fields.code], ['CLOSE', 1])
  assert.deepEqual(await honest.call('echo', Uint8Array.of(1)), Uint8Array.of(1))
  assert.equal(listener.sessions.size, 1)
})

test('a peer that names the feature and does not come back is kept for keepMs, and then ends with SESSION_LOST', async (t) => {
  const peers: Session[] = []
  const listener = await listen('tcp://127.0.0.1:0', (peer) => void peers.push(peer), { resume: { keepMs: 100 } })
  t.after(() => listener.close())
  const { raw } = await held(listener)
  raw.leave()
  assert.equal((await peers[0]?.closed)?.code, 'BRAID_SESSION_LOST')
  assert.equal(listener.sessions.size, 0)
})

test('a dialer without reconnect is not kept: its session ends with its connection', async (t) => {
  const peers: Session[] = []
  const listener = await listen('tcp://127.0.0.1:0', (peer) => void peers.push(peer), { resume: true })
  t.after(() => listener.close())
  const raw = new Raw(listener)
  raw.socket.write(PREFACE)
  raw.say(frame('HELLO', { entries: '0=0101' }))
  await raw.heard('HELLO')
  raw.leave()
  assert.equal((await peers[0]?.closed)?.code, 'BRAID_TRANSPORT_LOST')
})
