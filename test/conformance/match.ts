// Compares what a subject did with what a vector expects, in the terms of README.md, and says every difference in words.

import { describeFrame } from '../codec/describe.ts'
import { readHello } from '../codec/hello.ts'
import type { Frame } from '../codec/layout.ts'
import { codeTable } from '../codec/tables.ts'
import type { PlainEvent, Seen } from './subject.ts'
import type { Expect, Pattern, Sent, Value } from './vector.ts'

type Plain = Record<string, Value | readonly string[]>

/** Frames whose time and number are the sender's own affair: compared only where a vector names their type. */
const free = new Set(['PREFACE', 'HELLO', 'PING', 'ASK', 'CREDIT', 'SCREDIT', 'LIMIT', 'ACKREQ'])
const freeEvents = new Set(['hello', 'writable', 'pong', 'finished', 'closed'])
const codeNames = codeTable()

/** Differences in words; none when all is as expected. */
export function differences(expect: Expect, seen: Seen): string[] {
  const close = seen.frames.find((frame) => frame.type === 'CLOSE')
  return [
    ...compareClose(expect, seen, close),
    ...compareOut(expect, seen),
    ...compareEvents(expect, seen.events),
    ...compareSent(expect, seen),
    ...compareGrants(expect, seen),
  ]
}

function compareClose(expect: Expect, seen: Seen, close: Frame | undefined): string[] {
  const wanted = expect.close ?? null
  const got = close === undefined ? null : Number(close.fields.code)
  const found: string[] = []
  const name = (code: number | null) => (code === null ? 'no CLOSE' : `CLOSE(${codeNames.get(code) ?? code})`)
  if (wanted !== got) found.push(`${name(wanted)} expected, got ${name(got)} ${close?.fields.reason ?? ''}`)
  if (close !== undefined && seen.frames.at(-1) !== close) found.push('frames follow CLOSE')
  if (expect.reason !== undefined && close?.fields.reason !== expect.reason) {
    found.push(`reason ${expect.reason} expected, got ${close?.fields.reason}`)
  }
  const ended = expect.ended ?? wanted !== null
  if (seen.ended !== ended) found.push(`the transport ${ended ? 'was to be ended' : 'was not to be ended'}`)
  const closed = expect.closed ?? (wanted === null ? null : wanted === 0 ? 'clean' : (codeNames.get(wanted) ?? ''))
  if (closed !== 'any' && seen.closed !== closed) found.push(`closed ${closed} expected, got ${seen.closed}`)
  return found
}

function plainFrame(frame: Frame): Plain {
  const plain: Plain = { frame: frame.type, flags: frame.flags.filter((flag) => flag !== 'MARK'), ...frame.fields }
  if (typeof plain.bytes === 'string') plain.size = plain.bytes.length / 2
  if (frame.type !== 'HELLO') return plain
  const { versions, numbers, auth, codec, unknown } = readHello(frame)
  const grease = String(frame.fields.entries)
    .split(' ')
    .map((entry) => entry.split('='))
  const fine = unknown.every(
    (key) => key >= 64 && (grease.find(([each]) => Number(each) === key)?.[1]?.length ?? 99) <= 16,
  )
  return { ...plain, ...numbers, versions: versions.join('-'), auth, codec, unknown: fine ? unknown.length : -1 }
}

/** DATA without FIN or EOM and the DATA behind it on the same stream count as one: fragments are the sender's affair. */
function join(frames: readonly Plain[]): Plain[] {
  const joined: Plain[] = []
  for (const frame of frames) {
    const last = joined.at(-1)
    if (
      last?.frame === 'DATA' &&
      frame.frame === 'DATA' &&
      last.id === frame.id &&
      (last.flags as string[]).length === 0
    ) {
      const size = Number(last.size) + Number(frame.size)
      joined[joined.length - 1] = { ...frame, bytes: `${last.bytes}${frame.bytes}`, size }
    } else {
      joined.push(frame)
    }
  }
  return joined
}

function compareOut(expect: Expect, seen: Seen): string[] {
  const found: string[] = []
  for (const type of expect.absent ?? []) {
    if (seen.frames.some((frame) => frame.type === type)) found.push(`${type} was not to be sent`)
  }
  if (expect.out === undefined) return found
  if (expect.out === 'silence')
    return seen.size === 0 ? found : [...found, `silence expected, got ${show(seen.frames)}`]
  const named = new Set(expect.out.map((pattern) => pattern.frame))
  const bulk = expect.sent !== undefined || expect.sentTotal !== undefined
  const counted = seen.frames.filter(({ type }) => {
    if (named.has(type)) return true
    return !free.has(type) && type !== 'CLOSE' && !(bulk && type === 'DATA')
  })
  const wrong = compareList(expect.out, join(counted.map(plainFrame)), expect.anyOrder === true)
  return wrong === undefined ? found : [...found, `${wrong}; sent: ${show(seen.frames)}`]
}

function show(frames: readonly Frame[]): string {
  const lines = frames.slice(0, 12).map(describeFrame)
  return `[${lines.join(', ')}${frames.length > 12 ? `, and ${frames.length - 12} more` : ''}]`
}

function compareEvents(expect: Expect, events: readonly PlainEvent[]): string[] {
  const found: string[] = []
  for (const type of expect.never ?? []) {
    if (events.some((event) => event.type === type)) found.push(`event ${type} was not to happen`)
  }
  if (expect.events === undefined) return found
  const named = new Set(expect.events.map((pattern) => pattern.type))
  const counted = events.filter(({ type }) => named.has(type ?? '') || !freeEvents.has(String(type)))
  const wrong = compareList(expect.events, counted, expect.anyOrder === true)
  return wrong === undefined ? found : [...found, `${wrong}; events: ${JSON.stringify(events).slice(0, 800)}`]
}

function compareList(patterns: readonly Pattern[], things: readonly Plain[], anyOrder: boolean): string | undefined {
  const rest = [...things]
  for (const pattern of patterns) {
    const at = anyOrder ? rest.findIndex((thing) => fits(pattern, thing)) : 0
    if (at < 0 || rest[at] === undefined || !fits(pattern, rest[at])) return `missing ${JSON.stringify(pattern)}`
    rest.splice(at, 1)
  }
  return rest.length === 0 ? undefined : `too much: ${JSON.stringify(rest).slice(0, 400)}`
}

function fits(pattern: Pattern, thing: Plain): boolean {
  return Object.entries(pattern).every(([name, value]) => {
    if (name === 'with') return (value as string[]).every((flag) => (thing.flags as string[]).includes(flag))
    return JSON.stringify(thing[name]) === JSON.stringify(value)
  })
}

interface Totals {
  bytes: string
  fin: boolean
  eoms: number
}

function totals(frames: readonly Frame[], id?: number): Totals {
  const payload = frames.filter(
    ({ type, fields }) => (type === 'OPEN' || type === 'DATA') && (id === undefined || fields.id === id),
  )
  return {
    bytes: payload.map(({ fields }) => fields.bytes).join(''),
    fin: payload.some(({ flags }) => flags.includes('FIN')),
    eoms: payload.filter(({ flags }) => flags.includes('EOM')).length,
  }
}

function compareSent(expect: Expect, seen: Seen): string[] {
  const found: string[] = []
  const check = (what: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && wanted !== got)
      found.push(`${what}: ${wanted} expected, got ${String(got).slice(0, 80)}`)
  }
  for (const [label, sent] of Object.entries<Sent>(expect.sent ?? {})) {
    const { bytes, fin, eoms } = totals(seen.frames, seen.id(label))
    check(`bytes on ${label}`, sent.bytes, bytes)
    check(`number of bytes on ${label}`, sent.size, bytes.length / 2)
    check(`FIN on ${label}`, sent.fin, fin)
    check(`message ends on ${label}`, sent.eoms, eoms)
    const cost = bytes.length / 2 + eoms
    if (cost > (sent.costMax ?? cost)) found.push(`${cost} bytes of credit used on ${label}`)
  }
  check('payload bytes', expect.sentTotal, totals(seen.frames).bytes.length / 2)
  const payloads = seen.frames
    .filter(({ type }) => type === 'DATA')
    .map(({ fields }) => String(fields.bytes).length / 2)
  if (Math.max(0, ...payloads) > (expect.maxPayload ?? Infinity))
    found.push(`a payload of ${Math.max(...payloads)} bytes`)
  return found
}

function compareGrants(expect: Expect, seen: Seen): string[] {
  const found: string[] = []
  for (const [label, least] of Object.entries(expect.granted ?? {})) {
    const type = label === 'session' ? 'SCREDIT' : 'CREDIT'
    const grants = seen.frames.filter(
      (frame) => frame.type === type && (type === 'SCREDIT' || frame.fields.id === seen.id(label)),
    )
    const sum = grants.reduce((total, { fields }) => total + Number(fields.bytes), 0)
    if (sum < least) found.push(`at least ${least} bytes were to be granted to ${label}, got ${sum}`)
  }
  const limits = seen.frames.filter(({ type }) => type === 'LIMIT')
  if (expect.limit !== undefined && limits.at(-1)?.fields.count !== expect.limit) {
    found.push(`LIMIT ${expect.limit} expected, got ${limits.at(-1)?.fields.count}`)
  }
  return found
}
