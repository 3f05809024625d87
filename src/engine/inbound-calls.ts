// What frames about calls do: CALL, REPLY, CANCEL. docs/PROTOCOL.md, section 7.
// Each changes the core, queues events and owes replies; none writes a frame or runs user code.

import type { Body } from './body.ts'
import type { OutgoingCall } from './calls.ts'
import type { Core } from './core.ts'
import { BraidError, codes, errorFromWire } from './errors.ts'
import { abortStream } from './inbound-streams.ts'
import { STOPPED } from './streams.ts'
import * as wire from './wire.ts'

const none = new Uint8Array(0)

export function call(core: Core, body: Body, flags: number): void {
  const { callee } = core
  const slot = body.varint()
  const number = body.varint()
  let method: string
  if (number > 0) method = callee.name(number)
  else {
    const bytes = body.take(body.varint30())
    if (bytes.length > wire.NAME_BYTES_MAX) throw new BraidError('PROTOCOL', `a method name of ${bytes.length} bytes`)
    const name = wire.decodeText(bytes)
    if (name === undefined) throw new BraidError('PROTOCOL', 'a method name that is not UTF-8')
    callee.learn(name)
    method = name
  }
  const deadlineMs = (flags & wire.DEADLINE) === 0 ? undefined : body.varint()
  const args = body.rest()
  callee.begin(slot, core.settings.maxCalls)
  if (core.goAwayCount !== undefined && (flags & wire.PART) === 0) {
    const failure = { code: codes.GOING_AWAY.number, reason: none, details: none }
    callee.owe({ slot, result: none, via: undefined, failure })
    return
  }
  core.events.push({ type: 'call', slot, method, args, deadlineMs, oneWay: (flags & wire.ONEWAY) !== 0 })
}

export function reply(core: Core, body: Body, flags: number): void {
  if (flags === (wire.ERROR | wire.VIA_STREAM)) throw new BraidError('PROTOCOL', 'REPLY with both ERROR and VIA_STREAM')
  const slot = body.varint()
  if ((flags & wire.ERROR) !== 0) return replyError(core, slot, body)
  if ((flags & wire.VIA_STREAM) !== 0) return replyVia(core, slot, body)
  const call = release(core, slot)
  if (!call.cancelled) core.events.push({ type: 'reply', call, result: body.rest(), via: undefined })
}

/** Frees the slot. Only when nothing more can be wrong: a call that is no longer in a slot would not fail with the session. */
function release(core: Core, slot: number): OutgoingCall {
  const call = core.caller.release(slot)
  core.glitches.callFinished()
  return call
}

function replyError(core: Core, slot: number, body: Body): void {
  const code = body.varint()
  const reason = body.reasonOf(body.varint30())
  const details = body.rest()
  const call = release(core, slot)
  if (call.cancelled) return
  core.events.push({ type: 'replyError', call, error: errorFromWire(code, reason, { scope: 'call', details }) })
}

function replyVia(core: Core, slot: number, body: Body): void {
  const id = body.varint()
  body.done()
  const via = core.streams.find(id)
  if (via === 'idle' || id % 2 !== 0)
    throw new BraidError('STREAM_STATE', 'REPLY names a stream its sender never opened')
  const call = release(core, slot)
  if (call.cancelled) {
    if (via !== undefined)
      abortStream(core, via, new BraidError('CANCELLED', 'the call was given up', { scope: 'stream' }))
  } else if (via !== undefined && !via.has(STOPPED)) core.events.push({ type: 'reply', call, result: none, via })
  else {
    const error = new BraidError('CANCELLED', 'the result was given up', { scope: 'call', initiator: 'remote' })
    core.events.push({ type: 'replyError', call, error })
  }
}

export function cancel(core: Core, body: Body): void {
  const slot = body.varint()
  const code = body.varint()
  body.done()
  if (core.callee.cancel(slot)) core.events.push({ type: 'cancel', slot, code })
  else core.glitches.crossed('CANCEL')
}
