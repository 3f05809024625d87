// The frames of streams: what each owes, OPENs while there is open credit, DATA by turns within credit and pace.
// Forms each as late as possible; reads the core and settles what it has written. Runs no user code.

import { COPY_BYTES_MAX } from './batch.ts'
import type { Core } from './core.ts'
import { isFinal, step } from './state.ts'
import {
  MESSAGE_END,
  type Opening,
  OWES_ANSWER,
  OWES_ASK,
  OWES_CREDIT,
  OWES_FIN,
  OWES_RESET_RECV,
  OWES_RESET_SEND,
  type StreamRecord,
} from './streams.ts'
import * as wire from './wire.ts'
import type { FrameWriter } from './writer.ts'

/** Below this an ASK would only repeat what the first window gives. */
const ASK_AFTER_BYTES = 32_768
const ASK_GROWTH = 1.25

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
    if ((owes & OWES_ANSWER) !== 0 && !isFinal(record.sending)) writer.meta(record.id, 0, record.answer)
    if ((owes & OWES_ASK) !== 0 && !isFinal(record.sending)) writer.plain(wire.ASK, 0, record.id, record.asked)
    if ((owes & OWES_CREDIT) !== 0 && record.receiving === 'open' && !record.stopped && record.receive.owed > 0) {
      writer.plain(wire.CREDIT, 0, record.id, record.receive.grant())
    }
    if ((owes & OWES_FIN) !== 0 && !isFinal(record.sending)) finish(writer, core, record)
    resets(writer, record, (owes & OWES_RESET_SEND) !== 0, (owes & OWES_RESET_RECV) !== 0)
    core.release(record)
  }
}

/** One frame for both halves where they end for the same reason, else one for each. */
function resets(writer: FrameWriter, record: StreamRecord, send: boolean, recv: boolean): void {
  const { id, resetCode, resetReason, stopCode, stopReason } = record
  const both = send && recv && resetCode === stopCode && resetReason === stopReason
  if (send) writer.reasoned(wire.RESET, both ? wire.SEND | wire.RECV : wire.SEND, [id, resetCode], resetReason)
  if (recv && !both) writer.reasoned(wire.RESET, wire.RECV, [id, stopCode], stopReason)
}

/** Ends our half when nothing is queued any more: by the trailer if there is one, else by an empty DATA. */
function finish(writer: FrameWriter, core: Core, record: StreamRecord): void {
  if (!core.helloRead && (record.trailer?.bytes.length ?? 0) > core.peer.maxMeta) {
    core.awaitingHello.push(record)
    return
  }
  if (record.trailer !== undefined) writer.meta(record.id, wire.TRAILER, record.trailer)
  else writer.plain(wire.DATA, wire.FIN, record.id)
  record.sending = step(record.sending, 'end')
  record.trailer = undefined
}

export function opens(writer: FrameWriter, core: Core, budget: number): void {
  const { streams } = core
  while (writer.size < budget && streams.mineOpened < core.openLimit) {
    const record = core.opens.peek()
    // Until the HELLO is read only the floor is sure; afterwards it is the peer who refuses.
    const size = record?.opening?.meta?.bytes.length ?? 0
    if (record === undefined || (!core.helloRead && size > core.peer.maxMeta)) return
    core.opens.shift()
    if (record.finished) continue
    record.number = streams.mineOpened++
    streams.mine.set(record.number, record)
    open(writer, core, record, record.opening as Opening)
    record.opening = undefined
    if (record.stopped) core.owe(record, OWES_RESET_RECV)
    if (record.ending && record.queued === 0) core.owe(record, OWES_FIN)
    else core.ready(record)
  }
}

function open(writer: FrameWriter, core: Core, record: StreamRecord, { name, meta, confirm, part }: Opening): void {
  const first = firstBytes(core, record)
  const fin = record.ending && record.trailer === undefined && first === record.queued
  const metaSize = meta === undefined ? 0 : wire.varintSize(meta.bytes.length) + meta.bytes.length
  const fields = wire.varintSize(record.id) + 1 + wire.varintSize(name.length) + name.length + 1 + metaSize
  const flags = (fin ? wire.FIN : 0) | (confirm ? wire.CONFIRM : 0) | (part ? wire.PART : 0)
  writer.head(wire.OPEN, flags, fields + first, fields)
  writer.varint(record.id)
  writer.byte(record.urgency)
  writer.varint(name.length)
  writer.field(name)
  writer.metaFields(meta)
  if (first > 0) {
    writer.payload(record.queue[record.head], 0, first)
    record.advance(record.head + 1, 0, first)
    core.queued -= first
    record.send.left -= first
    core.send.left -= first
    writable(core, record)
  }
  if (fin) {
    record.sending = step(record.sending, 'end')
    core.release(record)
  }
}

/** A first chunk small enough to be copied rides in the OPEN; a message end cannot. */
function firstBytes(core: Core, record: StreamRecord): number {
  const chunk = record.queue[record.head]
  if (chunk === undefined || chunk === MESSAGE_END || record.queue[record.head + 1] === MESSAGE_END) return 0
  const fits = chunk.length <= COPY_BYTES_MAX && chunk.length <= record.send.left && chunk.length <= core.send.left
  return fits ? chunk.length : 0
}

export function streams(writer: FrameWriter, core: Core, budget: number): void {
  const { scheduler, pace } = core
  let refilling = Number.POSITIVE_INFINITY
  while (writer.size < budget) {
    const record = scheduler.next()
    if (record === undefined || core.send.left <= 0) return
    // One more urgent was just told to write on: what it writes goes before this, in the next flush.
    if (record.urgency > refilling && !scheduler.yields) return
    if (pace.room <= 0) {
      pace.limited = true
      return
    }
    data(writer, core, record)
    if (record.queued === 0 || record.send.left <= 0) {
      scheduler.turned(record)
      scheduler.leave(record)
    } else if (record.deficit <= 0) scheduler.done(record)
    if (writable(core, record)) refilling = Math.min(refilling, record.urgency)
    if (isFinal(record.sending)) core.release(record)
  }
}

/** One DATA frame of as many queued chunks as credit, pace, turn and frame size allow. */
function data(writer: FrameWriter, core: Core, record: StreamRecord): void {
  const credit = Math.min(record.send.left, core.send.left)
  const most = Math.min(credit, core.pace.room, core.pace.frameBytes, core.peer.maxFrame, record.deficit)
  const { queue } = record
  let size = 0
  let index = record.head
  let offset = record.offset
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
  const last = index === queue.length && record.ending
  const fin = last && record.trailer === undefined
  const mark = core.pace.wantsMark(size)
  const idSize = wire.varintSize(record.id)
  writer.head(wire.DATA, (fin ? wire.FIN : 0) | (eom ? wire.EOM : 0) | (mark ? wire.MARK : 0), idSize + size, idSize)
  writer.varint(record.id)
  payload(writer, record, size)
  record.advance(index, offset, cost)
  core.queued -= cost
  record.send.left -= cost
  core.send.left -= cost
  record.deficit -= cost
  core.pace.sent(size, mark, core.now)
  if (fin) record.sending = step(record.sending, 'end')
  else if (last) core.owe(record, OWES_FIN)
  else ask(core, record)
}

function payload(writer: FrameWriter, record: StreamRecord, size: number): void {
  let { head, offset } = record
  while (size > 0) {
    const chunk = record.queue[head]
    const take = Math.min(chunk.length - offset, size)
    writer.payload(chunk, offset, offset + take)
    size -= take
    head++
    offset = 0
  }
}

/** Asks for a larger window before credit runs out, when this stream could use its share of the pace. */
function ask(core: Core, record: StreamRecord): void {
  const { pace, scheduler } = core
  const need = Math.floor(pace.path.windowBytes / Math.max(1, scheduler.size))
  if (record.send.left * 2 >= need || need <= record.asked * ASK_GROWTH) return
  if (need <= core.peer.streamWindow || record.queued < ASK_AFTER_BYTES) return
  record.asked = need
  core.owe(record, OWES_ASK)
}

/** Says that the stream takes more, when half its buffer is free, or after `end` that all is gone; true if that was awaited. */
function writable(core: Core, record: StreamRecord): boolean {
  const most = record.ending ? 0 : core.settings.writeBuffer / 2
  if (!record.wantsWritable || record.queued > most) return false
  record.wantsWritable = false
  core.events.push({ type: 'writable', stream: record })
  return true
}
