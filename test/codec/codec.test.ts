// The second codec against the tables of docs/PROTOCOL.md: a change of either alone fails here.

import assert from 'node:assert/strict'
import test from 'node:test'
import { codes } from '#dist/engine/errors.js'
import { describeFrame } from './describe.ts'
import { decodeFrames, encodeFrame, PREFACE } from './frames.ts'
import { helloKeys, readHello } from './hello.ts'
import { concat, fromHex, toHex } from './hex.ts'
import { EXTENSION_MIN, type Frame, layouts, reservedTypes } from './layout.ts'
import { codeTable, rows, section, spans } from './tables.ts'
import { CodecError, decodeVarint, encodeVarint } from './varint.ts'

const number = (text: string | undefined) => Number((text ?? '').replaceAll(',', ''))

test('varints of section 1 have the bytes of its table, both ways', () => {
  const table = rows('1')
  assert.ok(table.length >= 7)
  for (const [value, cell] of table) {
    const bytes = fromHex(spans(cell ?? '')[0] ?? '')
    assert.equal(toHex(encodeVarint(number(value))), toHex(bytes))
    assert.equal(decodeVarint(bytes, 0, bytes.length, false).value, number(value))
  }
})

test('a varint is read in every form that holds its value', () => {
  for (const size of [1, 2, 4, 8]) {
    const bytes = Uint8Array.from(encodeVarint(37, size))
    assert.deepEqual(decodeVarint(bytes, 0, size, false), { value: 37, next: size })
  }
})

test('a varint above 2^53-1, cut short, or of 8 bytes in a narrow field is refused', () => {
  const wide = fromHex('c0 20 00 00 00 00 00 00')
  assert.throws(() => decodeVarint(wide, 0, 8, false), CodecError)
  assert.throws(() => decodeVarint(wide, 0, 7, false), CodecError)
  assert.throws(() => decodeVarint(fromHex('c0 00 00 00 00 00 00 01'), 0, 8, true), CodecError)
  assert.equal(decodeVarint(fromHex('c0 1f ff ff ff ff ff ff'), 0, 8, false).value, Number.MAX_SAFE_INTEGER)
})

test('the preface is that of section 2', () => {
  assert.equal(toHex(PREFACE), toHex(fromHex(spans(section('2'))[0] ?? '')))
})

test('frame types, flags and sequencing are those of the table of section 3', () => {
  const seen = new Set<string>()
  for (const [numbers = '', name = '', flags = '', body = ''] of rows('3')) {
    const [first, last] = numbers.replace('*', '').trim().split('-').map(Number)
    if (body.includes('UNKNOWN_FRAME')) {
      for (let type = first ?? 0; type <= (last ?? first ?? 0); type++)
        assert.ok(reservedTypes.includes(type), `${type}`)
    } else if (name === 'extensions') {
      assert.equal(first, EXTENSION_MIN)
    } else {
      const layout = layouts[name]
      assert.ok(layout, name)
      assert.equal(layout.number, first, name)
      assert.equal(layout.sequenced, numbers.includes('*'), name)
      assert.deepEqual(layout.flags, flags === '' ? [] : flags.split(', '), name)
      seen.add(name)
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(layouts).sort())
})

test('HELLO keys, floors and defaults are those of the table of section 4', () => {
  const table = new Map(rows('4').map((row) => [number(row[0]), row]))
  for (const { key, floor, byDefault, narrow, name } of helloKeys) {
    const [, form = '', meaning = '', floorCell, defaultCell] = table.get(key) ?? []
    assert.equal(form, narrow ? '`v30`' : '`v`', name)
    assert.ok(meaning.startsWith(name === 'FEATURES' ? 'features' : name), name)
    assert.equal(number(floorCell), floor, name)
    assert.equal(number(defaultCell), byDefault, name)
  }
  assert.deepEqual([...table.keys()], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('codes of section 9 are the numbers of the error table, and no others', () => {
  const numbered = Object.entries(codes).flatMap(([name, entry]) => ('number' in entry ? [[entry.number, name]] : []))
  assert.deepEqual(Object.fromEntries(codeTable()), Object.fromEntries(numbered))
})

// The frames of the examples of section 10, by the words of the table. A row without an entry here fails, and so does an entry without a row.
const examples: Record<string, Frame[]> = {
  'preface of version 1': [],
  'HELLO with versions 1-1, STREAM_WINDOW 65,536, one grease entry (key 70, no value)': [
    frame('HELLO', [], { entries: '0=0101 2=80010000 70=' }),
  ],
  'OPEN of my stream 0, urgency 3, name `file`, no meta, no first bytes': [
    frame('OPEN', [], { id: 0, priority: 3, name: 'file', meta: 'none', bytes: '' }),
  ],
  'the same with meta JSON `{}` and first bytes `hi`, FIN': [
    frame('OPEN', ['FIN'], { id: 0, priority: 3, name: 'file', meta: 'json {}', bytes: '6869' }),
  ],
  'DATA `abc` on my stream 0': [frame('DATA', [], { id: 0, bytes: '616263' })],
  "DATA `abc` with FIN on the peer's stream 5": [frame('DATA', ['FIN'], { id: 11, bytes: '616263' })],
  'RESET both halves of my stream 1, CANCELLED, no reason': [
    frame('RESET', ['SEND', 'RECV'], { id: 2, code: 14, reason: '' }),
  ],
  "CREDIT of 65,536 on the peer's stream 0": [frame('CREDIT', [], { id: 1, bytes: 65_536 })],
  'SCREDIT of 65,536': [frame('SCREDIT', [], { bytes: 65_536 })],
  'ASK for 786,432 on my stream 0': [frame('ASK', [], { id: 0, bytes: 786_432 })],
  'LIMIT of 300 streams': [frame('LIMIT', [], { kind: 0, count: 300 })],
  "META: empty answer on the peer's stream 0": [frame('META', [], { id: 1, meta: 'none' })],
  'META: trailer JSON `1` on my stream 0': [frame('META', ['TRAILER'], { id: 0, meta: 'json 1' })],
  'CALL in slot 0 of `add`, arguments `01 02`': [frame('CALL', [], { slot: 0, method: 0, name: 'add', bytes: '0102' })],
  'CALL in slot 1 of name number 1, 250 ms left, no arguments': [
    frame('CALL', ['DEADLINE'], { slot: 1, method: 1, ms: 250, bytes: '' }),
  ],
  'REPLY to slot 0, result `03`': [frame('REPLY', [], { slot: 0, bytes: '03' })],
  'REPLY to slot 0, INTERNAL, reason `no`': [frame('REPLY', ['ERROR'], { slot: 0, code: 10, reason: 'no', bytes: '' })],
  'CANCEL slot 0, CANCELLED': [frame('CANCEL', [], { slot: 0, code: 14 })],
  'OPEN of my stream 2, urgency 3, name `p`, PART; CALL in slot 1 of `p`, PART': [
    frame('OPEN', ['PART'], { id: 4, priority: 3, name: 'p', meta: 'none', bytes: '' }),
    frame('CALL', ['PART'], { slot: 1, method: 0, name: 'p', bytes: '' }),
  ],
  'GOAWAY after 2 streams, GOING_AWAY': [frame('GOAWAY', [], { count: 2, code: 21, reason: '' })],
  'CLOSE, clean': [frame('CLOSE', [], { code: 0, reason: '' })],
  'PING with one byte, PONG': [frame('PING', [], { bytes: '07' }), frame('PONG', [], { bytes: '07' })],
  'ACK of 3 frames, ACKREQ': [frame('ACK', [], { count: 3 }), frame('ACKREQ', [], {})],
  'RESUME_NO, SESSION_LOST, no reason': [frame('RESUME_NO', [], { code: 24, reason: '' })],
}

function frame(type: string, flags: string[], fields: Frame['fields']): Frame {
  return { type, flags, fields }
}

test('examples of section 10 are read and written byte for byte', () => {
  const table = rows('10')
  assert.deepEqual(table.map(([what]) => what).sort(), Object.keys(examples).sort())
  for (const [what = '', cell = ''] of table) {
    const bytes = concat(spans(cell).map(fromHex))
    const frames = examples[what] ?? []
    if (what.startsWith('preface')) {
      assert.equal(toHex(bytes), toHex(PREFACE))
      continue
    }
    assert.deepEqual(decodeFrames(bytes), frames, what)
    assert.equal(toHex(concat(frames.map(encodeFrame))), toHex(bytes), what)
  }
})

test('a HELLO is read with its missing keys at their floors', () => {
  const hello = readHello(frame('HELLO', [], { entries: '2=80010000 9=6a736f6e 70=' }))
  assert.deepEqual(hello.versions, [1, 1])
  assert.equal(hello.numbers.STREAM_WINDOW, 65_536)
  assert.equal(hello.numbers.MAX_FRAME, 16_384)
  assert.equal(hello.codec, 'json')
  assert.deepEqual(hello.unknown, [70])
  assert.throws(() => readHello(frame('HELLO', [], { entries: '4=1f' })), CodecError)
  assert.throws(() => readHello(frame('HELLO', [], { entries: '4=20 4=20' })), CodecError)
})

test('frames of the wrong shape are refused with the code the text names', () => {
  const refused = (hex: string, code: string) =>
    assert.throws(
      () => decodeFrames(fromHex(hex)),
      (error) => error instanceof CodecError && error.code === code,
      hex,
    )
  refused('38 00', 'UNKNOWN_FRAME')
  refused('10 01 07', 'FRAME_SIZE')
  refused('54 00', 'UNKNOWN_FRAME')
  refused('58 01 00', 'FRAME_SIZE')
  refused('60 03 40 01 00', 'FRAME_SIZE')
  refused('78 02 01 03', 'PROTOCOL')
  refused('20 c0 00 00 00 00 00 00 00', 'FRAME_SIZE')
})

test('a frame is described in one line', () => {
  assert.equal(describeFrame(frame('DATA', ['FIN'], { id: 0, bytes: '616263' })), 'DATA+FIN id=0 bytes=616263')
  assert.equal(
    describeFrame(frame('RESET', ['SEND'], { id: 1, code: 9, reason: 'no "x"' })),
    'RESET+SEND id=1 code=9 reason="no \\"x\\""',
  )
})
