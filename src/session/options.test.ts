// Options have defaults and bounds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bounds } from '../engine/options.ts'
import { parseSessionOptions, sessionBounds } from './options.ts'

test('options not given have their defaults', () => {
  const settings = parseSessionOptions()
  assert.equal(settings.handlerWaitMs, sessionBounds.handlerWaitMs.default)
  assert.equal(settings.engine.maxFrame, bounds.maxFrame.default)
  assert.equal(settings.exposeErrors, false)
  assert.equal(settings.authorize, undefined)
})

test('options out of their bounds are refused by name', () => {
  for (const name of ['handlerWaitMs', 'maxMessage', 'maxAssembled', 'authorizeTimeoutMs'] as const) {
    for (const value of [-1, 1.5, Number.NaN, 2 ** 31]) {
      const expected = { code: 'BRAID_INVALID_INPUT', message: new RegExp(name) }
      assert.throws(() => parseSessionOptions({ [name]: value }), expected)
    }
  }
  assert.throws(() => parseSessionOptions({ maxFrame: 1 }), { code: 'BRAID_INVALID_INPUT', message: /maxFrame/ })
})
