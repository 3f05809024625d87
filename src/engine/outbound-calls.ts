// The frames of calls: replies that are owed, and our calls while the peer has slots free.
// A slot of ours is free for the peer's next call only once its reply is written here. Runs no user code.

import type { OwedReply } from './calls.ts'
import type { Core } from './core.ts'
import { codes } from './errors.ts'
import { MESSAGE_END } from './outgoing.ts'
import type { StreamRecord } from './streams.ts'
import * as wire from './wire.ts'
import type { FrameWriter } from './writer.ts'

/** For a result whose stream was given up before it was opened. */
function gone(via: StreamRecord): NonNullable<OwedReply['failure']> {
  const { stopCode, stopReason } = via.seldom()
  const code = stopCode === 0 ? codes.CANCELLED.number : stopCode
  return { code, reason: wire.encodeText(stopReason), details: new Uint8Array(0) }
}

export function replies(writer: FrameWriter, core: Core, budget: number): void {
  const { callee } = core
  for (let left = callee.replies.size; left > 0 && writer.size < budget; left--) {
    const reply = callee.replies.shift() as OwedReply
    const { via, failure, slot } = reply
    // The stream's OPEN must come first.
    if (via !== undefined && !via.opened && !via.finished) {
      callee.replies.push(reply)
      continue
    }
    if (failure !== undefined) replyError(writer, slot, failure)
    else if (via !== undefined && !via.opened) replyError(writer, slot, gone(via))
    else if (via !== undefined) writer.plain(wire.REPLY, wire.VIA_STREAM, slot, via.id)
    else {
      const size = wire.varintSize(slot)
      writer.head(wire.REPLY, 0, size + reply.result.length, size)
      writer.varint(slot)
      writer.payload(reply.result, 0, reply.result.length)
    }
    callee.written(reply)
    core.glitches.callFinished()
  }
}

function replyError(writer: FrameWriter, slot: number, failure: NonNullable<OwedReply['failure']>): void {
  const { code, reason, details } = failure
  const fields = wire.varintSize(slot) + wire.varintSize(code) + wire.varintSize(reason.length) + reason.length
  writer.head(wire.REPLY, wire.ERROR, fields + details.length, fields)
  writer.varint(slot)
  writer.varint(code)
  writer.varint(reason.length)
  writer.field(reason)
  writer.payload(details, 0, details.length)
}

export function calls(writer: FrameWriter, core: Core, budget: number): void {
  const { caller, peer, now } = core
  while (writer.size < budget) {
    const call = caller.next()
    if (call === undefined) return
    const slot = caller.take(call, peer.maxCalls)
    if (slot < 0) return
    caller.waiting.shift()
    const number = caller.methodNumber(call.method)
    const name = number === 0 ? caller.methodBytes(call.method) : undefined
    const left = call.deadlineAt === undefined ? undefined : Math.max(0, Math.round(call.deadlineAt - now))
    let fields = wire.varintSize(slot) + wire.varintSize(number)
    if (name !== undefined) fields += wire.varintSize(name.length) + name.length
    if (left !== undefined) fields += wire.varintSize(left)
    const flags =
      (call.oneWay ? wire.ONEWAY : 0) | (left === undefined ? 0 : wire.DEADLINE) | (call.part ? wire.PART : 0)
    writer.head(wire.CALL, flags, fields + call.args.length, fields)
    writer.varint(slot)
    writer.varint(number)
    if (name !== undefined) {
      writer.varint(name.length)
      writer.field(name)
    }
    if (left !== undefined) writer.varint(left)
    writer.payload(call.args, 0, call.args.length)
    call.args = MESSAGE_END // handed over: let go of it
  }
}
