// More sessions that are recorded: other ways to begin, larger things, and frames no native engine sends of itself.

import type { RawMeta } from '#dist/engine/contract.js'
import { json, none, pattern, text } from './content.ts'
import type { Script } from './world.ts'

const CANCELLED = 14

export const furtherScripts: Record<string, Script> = {
  'before-hello'(make) {
    const world = make({}, { auth: text('badge'), codec: 'json', maxCalls: 64, streamWindow: 32_768 })
    const { a, b } = world
    world.note(
      'a says what it may before it has heard anything: 16 KiB of 20,000 bytes, 32 of 34 calls; HELLO lets out the rest',
    )
    const stream = a.open('early', { meta: json({ early: true }) })
    a.engine.write(stream, pattern(20_000))
    a.engine.end(stream)
    for (let at = 0; at < 34; at++) a.call('echo', Uint8Array.of(at))
    world.flow()
    for (let at = 0; at < 34; at++) b.engine.reply(b.slot(), Uint8Array.of(at))
    b.engine.end(b.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },

  authorised(make) {
    const world = make({ auth: text('secret'), codec: 'msgpack' }, {}, { gate: true })
    const { a, b } = world
    world.note('b holds what follows the HELLO of a until it has made up its mind')
    const stream = a.open('waits', { confirm: true })
    a.engine.write(stream, text('patience'))
    a.call('waits too', text('?'))
    world.flow()
    world.note('b admits a')
    b.engine.admit(world.now)
    world.flow()
    b.engine.accept(b.taken(0), undefined)
    b.engine.reply(b.slot(), text('!'))
    b.engine.end(b.taken(0))
    a.engine.end(stream)
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },

  symmetric(make) {
    const world = make({ codec: 'json' }, { codec: 'msgpack' }, { symmetric: true })
    const { a, b } = world
    world.note('both speak first; each opens, calls and ends at the same time')
    const mine = a.open('to b')
    const theirs = b.open('to a', { urgency: 7 })
    a.engine.write(mine, text('from a'), true)
    b.engine.write(theirs, text('from b'), true)
    a.call('ask b', none)
    b.call('ask a', none)
    world.cross()
    a.engine.reply(a.slot(), text('a'))
    b.engine.reply(b.slot(), text('b'))
    a.engine.end(mine, json('done'))
    b.engine.end(theirs, json('done'))
    a.engine.end(a.taken(0))
    b.engine.end(b.taken(0))
    world.cross()
    a.engine.settle(a.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },

  metadata(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note('metadata of every kind in OPEN, answer and trailer; a whole stream that asks for confirmation')
    const bytes: RawMeta = { json: false, bytes: Uint8Array.of(0, 255) }
    const whole = a.open('bytes', { meta: bytes, confirm: true })
    a.engine.write(whole, text('all'), true)
    a.engine.end(whole)
    world.flow()
    b.engine.accept(b.taken(0), bytes)
    b.engine.end(b.taken(0), bytes)
    world.flow()
    const plain = a.open('json', { meta: json([1, 'two', null]) })
    world.flow()
    b.engine.accept(b.taken(1), json({ 'ein Umlaut': 'ä' }))
    b.engine.end(b.taken(1), json(0))
    a.engine.end(plain, { json: false, bytes: none })
    world.flow()
    for (const stream of b.streams) b.engine.settle(stream)
    world.flow()
    return world
  },

  'large-calls'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note(
      'arguments by a stream $call, the result by the same; an answer that is a stream itself; a failure by RESET',
    )
    const asked = a.open('$call', { meta: json({ method: 'sum', deadline: 5_000 }) })
    a.engine.write(asked, pattern(3_000))
    a.engine.end(asked)
    world.flow()
    b.engine.write(b.taken(0), text('the sum'))
    b.engine.end(b.taken(0))
    const other = a.open('$call', { meta: json({ method: 'watch' }) })
    a.engine.end(other)
    world.flow()
    const answer = b.open('$reply', { meta: json({ answer: 'items', call: 1 }) })
    b.engine.write(answer, text('one'), true)
    b.engine.write(answer, text('two'), true)
    world.flow()
    a.engine.write(a.taken(0), Uint8Array.of(0, 0, 0, 128))
    a.engine.end(a.taken(0))
    b.engine.end(answer)
    b.engine.end(b.taken(1))
    world.flow()
    a.call('late', none, { deadlineAt: world.now + 40, oneWay: true })
    const failing = a.open('$call', { meta: json({ method: 'fail' }) })
    a.engine.end(failing)
    world.flow()
    b.engine.reply(b.slot(), none)
    b.engine.reset(b.taken(2), 20, 'no such method')
    a.engine.settle(a.taken(0))
    for (const stream of b.streams) b.engine.settle(stream)
    world.flow()
    return world
  },

  'by-hand'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note(
      'what a native engine sends of itself never, and takes from others: ACKREQ, extensions, a PING of eight bytes',
    )
    const stream = a.open('bytes')
    a.engine.write(stream, text('abc'))
    world.flow()
    world.byHand(a, { type: 'ACKREQ', flags: [], fields: {} })
    world.byHand(a, { type: 'EXTENSION', flags: [], fields: { number: 24, flags: 0, bytes: '' } })
    world.byHand(b, { type: 'EXTENSION', flags: [], fields: { number: 31, flags: 7, bytes: '48020061' } })
    world.byHand(b, { type: 'PING', flags: [], fields: { bytes: '0102030405060708' } })
    world.note('credit that is not needed, a LIMIT that does not rise, an ACK of nothing')
    world.byHand(b, { type: 'SCREDIT', flags: [], fields: { bytes: 2_048 } })
    world.byHand(b, { type: 'CREDIT', flags: [], fields: { id: 1, bytes: 2_048 } })
    world.byHand(b, { type: 'LIMIT', flags: [], fields: { kind: 0, count: 3 } })
    world.byHand(b, { type: 'ACK', flags: [], fields: { count: 0 } })
    world.byHand(b, { type: 'CANCEL', flags: [], fields: { slot: 3, code: CANCELLED } })
    a.engine.end(stream)
    b.engine.end(b.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },
}
