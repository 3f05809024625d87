// The sessions that are recorded: what each side does, in order. What goes over the wire then is in transcripts/.

import { json, none, pattern, text } from './content.ts'
import { furtherScripts } from './further-scripts.ts'
import type { Script } from './world.ts'

const CANCELLED = 14
const REFUSED = 9
const GOING_AWAY = 21

/** Every script by the name of its transcript. */
export const scripts: Record<string, Script> = {
  'open-answer-trailer'(make) {
    const world = make({ codec: 'msgpack', auth: text('secret') })
    const { a, b } = world
    world.note('a opens a stream and asks for confirmation, b answers; both halves end, one with a trailer')
    const stream = a.open('file', { confirm: true, meta: json({ path: 'a.txt' }) })
    world.flow()
    b.engine.accept(b.taken(0), json({ size: 6 }))
    b.engine.write(b.taken(0), text('abc'))
    world.flow()
    b.engine.write(b.taken(0), text('def'))
    b.engine.end(b.taken(0), json('sum'))
    world.flow()
    a.engine.end(stream)
    b.engine.settle(b.taken(0))
    world.flow()
    world.note('a whole stream in one go, the other half ended by an empty FIN')
    const whole = a.open('note', { meta: json({}) })
    a.engine.write(whole, text('hi'))
    a.engine.end(whole)
    world.flow()
    b.engine.end(b.taken(1))
    b.engine.settle(b.taken(1))
    world.flow()
    return world
  },

  examples(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note('the examples of docs/PROTOCOL.md, section 10, as far as an application can bring them about')
    const file = a.open('file')
    world.flow()
    a.engine.write(file, text('abc'))
    b.engine.accept(b.taken(0), undefined)
    world.flow()
    a.engine.end(file, json(1))
    world.flow()
    const gone = a.open('gone')
    for (const name of ['2', '3', '4', '5']) a.open(name)
    world.flow()
    a.engine.reset(gone, CANCELLED, '')
    b.engine.write(b.taken(5), text('abc'))
    b.engine.end(b.taken(5))
    world.flow()
    a.call('add', Uint8Array.of(1, 2))
    world.flow()
    const slow = a.call('add', none, { deadlineAt: world.now + 250 })
    world.flow()
    b.engine.reply(b.slot(), Uint8Array.of(3))
    a.engine.cancel(slow, CANCELLED)
    world.flow()
    b.engine.replyError(b.slot(), CANCELLED, '')
    world.flow()
    return world
  },

  'examples-whole'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note('one more example of section 10: a whole stream in its OPEN')
    const file = a.open('file', { meta: json({}) })
    a.engine.write(file, text('hi'))
    a.engine.end(file)
    world.flow()
    world.note('a call given up that fails all the same, and GOAWAY')
    a.engine.cancel(a.call('add', none), CANCELLED)
    const given = a.call('add', none)
    a.open('second')
    world.flow()
    a.engine.cancel(given, CANCELLED)
    world.flow()
    b.engine.replyError(b.slot(), 10, 'no')
    b.engine.goAway(GOING_AWAY, '')
    world.flow()
    a.engine.close(0, '')
    world.flow()
    return world
  },

  'bulk-credit'(make) {
    const world = make({}, { streamWindow: 16_384, sessionWindow: 131_072 })
    const { a, b } = world
    world.flow()
    world.note('a sends 512 KiB, 20 ms a round trip, b reads at once: credit returns and the window grows')
    const stream = a.open('bulk')
    a.engine.write(stream, pattern(524_288))
    a.engine.end(stream)
    for (let round = 0; round < 40; round++) world.exchange(10)
    b.engine.end(b.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    return world
  },

  'unread-stream'(make) {
    const world = make({}, { streamWindow: 16_384 })
    const { a, b } = world
    b.reads = false
    world.flow()
    world.note('b does not read the first stream; the second is not held up; then b reads')
    a.engine.write(a.open('unread'), pattern(40_000, 1))
    world.flow()
    a.engine.write(a.open('read'), pattern(4_000, 2))
    world.flow()
    b.reads = true
    b.engine.consume(b.taken(0), 16_384, 0)
    world.flow()
    return world
  },

  messages(make) {
    const world = make({}, { streamWindow: 16_384 })
    const { a, b } = world
    world.flow()
    world.note('messages keep their ends: a short one, an empty one, one larger than the window, the last with FIN')
    const stream = a.open('events')
    a.engine.write(stream, text('one'), true)
    a.engine.write(stream, none, true)
    world.flow()
    a.engine.write(stream, pattern(20_000), true)
    world.flow()
    a.engine.write(stream, text('last'), true)
    a.engine.end(stream)
    world.flow()
    b.engine.write(b.taken(0), none, true)
    b.engine.end(b.taken(0))
    world.flow()
    return world
  },

  calls(make) {
    const world = make({}, { maxCalls: 32 })
    const { a, b } = world
    world.flow()
    world.note('names inline, then by number; a result, an error with details, a deadline, a one-way message')
    a.call('add', Uint8Array.of(1, 2))
    a.call('sub', Uint8Array.of(2, 1))
    world.flow()
    b.engine.reply(b.slot(), Uint8Array.of(3))
    b.engine.replyError(b.slot(), 20, 'no such thing', Uint8Array.of(7))
    world.flow()
    a.call('add', none, { deadlineAt: world.now + 250 })
    a.call('$message', text('ping'), { oneWay: true })
    world.flow()
    b.engine.reply(b.slot(), none)
    b.engine.reply(b.slot(), none)
    world.flow()
    world.note('b calls a at the same time as a calls b; slots and names are each direction of its own')
    b.call('add', Uint8Array.of(9))
    a.call('sub', Uint8Array.of(8))
    world.cross()
    a.engine.reply(a.slot(), Uint8Array.of(9))
    b.engine.reply(b.slot(), Uint8Array.of(8))
    world.cross()
    world.note('a call given up: cancelled, its reply frees the slot')
    const given = a.call('slow', none)
    world.flow()
    a.engine.cancel(given, CANCELLED)
    world.flow()
    b.engine.replyError(b.slot(), CANCELLED, 'given up')
    world.flow()
    world.note('a result through a stream')
    a.call('large', none)
    world.flow()
    const result = b.open('$reply', { part: true })
    b.engine.replyVia(b.slot(), result)
    b.engine.write(result, text('a long result'))
    b.engine.end(result)
    world.flow()
    a.engine.end(a.taken(0))
    a.engine.settle(a.taken(0))
    world.flow()
    world.note('34 calls for 32 slots')
    for (let at = 0; at < 34; at++) a.call('add', Uint8Array.of(at))
    world.flow()
    for (let at = 0; at < 32; at++) b.engine.reply(b.slot(), Uint8Array.of(at))
    world.flow()
    b.engine.reply(b.slot(), none)
    b.engine.reply(b.slot(), none)
    world.flow()
    return world
  },

  'reset-stop-crossing'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note('resets of both sides cross')
    const first = a.open('first')
    world.flow()
    a.engine.reset(first, CANCELLED, 'not needed')
    b.engine.reset(b.taken(0), 70, 'broken')
    world.cross()
    world.note('b asks a to stop while a is sending; a answers with a reset; b goes on')
    const second = a.open('second')
    world.flow()
    a.engine.write(second, pattern(1_000))
    b.engine.stop(b.taken(1), 71, 'enough')
    world.cross()
    b.engine.write(b.taken(1), text('thanks'))
    b.engine.end(b.taken(1))
    world.flow()
    world.note('a stop that crosses the end')
    const third = a.open('third')
    world.flow()
    a.engine.end(third)
    b.engine.stop(b.taken(2), CANCELLED, '')
    world.cross()
    b.engine.end(b.taken(2))
    world.flow()
    world.note('a reset that crosses bytes, and a stream given up before it was opened')
    const fourth = a.open('fourth')
    world.flow()
    b.engine.write(b.taken(3), text('on its way'))
    a.engine.reset(fourth, CANCELLED, '')
    world.cross()
    a.engine.reset(a.open('never'), CANCELLED, '')
    a.open('fifth')
    world.flow()
    for (const stream of b.streams) b.engine.settle(stream)
    world.flow()
    return world
  },

  'goaway-close'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    const open = a.open('open')
    a.call('slow', none)
    world.flow()
    world.note('b takes no new work; what crosses is refused, what is open ends in peace; a closes')
    b.engine.goAway(GOING_AWAY, 'restarting')
    a.open('late')
    a.call('late', none)
    world.cross()
    a.open('too late')
    world.flow()
    world.note('what belongs to the work under way is taken all the same')
    a.open('p', { part: true })
    a.call('p', none, { part: true })
    world.flow()
    b.engine.end(b.taken(2))
    b.engine.settle(b.taken(2))
    b.engine.reply(b.slots.pop() as number, none)
    world.flow()
    b.engine.reply(b.slot(), text('done'))
    a.engine.end(open)
    b.engine.end(b.taken(0))
    b.engine.settle(b.taken(0))
    world.flow()
    a.engine.close(0, '')
    world.flow()
    return world
  },

  'refused-opens'(make) {
    const world = make({}, { maxMeta: 1_024 })
    const { a, b } = world
    world.note('opens within the floors, then two refused by the application, one of them whole in one frame')
    a.open('nobody')
    world.flow()
    b.engine.reset(b.taken(0), REFUSED, 'no handler for "nobody"')
    world.flow()
    const whole = a.open('nobody', { meta: json(null) })
    a.engine.write(whole, text('x'))
    a.engine.end(whole)
    world.flow()
    b.engine.reset(b.taken(1), REFUSED, 'no handler for "nobody"')
    world.flow()
    for (const stream of b.streams) b.engine.settle(stream)
    world.flow()
    return world
  },

  'open-limit'(make) {
    const world = make({}, { maxStreams: 32 })
    const { a, b } = world
    world.note('34 streams for 32 places, most of them before HELLO; two wait until others are finished and settled')
    for (let at = 0; at < 34; at++) a.engine.end(a.open(`s${at}`))
    world.flow()
    b.engine.end(b.taken(3))
    b.engine.settle(b.taken(3))
    world.flow()
    b.engine.settle(b.taken(9))
    b.engine.end(b.taken(9))
    world.flow()
    return world
  },

  'pings-acks'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    world.note('both sides ping; what was sent is acknowledged when asked for')
    a.engine.ping()
    b.engine.ping()
    world.cross()
    a.engine.write(a.open('data'), pattern(100_000))
    for (let round = 0; round < 6; round++) world.exchange(25)
    a.engine.ping()
    world.advance(5_000)
    return world
  },

  urgencies(make) {
    const world = make({}, { streamWindow: 262_144 })
    const { a } = world
    world.flow()
    world.note('three streams at once: two ordinary ones share, the urgent one goes first; a call goes before all')
    a.engine.write(a.open('ordinary 1'), pattern(200_000, 1))
    a.engine.write(a.open('ordinary 2'), pattern(200_000, 2))
    a.engine.write(a.open('urgent', { urgency: 0 }), pattern(20_000, 3))
    a.call('now', none)
    for (let round = 0; round < 10; round++) world.exchange(5)
    return world
  },

  'closed-with-a-code'(make) {
    const world = make()
    const { a, b } = world
    world.flow()
    a.open('open')
    world.flow()
    world.note('b closes with a code while a is sending')
    a.engine.write(a.open('crossing'), text('bytes'))
    b.engine.close(10, 'out of memory')
    world.cross()
    return world
  },

  ...furtherScripts,
}
