// Runs the vectors of typed calls: the second side of every conversation is written by hand, byte by byte.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CallContext, Session, Stream } from 'braidwire'
import { events, expose, json, RpcError, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { decodeFrames, encodeFrame } from '../codec/frames.ts'
import { fromHex, toHex } from '../codec/hex.ts'
import { rows, spans } from '../codec/tables.ts'
import { JsonClient } from './json-client.ts'
import { api, bytesOf, type CallVector, clients, hexOf, type SideCall, told, vectors } from './rpc-vectors.ts'

const bounds = { depth: 64, keys: 10_000 }
const NOTHING = new Uint8Array(0)

function sessions(t: TestContext, codec = ''): [Session, Session] {
  const both = pair({ codec })
  t.after(() => both[0].close())
  return both
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const all: string[] = []
  for await (const chunk of chunks) all.push(toHex(chunk))
  return all
}

// -- a callee of ours, a caller by hand

/** Opens and fills what belongs to an argument. */
function sendPart(session: Session, part: CallVector['part']): void {
  if (part === undefined) return
  const stream = session.open('$part', { meta: part.number, confirm: true, part: true })
  for (const message of part.messages ?? []) stream.send(bytesOf(message))
  if (part.bytes !== undefined) stream.write(bytesOf(part.bytes))
  stream.end()
}

/** Answers what the callee asks meanwhile. Returns what was not asked in the end. */
function answerSideCalls(session: Session, calls: readonly SideCall[]): Set<SideCall> {
  const open = new Set(calls)
  for (const call of calls) {
    session.handleCall(call.method, (bytes) => {
      assert.equal(toHex(bytes), hexOf(call.body))
      open.delete(call)
      return bytesOf(call.result)
    })
  }
  return open
}

async function makeSideCalls(session: Session, calls: readonly SideCall[]): Promise<void> {
  for (const call of calls)
    assert.equal(toHex(await session.call(call.method, bytesOf(call.body))), hexOf(call.result), call.method)
}

const from = (side: SideCall['from'], calls: readonly SideCall[] = []): SideCall[] =>
  calls.filter((call) => call.from === side)

async function expectAnswer(vector: CallVector, stream: Stream | undefined): Promise<void> {
  if (vector.items !== undefined) {
    assert.equal(stream?.meta, 'items')
    const messages = stream.messages()
    for (const item of vector.items) assert.equal(toHex((await messages.next()).value ?? NOTHING), hexOf(item))
    stream.end()
    assert.equal((await messages.next()).done, true)
  } else if (vector.value !== undefined) {
    assert.equal(stream?.meta, 'value')
    assert.equal((await collect(stream)).join(''), hexOf(vector.value))
    stream.end()
  } else assert.equal(stream, undefined)
}

for (const vector of vectors.calls) {
  test(`a callee of ours: ${vector.name}`, async (t) => {
    const [server, raw] = sessions(t, vector.codec)
    expose(server, api)
    const unasked = answerSideCalls(raw, from('callee', vector.meanwhile))
    let stream: Stream | undefined
    const answer = raw.call(vector.method, bytesOf(vector.body), {
      takeStream: (taken) => {
        stream = taken
      },
    })
    sendPart(raw, vector.part)
    await makeSideCalls(raw, from('caller', vector.meanwhile))
    if (vector.error !== undefined) {
      const { code, reason, details } = vector.error
      const failed = await answer.then(
        () => assert.fail('it did not fail'),
        (error: unknown) => error as RpcError,
      )
      assert.deepEqual([failed.code, failed.reason], [`BRAID_${code}`, reason])
      assert.equal(toHex(failed.details ?? NOTHING), hexOf(details))
      return
    }
    assert.equal(toHex(await answer), hexOf(vector.result ?? ''))
    await expectAnswer(vector, stream)
    await makeSideCalls(raw, from('caller', vector.afterwards))
    assert.deepEqual([...unasked], [])
  })
}

for (const { name, body } of vectors.refused) {
  test(`a callee of ours refuses a body: ${name}`, async (t) => {
    const [server, raw] = sessions(t)
    let ran = false
    expose(server, { run: () => (ran = true) })
    await assert.rejects(raw.call('run', bytesOf(body)), { code: 'BRAID_INVALID_INPUT' })
    assert.equal(ran, false)
  })
}

// -- a caller of ours, a callee by hand

async function expectPart(session: Session, part: CallVector['part']): Promise<void> {
  if (part === undefined) return
  const stream = await session.take('$part')
  assert.equal(stream.meta, part.number)
  // Whoever sent it takes nothing: this half is over at once. Items are granted on it.
  if (part.bytes !== undefined) stream.end()
  if (part.bytes !== undefined) assert.equal((await collect(stream)).join(''), hexOf(part.bytes))
  else assert.deepEqual(await collect(stream.messages()), part.messages?.map(hexOf))
  stream.end()
}

async function sayAnswer(vector: CallVector, context: CallContext): Promise<Uint8Array> {
  if (vector.items !== undefined) {
    const stream = context.answer('items')
    for (const item of vector.items) stream.send(bytesOf(item))
    stream.end()
  } else if (vector.value !== undefined) {
    const stream = context.answer('value')
    stream.write(bytesOf(vector.value))
    stream.end()
  }
  if (vector.error === undefined) return bytesOf(vector.result ?? '')
  const { code, reason, details } = vector.error
  throw Object.assign(new RpcError(code, reason), { details: bytesOf(details) })
}

for (const vector of vectors.calls) {
  test(`a caller of ours: ${vector.name}`, async (t) => {
    const [raw, client] = sessions(t, vector.codec)
    const aside = [...(vector.meanwhile ?? []), ...(vector.afterwards ?? [])]
    const unasked = answerSideCalls(raw, from('caller', aside))
    raw.handleCall(vector.method, async (bytes, context) => {
      assert.equal(toHex(bytes), hexOf(vector.body))
      await expectPart(raw, vector.part)
      await makeSideCalls(raw, from('callee', vector.meanwhile))
      return sayAnswer(vector, context)
    })
    const outcome = await Promise.resolve(clients[vector.method]?.(wrap<typeof api>(client))).catch(told)
    const expected = json.decode(new TextEncoder().encode(JSON.stringify(vector.outcome)), bounds)
    assert.deepEqual(outcome, expected)
    await raw.ping()
    assert.deepEqual([...unasked], [])
  })
}

// -- grants

/** Items that may come before the first grant. */
const FIRST_GRANT = 256

/** The session has come to rest: what was to arrive has. */
async function rest(session: Session): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await session.ping()
}

for (const { bytes, granted } of vectors.grants) {
  test(`a grant of ${granted}: ${bytes}`, async (t) => {
    const [server, raw] = sessions(t)
    let made = 0
    expose(server, {
      async *endless() {
        for (;;) yield made++
      },
    })
    let stream: Stream | undefined
    await raw.call('endless', NOTHING, { takeStream: (taken) => (stream = taken) })
    const messages = stream!.messages()
    for (let item = 0; item < FIRST_GRANT; item++) await messages.next()
    await rest(raw)
    assert.equal(made, FIRST_GRANT)
    stream!.write(bytesOf(bytes))
    for (let item = 0; item < granted; item++) await messages.next()
    await rest(raw)
    assert.equal(made, FIRST_GRANT + granted)
  })
}

// -- events

test('a subscription by hand hears events as they are specified', async (t) => {
  const [server, raw] = sessions(t)
  const room = events(server, String(vectors.events.metadata.topic))
  const stream = raw.open('$events', { meta: vectors.events.metadata })
  stream.end()
  assert.equal(await stream.accepted, undefined)
  room.emit('said', 7)
  const messages = stream.messages()
  assert.equal(toHex((await messages.next()).value ?? NOTHING), hexOf(vectors.events.event))
  room.close()
  assert.equal((await messages.next()).done, true)
})

test('events sent by hand are heard, and those that were dropped are counted', async (t) => {
  const [raw, client] = sessions(t)
  const taken = raw.take('$events')
  const said = events(client, 'room').on('said')
  const stream = await taken
  assert.deepEqual(stream.meta, vectors.events.metadata)
  stream.accept()
  stream.send(bytesOf(vectors.events.gap))
  stream.send(bytesOf(vectors.events.event))
  stream.end()
  assert.deepEqual([await said.next(), said.dropped], [{ done: false, value: 7 }, 3])
  assert.equal((await said.next()).done, true)
})

// -- a client in another language

test('a client by hand that speaks JSON calls, iterates, fails and lends a function', async (t) => {
  const [server, session] = sessions(t, 'json')
  expose(server, api)
  const client = new JsonClient(session)
  assert.equal(await client.call('add', 2, 3), 5)
  await assert.rejects(client.call('buy'), { code: 'BRAID_EXHAUSTED', name: 'SoldOut', data: { item: 'tea' } })
  const asked = await client.lending(
    (a, b) => Number(a) * Number(b),
    (callback) => client.call('ask', callback),
  )
  assert.equal(asked, 42)
  let sum = 0
  for await (const item of client.items('count', 1000)) sum += Number(item)
  assert.equal(sum, 500_500)
  for await (const item of client.items('count', 1000)) if (item === 3) break
  const failing = client.items('fail')
  assert.equal((await failing.next()).value, 1)
  await assert.rejects(failing.next(), { code: 20, message: 'gone' })
})

// -- the document

test('the frames of the vectors are frames', () => {
  for (const { name, frame } of vectors.frames) {
    const frames = decodeFrames(fromHex(frame))
    assert.equal(frames.length, 1, name)
    assert.equal(toHex(encodeFrame(frames[0]!)), hexOf(frame), name)
  }
})

test('every example of section 12.8 stands in a vector', () => {
  const known = new Set<string>()
  const note = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) note(each)
    else if (typeof value === 'string' && /^[0-9a-f '|]+$|'/.test(value)) known.add(tryHex(value))
  }
  note(vectors)
  for (const [what, cell] of rows('12.8')) {
    for (const span of spans(cell ?? '')) {
      // JSON is written without the quotes that set it off from hex; a tag may stand before it.
      const text = /^(?:[0-9a-f]{2} )*[["{]/.test(span) ? span.replace(/([["{].*)$/, "'$1'") : span
      assert.ok(known.has(hexOf(text)), `${what}: ${span}`)
    }
  }
})

function tryHex(text: string): string {
  try {
    return hexOf(text)
  } catch {
    return ''
  }
}
