import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUTH_BYTES_MAX, bounds, type NumericOption, parseOptions } from './options.ts'

const names = Object.keys(bounds) as NumericOption[]
const invalid = { code: 'BRAID_INVALID_INPUT' }

test('options left out have their defaults', () => {
  const settings = parseOptions()
  for (const name of names) assert.equal(settings[name], bounds[name].default)
  assert.equal(settings.auth.length, 0)
  assert.equal(settings.codec, '')
  assert.deepEqual(parseOptions({ auth: undefined, codec: undefined }), settings)
})

test('each default lies within its bounds', () => {
  for (const name of names) {
    const { default: byDefault, min, max } = bounds[name]
    assert.ok(min <= byDefault && byDefault <= max, name)
  }
})

test('each number is taken at its bounds and refused beyond, by name', () => {
  for (const name of names) {
    const { min, max } = bounds[name]
    for (const value of [min, max]) assert.equal(parseOptions({ [name]: value })[name], value)
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN]) {
      assert.throws(() => parseOptions({ [name]: value }), { ...invalid, message: new RegExp(`option ${name} `) })
    }
  }
})

test('metadata must fit a frame beside the first bytes of its stream', () => {
  assert.equal(parseOptions({ maxFrame: 16_384, maxMeta: 12_288 }).maxMeta, 12_288)
  assert.throws(() => parseOptions({ maxFrame: 16_384, maxMeta: 12_289 }), { ...invalid, message: /at most 12288/ })
})

test('auth is at most 4 KiB', () => {
  parseOptions({ auth: new Uint8Array(AUTH_BYTES_MAX) })
  assert.throws(() => parseOptions({ auth: new Uint8Array(AUTH_BYTES_MAX + 1) }), invalid)
})

test('a codec name is at most 128 bytes, not characters', () => {
  parseOptions({ codec: 'x'.repeat(128) })
  assert.throws(() => parseOptions({ codec: 'x'.repeat(129) }), invalid)
  assert.throws(() => parseOptions({ codec: 'ü'.repeat(65) }), invalid)
})
