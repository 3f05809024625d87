// The frames of streams: what each owes, OPENs while there is open credit, DATA by turns within credit and pace.
// Forms each as late as possible; reads the core and settles what it has written. Runs no user code.

import { COPY_BYTES_MAX } from './batch.ts'
import type { Core } from './core.ts'
import { MESSAGE_END, type Outgoing } from './outgoing.ts'
import { LIMIT_BYTES_FAST } from './portions.ts'
import { isFinal, step } from './state.ts'
import {
  ENDING,
  type Opening,
  OWES_ANSWER,
  OWES_ASK,
  OWES_CREDIT,
  OWES_FIN,
  OWES_RESET_RECV,
  OWES_RESET_SEND,
  STOPPED,
  type StreamRecord,
  WANTS_WRITABLE,
} from './streams.ts'
import * as wire from './wire.ts'
import type { FrameWriter } from './writer.ts'

/** Below this an ASK would only repeat what the first window gives. */
const ASK_AFTER_BYTES = 32_768
/** An urgency below all that there are. A small integer, because the one of a stream is compared with it at every turn. */
const NOBODY = 8
const ASK_GROWTH = 1.25
/** The most that is sent in one turn, in 8 ms at most: a newcomer can wait so long for its first turn. */
const ENDING_BYTES_MAX = 2_097_152
const ENDING_BYTES_PER_MS = ENDING_BYTES_MAX / 8

/**
 * What streams owe: each at most one frame of each kind, so this is bounded by their number. What can wait waits for a flush
 * that happens anyway: a write of its own costs the receiver of bulk more than all the rest it does.
 */
export function owed(writer: FrameWriter, core: Core): void {
  if (!core.pressing && writer.size === 0) return
  core.pressing = false
  for (let record = core.dirty.shift(); record !== undefined; record = core.dirty.shift()) {
    const { owes } = record
    record.owes = 0
    if ((owes & OWES_ANSWER) !== 0 && !isFinal(record.sending)) writer.meta(record.id, 0, record.rare?.answer)
    if ((owes & OWES_ASK) !== 0 && !isFinal(record.sending)) writer.plain(wire.ASK, 0, record.id, record.seldom().asked)
    if ((owes & OWES_CREDIT) !== 0 && record.receiving === 'open' && !record.has(STOPPED)) credit(writer, record)
    if ((owes & OWES_FIN) !== 0 && !isFinal(record.sending)) finish(writer, core, record)
    if ((owes & (OWES_RESET_SEND | OWES_RESET_RECV)) !== 0) resets(writer, record, owes)
    core.release(record)
  }
}

function credit(writer: FrameWriter, { id, receive }: StreamRecord): void {
  if (receive !== undefined && receive.owed > 0) writer.plain(wire.CREDIT, 0, id, receive.grant())
}

/** One frame for both halves where they end for the same reason, else one for each. */
function resets(writer: FrameWriter, record: StreamRecord, owes: number): void {
  const send = (owes & OWES_RESET_SEND) !== 0
  const recv = (owes & OWES_RESET_RECV) !== 0
  const { id } = record
  const { resetCode, resetReason, stopCode, stopReason } = record.seldom()
  const both = send && recv && resetCode === stopCode && resetReason === stopReason
  if (send) writer.reasoned(wire.RESET, both ? wire.SEND | wire.RECV : wire.SEND, [id, resetCode], resetReason)
  if (recv && !both) writer.reasoned(wire.RESET, wire.RECV, [id, stopCode], stopReason)
}

/** Ends our half when nothing is queued any more: by the trailer if there is one, else by an empty DATA. */
function finish(writer: FrameWriter, core: Core, record: StreamRecord): void {
  const { rare } = record
  const trailer = rare?.trailer
  if (!core.helloRead && (trailer?.bytes.length ?? 0) > core.peer.maxMeta) {
    core.awaitingHello.push(record)
    return
  }
  if (trailer !== undefined) writer.meta(record.id, wire.TRAILER, trailer)
  else writer.plain(wire.DATA, wire.FIN, record.id)
  record.sending = step(record.sending, 'end')
  if (rare !== undefined) rare.trailer = undefined
}

export function opens(writer: FrameWriter, core: Core, budget: number): void {
  const { streams } = core
  while (writer.size < budget && streams.mineOpened < core.openLimit) {
    const opening = core.opens.peek()
    // Until the HELLO is read only the floor is sure; afterwards it is the peer who refuses.
    const size = opening?.meta?.bytes.length ?? 0
    if (opening === undefined || (!core.helloRead && size > core.peer.maxMeta)) return
    core.opens.shift()
    const { record } = opening
    if (record.finished) continue
    record.number = streams.mineOpened++
    streams.mine.set(record.number, record)
    open(writer, core, opening)
    if (record.has(STOPPED)) core.owe(record, OWES_RESET_RECV)
  }
}

function open(writer: FrameWriter, core: Core, { record, name, meta, confirm, part }: Opening): void {
  const { outgoing } = record
  const first = outgoing === undefined ? 0 : firstBytes(core, record, outgoing)
  const last = record.has(ENDING) && first === record.queued
  const fin = last && record.rare?.trailer === undefined
  const metaSize = meta === undefined ? 0 : wire.varintSize(meta.bytes.length) + meta.bytes.length
  const { id } = record
  const fields = wire.varintSize(id) + 1 + wire.varintSize(name.length) + name.length + 1 + metaSize
  const flags = (fin ? wire.FIN : 0) | (confirm ? wire.CONFIRM : 0) | (part ? wire.PART : 0)
  writer.head(wire.OPEN, flags, fields + first, fields)
  writer.varint(id)
  writer.byte(record.urgency)
  writer.varint(name.length)
  writer.field(name)
  writer.metaFields(meta)
  if (outgoing !== undefined && first > 0) {
    writer.payload(outgoing.queue[outgoing.head], 0, first)
    outgoing.advance(outgoing.head + 1, 0, first)
    if (outgoing.queued === 0) record.emptied()
    core.queued -= first
    record.credit -= first
    core.credit -= first
    writable(core, record)
  }
  if (fin) {
    record.sending = step(record.sending, 'end')
    core.release(record)
  } else if (last) core.owe(record, OWES_FIN)
  else core.ready(record)
}

/** A first chunk small enough to be copied rides in the OPEN; a message end cannot. */
function firstBytes(core: Core, record: StreamRecord, { queue, head }: Outgoing): number {
  const chunk = queue[head]
  if (chunk === undefined || chunk === MESSAGE_END || queue[head + 1] === MESSAGE_END) return 0
  const fits = chunk.length <= COPY_BYTES_MAX && chunk.length <= record.credit && chunk.length <= core.credit
  return fits ? chunk.length : 0
}

export function streams(writer: FrameWriter, core: Core, budget: number): void {
  const { scheduler, pace } = core
  let refilling = NOBODY
  while (writer.size < budget) {
    const outgoing = scheduler.next()
    if (outgoing === undefined || core.credit <= 0) return
    const record = outgoing.stream
    // One more urgent was just told to write on: what it writes goes before this, in the next flush.
    if (record.urgency > refilling && !scheduler.yields) return
    if (pace.room <= 0) {
      pace.limited = true
      return
    }
    if (outgoing.ending && outgoing.deficit < outgoing.queued && inOneTurn(core, outgoing))
      outgoing.deficit = outgoing.queued
    data(writer, core, record, outgoing)
    if (outgoing.queued === 0 || record.credit <= 0) {
      scheduler.turned(outgoing)
      scheduler.leave(outgoing)
      if (outgoing.queued === 0) record.emptied()
    } else if (outgoing.deficit <= 0) scheduler.done(outgoing)
    if (writable(core, record)) refilling = Math.min(refilling, record.urgency)
    if (isFinal(record.sending)) core.release(record)
  }
}

/**
 * Whether all that is left of a stream that ends goes in one turn: when it is soon gone, and nobody waits but others that end.
 * Of several answers of calls the first is whole then before the next begins, instead of all at the end, and their receiver
 * holds one in parts instead of all.
 */
function inOneTurn({ pace, scheduler }: Core, { queued }: Outgoing): boolean {
  if (!scheduler.allEnding || queued > ENDING_BYTES_MAX) return false
  return pace.limit >= Math.max(LIMIT_BYTES_FAST, (pace.rttMs ?? Number.POSITIVE_INFINITY) * ENDING_BYTES_PER_MS)
}

/** One DATA frame of as many queued chunks as credit, pace, turn and frame size allow. */
function data(writer: FrameWriter, core: Core, record: StreamRecord, outgoing: Outgoing): void {
  const credit = Math.min(record.credit, core.credit)
  const most = Math.min(credit, core.pace.room, core.pace.frameBytes, core.peer.maxFrame, outgoing.deficit)
  const { queue } = outgoing
  let size = 0
  let index = outgoing.head
  let offset = outgoing.offset
  let eom = false
  while (index < queue.length) {
    const chunk = queue[index]
    if (chunk === MESSAGE_END) {
      // The end costs a byte of credit more; without it, it goes in a frame of its own later.
      eom = size < credit
      if (eom) index++
      break
    }
    if (size === most) break
    const take = Math.min(chunk.length - offset, most - size)
    size += take
    offset += take
    if (offset < chunk.length) break
    index++
    offset = 0
  }
  const cost = size + (eom ? 1 : 0)
  const last = index === queue.length && (record.bits & ENDING) !== 0
  const fin = last && record.rare?.trailer === undefined
  const mark = core.pace.wantsMark(size)
  const { id } = record
  const idSize = wire.varintSize(id)
  writer.head(wire.DATA, (fin ? wire.FIN : 0) | (eom ? wire.EOM : 0) | (mark ? wire.MARK : 0), idSize + size, idSize)
  writer.varint(id)
  payload(writer, outgoing, size)
  outgoing.advance(index, offset, cost)
  core.queued -= cost
  record.credit -= cost
  core.credit -= cost
  outgoing.deficit -= cost
  core.pace.sent(size, mark, core.now)
  if (fin) record.sending = step(record.sending, 'end')
  else if (last) core.owe(record, OWES_FIN)
  else ask(core, record, outgoing)
}

function payload(writer: FrameWriter, outgoing: Outgoing, size: number): void {
  let { head, offset } = outgoing
  while (size > 0) {
    const chunk = outgoing.queue[head]
    const take = Math.min(chunk.length - offset, size)
    writer.payload(chunk, offset, offset + take)
    size -= take
    head++
    offset = 0
  }
}

/** Asks for a larger window before credit runs out, when this stream could use its share of the pace, or all of it to end. */
function ask(core: Core, record: StreamRecord, outgoing: Outgoing): void {
  const { pace, scheduler } = core
  const alone = outgoing.ending && inOneTurn(core, outgoing)
  const sharers = alone ? 1 : Math.max(1, scheduler.size)
  const need = Math.floor(pace.path.windowBytes / sharers)
  if (record.credit * 2 >= need || need <= (record.rare?.asked ?? 0) * ASK_GROWTH) return
  if (need <= core.peer.streamWindow || outgoing.queued < ASK_AFTER_BYTES) return
  record.seldom().asked = need
  core.owe(record, OWES_ASK)
}

/** Says that the stream takes more, when half its buffer is free, or after `end` that all is gone; true if that was awaited. */
function writable(core: Core, record: StreamRecord): boolean {
  const { bits } = record
  if ((bits & WANTS_WRITABLE) === 0) return false
  const most = (bits & ENDING) === 0 ? core.settings.writeBuffer / 2 : 0
  if (record.queued > most) return false
  record.bits &= ~WANTS_WRITABLE
  core.events.push({ type: 'writable', stream: record })
  return true
}
