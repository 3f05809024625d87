// A lost transport: nothing a session has promised is a rejection that nobody watches, which would end the whole program.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memory } from '../transports/memory.ts'
import { LiveListener } from './listener.ts'
import type { Session } from './session.ts'
import { connectSession } from './start.ts'
import type { Transport } from './transport.ts'

/** A transport that can break: its user hears so, and nothing more. */
function breakable(inner: Transport): { readonly transport: Transport; cut(): void } {
  let closed: (error?: Error) => void = () => {}
  const start: Transport['start'] = (sink) => {
    closed = (error) => {
      closed = () => {}
      sink.closed(error)
    }
    inner.start({
      bytes: (chunk) => sink.bytes(chunk),
      drained: () => sink.drained(),
      closed: (error) => closed(error),
    })
  }
  const transport: Transport = {
    remote: inner.remote,
    start,
    send: (chunks) => inner.send(chunks),
    pause: () => inner.pause(),
    resume: () => inner.resume(),
    close: () => inner.close(),
  }
  return { transport, cut: () => closed(new Error('cut')) }
}

/** Asks for everything a session can promise, and keeps none of it. */
function ask(session: Session): void {
  const stream = session.open('any', { confirm: true })
  askMore(session)
  for (const reading of [stream, session.open('any').batches(), session.open('any').messages()]) {
    void reading[Symbol.asyncIterator]().next()
  }
  const other = session.open('any')
  void [other.accepted, other.readable(), other.closed, stream.accepted, session.closed]
  for (let n = 0; n < 8; n++) other.write(new Uint8Array(65_536))
  void other.ready
  other.end()
  void other.ready
  void other[Symbol.asyncDispose]()
}

/** The same, of one that may be over: it opens no streams. */
function askMore(session: Session): void {
  void session.call('any', new Uint8Array(10))
  void session.call('any', new Uint8Array(100_000), { timeout: 10_000 })
  void session.message(new Uint8Array(10))
  void session.take('never')
  void session.ping()
}

test('a session that loses its transport rejects nothing unwatched, before or after', async (t) => {
  const unwatched: unknown[] = []
  const note = (reason: unknown): void => {
    unwatched.push(reason)
  }
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const [left, right] = memory()
  const carrier = breakable(left)
  let accepted: (session: Session) => void = () => {}
  const arrival = new Promise<Session>((resolve) => (accepted = resolve))
  const listener = new LiveListener((session) => accepted(session), {})
  listener.accept(right)
  const near = await connectSession(carrier.transport)
  const far = await arrival
  for (const session of [near, far]) {
    ask(session)
    void session.drain(10_000)
  }
  carrier.cut()
  right.close()
  for (const session of [near, far]) {
    await session.closed
    askMore(session)
    void session.drain(10_000)
    void session.close()
    void session[Symbol.asyncDispose]()
  }
  void connectSession(breakable(memory()[0]).transport, { signal: AbortSignal.abort() })
  void listener.drain(10_000)
  await listener.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(unwatched, [])
})
