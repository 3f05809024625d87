// What frames about streams do: OPEN, RESET, CREDIT, SCREDIT, ASK, LIMIT, META. docs/PROTOCOL.md, section 5.
// Each changes the core, queues events and owes frames; none writes a frame or runs user code.

import type { Body } from './body.ts'
import type { RawMeta } from './contract.ts'
import type { Core } from './core.ts'
import { BraidError, codes, errorFromWire } from './errors.ts'
import { isFinal, step } from './state.ts'
import {
  ANSWERED,
  OWES_RESET_RECV,
  OWES_RESET_SEND,
  REFUSED,
  SETTLED,
  STOP_HEARD,
  STOPPED,
  StreamRecord,
} from './streams.ts'
import { granted } from './window.ts'
import * as wire from './wire.ts'

/** Grants below this cost a token: an honest receiver batches. */
const SMALL_GRANT_BYTES = 1024
/** An ASK is worth its frame when it asks for so much more than the last. */
const ASK_GROWTH = 1.25
const URGENCY_BITS = 7
const LIMIT_STREAMS = 0

/** The stream of a frame that only a half still open may send. */
export function sendingPeer(core: Core, id: number, what: string): StreamRecord {
  const record = core.streams.find(id)
  if (record === 'idle') throw new BraidError('STREAM_STATE', `${what} for a stream that was never opened`)
  // A finished stream's peer made its own half final, so it knew.
  if (record === undefined || isFinal(record.receiving)) {
    throw new BraidError('STREAM_STATE', `${what} on a half that its sender had ended`)
  }
  return record
}

/** The stream of a frame that may have crossed its end; undefined: it did. */
function crossing(core: Core, id: number, what: string): StreamRecord | undefined {
  const record = core.streams.find(id)
  if (record === 'idle') throw new BraidError('STREAM_STATE', `${what} for a stream that was never opened`)
  if (record === undefined) core.glitches.crossed(what)
  return record
}

export function open(core: Core, body: Body, flags: number): void {
  const { streams, settings } = core
  const id = body.varint()
  if (id !== streams.theirsOpened * 2) {
    throw new BraidError('STREAM_ID', `OPEN with id ${id}, the next is ${streams.theirsOpened * 2}`)
  }
  if (streams.theirsOpened >= core.peerOpenLimit) {
    core.opensRefused++
    throw new BraidError('LIMIT_EXCEEDED', `OPEN of stream ${streams.theirsOpened}; the limit is ${core.peerOpenLimit}`)
  }
  const urgency = body.byte()
  if (urgency > URGENCY_BITS) throw new BraidError('PROTOCOL', 'reserved bits are set in the priority of an OPEN')
  const nameBytes = body.take(body.varint30())
  const meta = body.meta()
  const first = body.rest()
  const record = new StreamRecord(false, urgency, core.peer.streamWindow)
  core.charge(record, first.length)
  record.number = streams.theirsOpened++
  streams.theirs.set(record.number, record)
  const name = nameBytes.length > wire.NAME_BYTES_MAX ? undefined : core.namesIn.decode(nameBytes)
  if (name === undefined) {
    core.namesRefused++
    refuse(core, record, codes.REFUSED.number, 'the name is too long or not UTF-8')
  } else if (meta !== undefined && meta.bytes.length > settings.maxMeta) {
    core.metaRefused++
    refuse(core, record, codes.REFUSED.number, `metadata of ${meta.bytes.length} bytes; maxMeta is ${settings.maxMeta}`)
  } else if (core.goAwayCount !== undefined && (flags & wire.PART) === 0) {
    refuse(core, record, codes.GOING_AWAY.number, 'the session is draining')
  } else {
    core.events.push({ type: 'open', stream: record, name, meta, urgency, confirm: (flags & wire.CONFIRM) !== 0 })
  }
  if (first.length > 0) {
    if (record.has(STOPPED)) core.discard(first.length)
    else core.events.push({ type: 'data', stream: record, bytes: first, eom: false })
    core.glitches.payload(first.length)
  }
  if ((flags & wire.FIN) !== 0) end(core, record, undefined)
}

/** Refuses a stream before anyone has heard of it. */
function refuse(core: Core, record: StreamRecord, code: number, reason: string): void {
  record.bits |= SETTLED | REFUSED
  core.abortSending(record, code, reason)
  core.abortReceiving(record, code, reason)
}

export function end(core: Core, record: StreamRecord, trailer: RawMeta | undefined): void {
  record.receiving = step(record.receiving, 'end')
  if (!record.has(STOPPED)) core.events.push({ type: 'end', stream: record, trailer })
  core.release(record)
}

export function reset(core: Core, body: Body, flags: number): void {
  if (flags === 0) throw new BraidError('PROTOCOL', 'RESET of neither half')
  const id = body.varint()
  const code = body.varint()
  const reason = body.reason()
  const record = crossing(core, id, 'RESET')
  if (record === undefined) return
  let read = false
  let write = false
  if ((flags & wire.SEND) !== 0) {
    if (isFinal(record.receiving)) core.glitches.spend('RESET of a half that was final')
    else {
      record.receiving = step(record.receiving, 'reset')
      record.owes &= ~OWES_RESET_RECV
      read = !record.has(STOPPED)
    }
  }
  if ((flags & wire.RECV) !== 0) {
    if (record.has(STOP_HEARD)) core.glitches.spend('RESET of a half that was told before')
    record.bits |= STOP_HEARD
    write = !isFinal(record.sending)
    core.abortSending(record, code, '')
  }
  if (read || write) {
    const error = errorFromWire(code, reason, { scope: 'stream' })
    core.events.push({ type: 'reset', stream: record, read, write, error })
  }
  core.release(record)
}

export function credit(core: Core, body: Body): void {
  const id = body.varint()
  const bytes = body.varint30()
  body.done()
  const record = crossing(core, id, 'CREDIT')
  if (bytes === 0) throw new BraidError('PROTOCOL', 'a credit of 0')
  if (bytes < SMALL_GRANT_BYTES) core.glitches.spend('a credit below 1,024 bytes')
  if (record === undefined) return
  if (isFinal(record.sending)) return core.glitches.crossed('CREDIT')
  record.credit = granted(record.credit, bytes)
  core.ready(record)
}

export function sessionCredit(core: Core, body: Body): void {
  const bytes = body.varint30()
  body.done()
  core.credit = granted(core.credit, bytes)
  if (bytes < SMALL_GRANT_BYTES) core.glitches.spend('a credit below 1,024 bytes')
}

export function ask(core: Core, body: Body): void {
  const record = sendingPeer(core, body.varint(), 'ASK')
  const wanted = body.varint30()
  body.done()
  const receive = record.receive ?? record.listen(core.settings.streamWindow)
  if (wanted < receive.wanted * ASK_GROWTH) core.glitches.spend('ASK for hardly more than before')
  receive.wanted = wanted
  if (!record.has(STOPPED)) core.growWindow(record, receive)
}

export function limit(core: Core, body: Body): void {
  const kind = body.byte()
  const count = body.varint()
  body.done()
  if (kind !== LIMIT_STREAMS) throw new BraidError('PROTOCOL', `LIMIT of kind ${kind}`)
  if (count > core.openLimit) core.openLimit = count
  else core.glitches.spend('LIMIT not above the last')
}

export function meta(core: Core, body: Body, flags: number): void {
  const record = sendingPeer(core, body.varint(), 'META')
  const meta = body.meta()
  body.done()
  const trailer = (flags & wire.TRAILER) !== 0
  if (!trailer && (!record.mine || record.has(ANSWERED))) {
    throw new BraidError('STREAM_STATE', record.mine ? 'a second answer' : 'an answer from the opener')
  }
  if (meta !== undefined && meta.bytes.length > core.settings.maxMeta) {
    core.metaRefused++
    const text = `metadata of ${meta.bytes.length} bytes; maxMeta is ${core.settings.maxMeta}`
    if (trailer) record.receiving = step(record.receiving, 'end')
    const error = new BraidError('LIMIT_EXCEEDED', text, { scope: 'stream', initiator: 'remote' })
    return abortStream(core, record, error, trailer)
  }
  if (trailer) return end(core, record, meta)
  record.bits |= ANSWERED
  if (!record.has(STOPPED)) core.events.push({ type: 'answer', stream: record, meta })
}

/** Ends what is left of a stream the session knows. `untold`: its end was read, but not told to the session. */
export function abortStream(core: Core, record: StreamRecord, error: BraidError, untold = false): void {
  const read = (untold || !isFinal(record.receiving)) && !record.has(STOPPED)
  const write = !isFinal(record.sending)
  core.abortSending(record, error.number, error.message)
  core.abortReceiving(record, error.number, error.message)
  if (read || write) core.events.push({ type: 'reset', stream: record, read, write, error })
  if ((record.owes & (OWES_RESET_SEND | OWES_RESET_RECV)) === 0) core.release(record)
}
