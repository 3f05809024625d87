import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NameDecoder, NameEncoder } from './names.ts'
import { decodeText, encodeText } from './wire.ts'

/** Few, so that the same comes again; and what no text can be, or only by changing it. */
const texts = fc.constantFrom('', 'a', 'b', 'ab', 'é', '\u{1F600}', '\ud800', '\ufeffa')
const bytes = fc.oneof(texts.map(encodeText), fc.uint8Array({ maxLength: 3 }))

test('names become bytes as if each were the first', () => {
  fc.assert(
    fc.property(fc.array(texts), (names) => {
      const encoder = new NameEncoder()
      for (const name of names) assert.deepEqual(encoder.encode(name), encodeText(name))
    }),
  )
})

test('bytes become names as if each were the first, valid or not', () => {
  fc.assert(
    fc.property(fc.array(bytes), (names) => {
      const decoder = new NameDecoder()
      for (const name of names) assert.equal(decoder.decode(name), decodeText(name))
    }),
  )
})

test('a name that comes again is the same text, and does not depend on the buffer it came in', () => {
  const decoder = new NameDecoder()
  const buffer = encodeText('one')
  assert.equal(decoder.decode(buffer), 'one')
  buffer.set(encodeText('two'))
  assert.equal(decoder.decode(buffer), 'two')
  assert.equal(decoder.decode(encodeText('one')), 'one')
})

test('the bytes of a name that is used again are made once', () => {
  const encoder = new NameEncoder()
  assert.equal(encoder.encode('one'), encoder.encode('one'))
})
