// A workload for two sessions in which everything that can wait does: reads, writes, calls, pings, opens, drains, each as a promise
// with a name. What it came to is compared by those names.

import type { Bytes } from '#dist/session/opener.js'
import type { CallContext, Session } from '#dist/session/session.js'
import type { Stream } from '#dist/session/stream.js'

/** What became of one promise. */
export type Result =
  | { readonly state: 'pending' }
  | { readonly state: 'resolved'; readonly value: unknown }
  | { readonly state: 'rejected'; readonly error: unknown }

export class Work {
  readonly results = new Map<string, Result>()

  watch(name: string, promise: Promise<unknown>): void {
    if (this.results.has(name)) throw new RangeError(`${name} is watched twice`)
    this.results.set(name, { state: 'pending' })
    promise.then(
      (value) => this.results.set(name, { state: 'resolved', value }),
      (error: unknown) => this.results.set(name, { state: 'rejected', error }),
    )
  }

  get pending(): string[] {
    return [...this.results].flatMap(([name, { state }]) => (state === 'pending' ? [name] : []))
  }
}

/** Runs a callback of the application; a test of faults puts itself in between. */
export type Around = <T>(name: string, callback: () => T) => T
export const asIs: Around = (_, callback) => callback()

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const words = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
/** More than a frame or a window of the least size takes. */
const LARGE = new Uint8Array(16_500).fill(7)

async function readAll(stream: Stream): Promise<string> {
  let all = ''
  while (await stream.readable()) {
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) all += words(chunk)
  }
  return all
}

async function loop(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let all = ''
  for await (const chunk of chunks) all += `${words(chunk)};`
  return all
}

function untilAborted({ signal }: CallContext): Promise<Uint8Array> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(text('given up'))))
}

/** What the side that is called does; the same on both sides. */
export function serve(session: Session, side: string, work: Work, around: Around): void {
  const handle = (name: string, handler: (stream: Stream) => unknown): void => {
    session.handle(name, (stream) => {
      work.watch(
        `${side}: ${name} over`,
        stream.closed.then((error) => error?.code),
      )
      return around(`${side}: handler of ${name}`, () => handler(stream))
    })
  }
  handle('echo', async (stream) => {
    for await (const chunk of stream) stream.write(chunk)
    stream.end({ done: true })
  })
  handle('messages', async (stream) => {
    for await (const message of stream.messages()) stream.send(message)
    stream.end()
  })
  handle('callbacks', (stream) => {
    const said = around
    stream.receive({
      data: (bytes) => said(`${side}: data`, () => stream.write(bytes)),
      end: () => said(`${side}: end`, () => stream.end()),
      failed: () => said(`${side}: failed`, () => undefined),
    })
  })
  handle('unread', () => new Promise(() => {}))
  handle('confirm', async (stream) => {
    stream.accept('welcome')
    await session.ping()
    stream.end()
  })
  handle('refuse', () => {
    throw new Error('not this one')
  })
  const answer = (name: string, handler: (bytes: Uint8Array, context: CallContext) => Bytes | Promise<Bytes>): void => {
    session.handleCall(name, (bytes, context) => around(`${side}: answer to ${name}`, () => handler(bytes, context)))
  }
  answer('echo', (bytes) => bytes)
  answer('later', async (bytes) => {
    await session.ping()
    return bytes
  })
  answer('never', (_, context) => untilAborted(context))
  answer('stream', (_, context) => {
    const stream = context.answer('items')
    stream.write(text('answer'))
    stream.end()
    return new Uint8Array(0)
  })
  session.handleMessage((bytes) => around(`${side}: message`, () => void bytes))
}

/** What the side that calls does, all at once. */
export function begin(session: Session, side: string, work: Work, around: Around): void {
  const watch = (name: string, promise: Promise<unknown>): void => work.watch(`${side}: ${name}`, promise)
  const watchStream = (name: string, stream: Stream): Stream => {
    watch(
      `${name} closed`,
      stream.closed.then((error) => error?.code),
    )
    watch(`${name} accepted`, stream.accepted)
    return stream
  }
  watch(
    'closed',
    session.closed.then((error) => error?.code),
  )
  watch('ping', session.ping())
  const echo = watchStream('echo', session.open('echo', { meta: { from: side } }))
  echo.write(text('hello'))
  echo.end()
  watch('echo read', readAll(echo))
  const messages = watchStream('messages', session.open('messages', { urgency: 1 }))
  messages.send(text('one'))
  messages.send(text(''))
  messages.end('last')
  watch('messages read', loop(messages.messages()))
  const callbacks = watchStream('callbacks', session.open('callbacks'))
  watch(
    'callbacks told',
    new Promise((resolve) => {
      let got = ''
      callbacks.receive({
        data: (bytes) => around(`${side}: own data`, () => (got += words(bytes))),
        end: () => around(`${side}: own end`, () => resolve(got)),
        failed: (error) => around(`${side}: own failed`, () => resolve(error.code)),
      })
      callbacks.signal.addEventListener('abort', () => resolve(got))
    }),
  )
  callbacks.write(text('back'))
  callbacks.end()
  watchStream('confirm', session.open('confirm', { confirm: true })).end()
  watchStream('refuse', session.open('refuse'))
  watchStream('nobody', session.open('nobody here'))
  const unread = watchStream('unread', session.open('unread', { urgency: 7 }))
  unread.write(LARGE)
  unread.write(LARGE.subarray(0, 2_000))
  watch('unread ready', unread.ready)
  watch('unread readable', unread.readable())
  beginCalls(session, watch, around, side)
}

function beginCalls(
  session: Session,
  watch: (name: string, promise: Promise<unknown>) => void,
  around: Around,
  side: string,
): void {
  watch('call echo', session.call('echo', text('hi')).then(words))
  watch('call later', session.call('later', text('later')).then(words))
  watch('call never', session.call('never', text('')))
  watch('call in time', session.call('never', text(''), { timeout: 30_000 }))
  watch('call given up', session.call('never', text(''), { signal: AbortSignal.abort() }))
  watch(
    'call large',
    session.call('echo', LARGE).then(({ length }) => length),
  )
  watch('call unknown', session.call('unknown', text('')))
  const takeStream = (stream: Stream): void => around(`${side}: takes`, () => watch('answer read', readAll(stream)))
  watch('call stream', session.call('stream', text(''), { takeStream }))
  watch('message', session.message(text('note')))
  watch('take', session.take('never comes'))
  watch(
    'streams',
    session
      .streams()
      .next()
      .then(({ done }) => done),
  )
  watch('states', lastOf(session.states()))
}

async function lastOf(states: AsyncIterable<string>): Promise<string | undefined> {
  let last: string | undefined
  for await (const state of states) last = state
  return last
}
