// Calls, messages, items of typed calls and pings as an application makes and answers them. Every request carries the number
// of its item, so that the ledger can count how often it was executed.

import { expose, wrap } from '#dist/rpc/index.js'
import type { CallContext } from '#dist/session/session.js'
import { firstDifference, slice } from '../pattern.ts'
import { Prng } from '../prng.ts'
import { Request } from './ledger.ts'
import type { Place } from './place.ts'
import type { WorkItem } from './plan.ts'

const METHOD = 'work'
const HEAD_BYTES = 4
const FRAME_FLOOR = 16_000

/** What both sides expose: numbers, one after the other, that count as one execution. */
interface Api {
  count(index: number, to: number): AsyncIterable<number>
}

/** Answers calls, messages and typed calls of the other side. */
export function serveRequests(place: Place): void {
  const { session } = place
  session.handleCall(METHOD, (bytes, context) => answer(place, bytes, context))
  session.handleMessage((bytes) => hear(place, bytes))
  expose(session, {
    async *count(index: number, to: number) {
      const request = place.ledger.requests.get(index)
      if (request === undefined) return
      place.ledger.executed(request)
      for (let n = 0; n < to; n++) {
        if (n % 7 === 6) await place.sleep(request.lateMs / 10)
        yield n
      }
    },
  })
}

/** Makes the request of an item. */
export function makeRequest(place: Place, item: WorkItem): void {
  const random = new Prng(item.seed, 3)
  if (item.kind === 'ping') return ping(place, item)
  const request = new Request(item, drawRequest(random, item))
  place.ledger.requests.set(item.index, request)
  if (item.kind === 'message') message(place, request)
  else if (item.kind === 'items') void items(place, request, random)
  else call(place, request, random)
}

function drawRequest(random: Prng, { kind }: WorkItem): ConstructorParameters<typeof Request>[1] {
  const length = random.chance(0.1) ? random.skewed(0, 150_000) : random.skewed(0, 2000)
  const behaviour = kind === 'call' ? random.pick(['result', 'result', 'late', 'throws', 'hangs'] as const) : 'result'
  return {
    length: kind === 'message' ? Math.min(length, FRAME_FLOOR) : length,
    resultLength: random.chance(0.1) ? random.skewed(0, 150_000) : random.skewed(0, 2000),
    behaviour,
    lateMs: random.skewed(0, 500),
  }
}

function call(place: Place, request: Request, random: Prng): void {
  const { ledger, session } = place
  const hangs = request.behaviour === 'hangs'
  const controller = random.chance(hangs ? 0.5 : 0.1) ? new AbortController() : undefined
  const timeout = (hangs && controller === undefined) || random.chance(0.2) ? random.skewed(1, 2000) : undefined
  request.timed = timeout !== undefined
  if (controller !== undefined) {
    place.time.after(random.skewed(0, 500), () => {
      request.aborted = true
      controller.abort()
    })
  }
  const options = { signal: controller?.signal, timeout, oneWay: request.item.kind === 'oneWay' }
  const promise = session.call(METHOD, [headOf(request), bytesOf(request)], options)
  ledger.hold(request.label, promise).then(
    (result) => {
      ledger.answered(request)
      const length = options.oneWay ? 0 : request.resultLength
      ledger.expect(result.length === length, () => `${request.label}: ${result.length} bytes of result, not ${length}`)
      const right = firstDifference(resultPosition(request), result) < 0
      ledger.expect(right, () => `${request.label}: the result differs`)
    },
    (error) => ledger.requestFailed(request, error),
  )
}

function message(place: Place, request: Request): void {
  const { ledger, session } = place
  ledger.messageSent(place.side, request.item.index)
  const bytes = Buffer.concat([headOf(request), bytesOf(request)])
  ledger.hold(request.label, session.message(bytes)).then(
    () => ledger.answered(request),
    (error) => ledger.requestFailed(request, error),
  )
}

async function items(place: Place, request: Request, random: Prng): Promise<void> {
  const { ledger } = place
  const to = random.skewed(0, 40)
  const enough = random.chance(0.2) ? random.int(0, to) : Number.POSITIVE_INFINITY
  const over = ledger.once(`${request.label}: the end of the loop`)
  let next = 0
  try {
    for await (const n of wrap<Api>(place.session).count(request.item.index, to)) {
      ledger.expect(n === next, () => `${request.label}: item ${n} instead of ${next}`)
      next++
      ledger.progress++
      if (next > enough) break
      if (n % 5 === 4 && random.chance(place.slow)) await place.sleep(random.skewed(0, 100))
    }
    ledger.expect(next === to || next > enough, () => `${request.label}: ended after ${next} of ${to} items`)
    ledger.answered(request)
  } catch (error) {
    ledger.requestFailed(request, error)
  }
  over()
}

function ping(place: Place, item: WorkItem): void {
  const { ledger, session } = place
  const label = `ping ${item.index} of ${place.name}`
  ledger.hold(label, session.ping()).then(
    (ms) => ledger.expect(ms >= 0 && Number.isFinite(ms), () => `${label}: took ${ms} ms`),
    (error) => ledger.expect(ledger.mayFail || ledger.draining, () => `${label}: ${String(error)}`),
  )
}

// -- the other side

function answer(place: Place, bytes: Uint8Array, context: CallContext): Uint8Array | Promise<Uint8Array> {
  const request = arrived(place, bytes)
  if (request === undefined) return new Uint8Array(0)
  const { item, behaviour } = request
  // Arguments too large for a frame are carried like those of any call.
  const right = item.kind === 'oneWay' ? context.oneWay || request.length > FRAME_FLOOR : !context.oneWay
  place.ledger.expect(right, () => `${request.label}: one-way ${context.oneWay}`)
  const result = slice(resultPosition(request), request.resultLength)
  if (behaviour === 'result') return result
  if (behaviour === 'late') return place.sleep(request.lateMs).then(() => result)
  if (behaviour === 'throws') throw new Error('by chance')
  return new Promise((resolve) => {
    const { signal } = context
    if (signal.aborted) resolve(result)
    else signal.addEventListener('abort', () => resolve(result))
  })
}

function hear(place: Place, bytes: Uint8Array): Promise<void> | undefined {
  const request = arrived(place, bytes)
  return request !== undefined && request.lateMs > 100 ? place.sleep(request.lateMs) : undefined
}

/** A request came: whose it is, and whether it is what was sent. */
function arrived(place: Place, bytes: Uint8Array): Request | undefined {
  const { ledger } = place
  const index = bytes.length < HEAD_BYTES ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const request = ledger.requests.get(index)
  const known = request !== undefined && request.item.side !== place.side
  ledger.expect(known, () => `a call at ${place.name} with ${bytes.length} bytes that nobody made`)
  if (request === undefined) return undefined
  const from = request.item.kind === 'message' ? request.item.side : undefined
  ledger.executed(request, from)
  const whole = bytes.length === HEAD_BYTES + request.length
  ledger.expect(whole, () => `${request.label}: ${bytes.length} bytes came, not ${HEAD_BYTES + request.length}`)
  const right = firstDifference(argumentPosition(request), bytes.subarray(HEAD_BYTES)) < 0
  ledger.expect(right, () => `${request.label}: the arguments differ`)
  return request
}

function headOf({ item }: Request): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES)
  new DataView(head.buffer).setUint32(0, item.index)
  return head
}

function bytesOf(request: Request): Uint8Array {
  return slice(argumentPosition(request), request.length)
}

function argumentPosition({ item }: Request): number {
  return item.index * 6151
}

function resultPosition({ item }: Request): number {
  return item.index * 6151 + 50_000
}
