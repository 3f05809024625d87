// The rules of docs/PROTOCOL.md for each frame: what its sender must keep to, and what whoever gets it knows from then on.

import { describe, Fields, type Frame, Type, varintLength } from './wire.ts'
import { type Declared, floors, type WireHalf, type WireSide } from './wire-side.ts'

const helloKeys: Record<number, keyof Declared> = {
  1: 'maxFrame',
  2: 'streamWindow',
  3: 'sessionWindow',
  4: 'streams',
  5: 'calls',
  6: 'maxMeta',
}

export type Rule = (holds: boolean, text: string) => void
type Judge = (side: WireSide, frame: Frame, fields: Fields, rule: Rule, other: WireSide) => void

function token(side: WireSide, frame: Frame, why: string): void {
  side.tokens++
  side.lastToken = `${describe(frame)}: ${why}`
}

function spend(side: WireSide, half: WireHalf, bytes: number, rule: Rule): void {
  rule(bytes <= side.streamCredit(half), `${bytes} on ${side.streamCredit(half)} of stream credit`)
  rule(bytes <= side.sessionCredit, `${bytes} on ${side.sessionCredit} of session credit`)
  half.spent += bytes
  side.sessionSpent += bytes
}

function known(side: WireSide, other: WireSide, id: number, rule: Rule): void {
  const opened = id % 2 === 0 ? side.opened : other.opened
  rule(Math.floor(id / 2) < opened, `id ${id} was never opened`)
}

/** What a sender must keep to, by frame. */
export const judges: Record<number, Judge> = {
  [Type.HELLO]: (side, _frame, fields) => {
    side.helloSent = true
    side.own = declared(fields)
    side.limitSent = side.own.streams
  },
  [Type.PING]: (side, frame) => side.pings.push(Buffer.from(frame.body).toString('hex')),
  [Type.PONG]: (side, frame, _fields, rule) => {
    const at = side.pingsSeen.indexOf(Buffer.from(frame.body).toString('hex'))
    rule(at >= 0, 'answers no PING')
    side.pingsSeen.splice(0, at + 1)
  },
  [Type.ACK]: (side, frame, fields, rule) => {
    const count = fields.varint()
    rule(side.ackOwed, 'nobody asked')
    side.ackOwed = false
    side.acked += count
    rule(side.acked <= side.sequencedSeen, `${side.acked} acknowledged of ${side.sequencedSeen} received`)
    if (count === 0) token(side, frame, 'acknowledges nothing')
  },
  [Type.OPEN]: (side, frame, fields, rule) => {
    const id = fields.varint()
    rule(id === side.opened * 2, `number ${id / 2}, the next is ${side.opened}`)
    const limit = Math.max(side.peer.streams, side.streamLimit)
    rule(side.opened < limit, `number ${side.opened} with a limit of ${limit}`)
    side.opened++
    rule(fields.byte() < 8, 'priority byte')
    rule(fields.bytes(fields.varint()).length <= 128, 'name too long')
    const bytes = fields.byte() === 0 ? 0 : fields.bytes(fields.varint()).length
    rule(bytes <= side.peer.maxMeta, `${bytes} bytes of metadata, ${side.peer.maxMeta} allowed`)
    const half = side.half(id)
    half.payload += fields.left
    spend(side, half, fields.left, rule)
    half.final = (frame.flags & 1) !== 0
  },
  [Type.DATA]: (side, frame, fields, rule, other) => {
    const id = fields.varint()
    known(side, other, id, rule)
    const payload = frame.length - varintLength(frame.body[0] as number)
    const half = side.half(id)
    rule(!half.final, 'on a half that is final')
    rule(payload > 0 || (frame.flags & 3) !== 0, 'says nothing')
    rule(payload <= side.peer.maxFrame, `${payload} bytes, ${side.peer.maxFrame} allowed`)
    spend(side, half, payload + ((frame.flags & 2) >> 1), rule)
    half.payload += payload
    half.final = (frame.flags & 1) !== 0
  },
  [Type.RESET]: (side, frame, fields, rule, other) => {
    const id = fields.varint()
    known(side, other, id, rule)
    rule((frame.flags & 3) !== 0, 'no half')
    fields.varint()
    rule(fields.left <= 256, 'reason too long')
    const half = side.half(id)
    if ((frame.flags & 1) !== 0) {
      if (half.final) token(side, frame, 'a half reset that is final')
      half.final = true
    }
    if ((frame.flags & 2) === 0) return
    rule(!other.half(id ^ 1).stopped, 'stopped twice')
    other.half(id ^ 1).stopped = true
  },
  [Type.CREDIT]: (side, frame, fields, rule, other) => {
    const id = fields.varint()
    known(side, other, id, rule)
    const bytes = fields.varint()
    rule(bytes > 0, 'of nothing')
    other.half(id ^ 1).given += bytes
    if (bytes < 1024) token(side, frame, `grants ${bytes}`)
  },
  [Type.SCREDIT]: (side, frame, fields, rule) => {
    const bytes = fields.varint()
    rule(bytes > 0, 'of nothing')
    side.sessionGiven += bytes
    side.sessionGrants++
    if (bytes < 1024) token(side, frame, `grants ${bytes}`)
  },
  [Type.ASK]: (side, frame, fields, rule, other) => {
    const id = fields.varint()
    known(side, other, id, rule)
    const half = side.half(id)
    rule(!half.final, 'on a half that is final')
    const wanted = fields.varint()
    if (wanted < half.asked * 1.25) token(side, frame, `asks for hardly more than ${half.asked}`)
    half.asked = wanted
  },
  [Type.LIMIT]: (side, frame, fields, rule) => {
    rule(fields.byte() === 0, 'of an unknown kind')
    const count = fields.varint()
    if (count <= side.limitSent) token(side, frame, `not above ${side.limitSent}`)
    side.limitSent = count
  },
  [Type.META]: (side, frame, fields, rule, other) => {
    const id = fields.varint()
    known(side, other, id, rule)
    const half = side.half(id)
    rule(!half.final, 'on a half that is final')
    const bytes = fields.byte() === 0 ? 0 : fields.bytes(fields.varint()).length
    rule(bytes <= side.peer.maxMeta, `${bytes} bytes of metadata, ${side.peer.maxMeta} allowed`)
    if ((frame.flags & 1) !== 0) half.final = true
    else {
      rule(id % 2 === 1 && !half.answered, 'a second answer, or to a stream of its own')
      half.answered = true
    }
  },
  [Type.CALL]: (side, _frame, fields, rule) => {
    const slot = fields.varint()
    rule(slot < side.peer.calls, `slot ${slot} of ${side.peer.calls}`)
    rule(!side.slots.has(slot), `slot ${slot} is busy`)
    side.slots.add(slot)
  },
  [Type.REPLY]: (side, frame, fields, rule) => {
    const slot = fields.varint()
    rule(side.busy.has(slot), `slot ${slot} is free`)
    side.busy.delete(slot)
    if ((frame.flags & 2) === 0) return
    const id = fields.varint()
    rule(id % 2 === 0 && id / 2 < side.opened, `via ${id}, which is not its own`)
  },
  [Type.CANCEL]: (side, frame, fields) => {
    if (!side.slots.has(fields.varint())) token(side, frame, 'for a free slot')
  },
  [Type.GOAWAY]: (side, _frame, fields, rule) => {
    const count = fields.varint()
    rule(count <= side.awayCount, `count rises from ${side.awayCount}`)
    side.awayCount = count
  },
  [Type.CLOSE]: (side) => {
    side.closed = true
  },
  [Type.ACKREQ]: () => undefined,
}

/** What a side knows once a frame has reached it. */
export const learners: Record<number, (side: WireSide, frame: Frame, fields: Fields) => void> = {
  [Type.HELLO]: (side, _frame, fields) => {
    side.peer = declared(fields)
  },
  [Type.PING]: (side, frame) => side.pingsSeen.push(Buffer.from(frame.body).toString('hex')),
  [Type.DATA]: (side, frame) => {
    if ((frame.flags & 4) !== 0) side.ackOwed = true
  },
  [Type.ACKREQ]: (side) => {
    side.ackOwed = true
  },
  [Type.CREDIT]: (side, _frame, fields) => {
    side.half(fields.varint() ^ 1).granted += fields.varint()
  },
  [Type.SCREDIT]: (side, _frame, fields) => {
    side.sessionGranted += fields.varint()
  },
  [Type.LIMIT]: (side, _frame, fields) => {
    fields.byte()
    side.streamLimit = Math.max(side.streamLimit, fields.varint())
  },
  [Type.CALL]: (side, _frame, fields) => side.busy.add(fields.varint()),
  [Type.REPLY]: (side, _frame, fields) => side.slots.delete(fields.varint()),
}

function declared(fields: Fields): Declared {
  const found = { ...floors }
  while (fields.left > 0) {
    const name = helloKeys[fields.varint()]
    const value = fields.bytes(fields.varint())
    if (name !== undefined) found[name] = new Fields(value).varint()
  }
  return found
}
