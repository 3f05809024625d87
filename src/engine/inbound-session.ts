// What frames about the session do: HELLO, GOAWAY, CLOSE, PING, PONG, ACK, ACKREQ. docs/PROTOCOL.md, sections 4, 6 and 7.
// Each changes the core, queues events and owes frames; none writes a frame or runs user code.

import type { Body } from './body.ts'
import type { Core } from './core.ts'
import { BraidError, codes, errorFromWire } from './errors.ts'
import { parseHello } from './hello.ts'
import { OWES_FIN } from './streams.ts'

/** The peer's limits take the place of the floors; what was opened before gains the difference. */
export function hello(core: Core, body: Body): void {
  const before = core.peer
  core.peer = parseHello(body)
  core.helloRead = true
  core.expects = undefined
  core.mayResume = core.peer.resume && core.replay.isOn
  if (!core.mayResume) core.replay.turnOff()
  core.openLimit = core.peer.maxStreams
  core.credit += core.peer.sessionWindow - before.sessionWindow
  const gained = core.peer.streamWindow - before.streamWindow
  for (const record of core.streams.mine.values()) {
    record.credit += gained
    core.ready(record)
  }
  for (const { record } of core.opens) record.credit += gained
  for (const record of core.awaitingHello.splice(0)) core.owe(record, OWES_FIN)
  core.events.push({ type: 'hello', remote: core.peer, mayResume: core.mayResume })
}

export function goAway(core: Core, body: Body): void {
  const count = body.varint()
  const code = body.varint()
  const reason = body.reason()
  if (count > core.peerGoAwayCount) throw new BraidError('PROTOCOL', 'GOAWAY with a rising count')
  core.peerGoAwayCount = count
  if (core.peerGoAway !== undefined) return core.glitches.spend('a second GOAWAY')
  const error = errorFromWire(code === 0 ? codes.GOING_AWAY.number : code, reason, {
    scope: 'session',
    executed: 'no',
  })
  core.peerGoAway = error
  core.events.push({ type: 'goAway', error })
  for (const opening of core.opens.drain()) {
    if (opening.part) core.opens.push(opening)
    else core.refuseOpen(opening.record, error)
  }
  for (const call of core.caller.refuse()) core.events.push({ type: 'replyError', call, error })
}

export function close(core: Core, body: Body): void {
  const code = body.varint()
  const reason = body.reason()
  core.phase = 'closed'
  core.events.push({
    type: 'closed',
    // Whatever it is called: it says nothing about what was under way.
    error: code === 0 ? undefined : errorFromWire(code, reason, { scope: 'session', executed: 'maybe' }),
  })
}

export function ping(core: Core, body: Body): void {
  if (core.pongDue !== undefined) core.glitches.spend('PING while a PONG waits')
  core.pongDue = body.rest().slice()
}

export function pong(core: Core, body: Body): void {
  const bytes = body.rest()
  if (core.pingSentAt === undefined || bytes.length !== 1 || bytes[0] !== core.pingSerial) {
    return core.glitches.spend('a PONG that matches no PING')
  }
  const rttMs = core.now - core.pingSentAt
  core.pingSentAt = undefined
  core.pace.path.sample(rttMs, core.now)
  core.events.push({ type: 'pong', rttMs })
}

export function ack(core: Core, body: Body): void {
  const frames = body.varint()
  body.done()
  if (frames === 0) core.glitches.spend('an ACK of nothing')
  core.acked(frames)
}

export function ackRequest(core: Core, body: Body): void {
  body.done()
  if (core.owesAck) core.glitches.spend('ACKREQ while an ACK is owed')
  core.owesAck = true
}
