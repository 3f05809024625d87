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

test('defaults and bounds are those that the papers name', () => {
  const [KiB, MiB, most] = [1024, 2 ** 20, 2 ** 30 - 1]
  assert.deepEqual(
    Object.fromEntries(names.map((name) => [name, [bounds[name].default, bounds[name].min, bounds[name].max]])),
    {
      maxFrame: [64 * KiB, 16 * KiB, MiB],
      streamWindow: [64 * KiB, 16 * KiB, most],
      streamWindowMax: [16 * MiB, 16 * KiB, most],
      growthPool: [16 * MiB, 0, most],
      sessionWindow: [32 * MiB, 64 * KiB, most],
      maxStreams: [256, 32, 16_777_216],
      maxCalls: [256, 32, 65_536],
      maxMeta: [8 * KiB, KiB, 60 * KiB],
      writeBuffer: [128 * KiB, KiB, most],
      earlyBytes: [64 * KiB, KiB, MiB],
      replayBytes: [16 * MiB, MiB, most],
      helloTimeoutMs: [10_000, 1, 600_000],
      idleTimeoutMs: [45_000, 100, 86_400_000],
    },
  )
})
