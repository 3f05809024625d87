// What stands in a log, at which level, and what never does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BraidError } from '../engine/errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { RpcError } from './failure.ts'
import { type Log, logCalls, logFailure } from './log.ts'
import type { MethodCall } from './middleware.ts'

function recorder(): { log: Log; lines: [level: string, text: string][] } {
  const lines: [string, string][] = []
  const level = (name: string) => (text: string) => void lines.push([name, text])
  return { log: { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }, lines }
}

function callOf(side: 'client' | 'server' = 'client', method = 'files.read'): MethodCall {
  const rest = { signal: undefined, remaining: () => undefined, context: {}, idempotent: false }
  return { side, method, args: ['secret'], metadata: { token: 'secret' }, ...rest }
}

test('calls are written with their time and the code of their failure, and with nothing else', async () => {
  const { log, lines } = recorder()
  const clock = new ManualClock()
  const middleware = logCalls(log, { clock, slowMs: 100 })
  const taking = (ms: number, error?: unknown) => async () => {
    clock.advance(ms)
    if (error !== undefined) throw error
    return 'secret'
  }
  assert.equal(await middleware(callOf(), taking(12.4)), 'secret')
  await middleware(callOf('server'), taking(101))
  for (const error of [new BraidError('DENIED', 'secret'), new TypeError('secret'), 'secret']) {
    await assert.rejects(
      async () => await middleware(callOf(), taking(3, error)),
      (thrown) => thrown === error,
    )
  }
  await assert.rejects(async () => await middleware(callOf(), taking(300, new BraidError('NOT_FOUND', 'secret'))))
  assert.deepEqual(lines, [
    ['debug', 'called "files.read" in 12 ms'],
    ['warn', 'answered "files.read" in 101 ms'],
    ['info', 'called "files.read" in 3 ms: BRAID_DENIED'],
    ['info', 'called "files.read" in 3 ms: TypeError'],
    ['info', 'called "files.read" in 3 ms: string'],
    ['warn', 'called "files.read" in 300 ms: BRAID_NOT_FOUND'],
  ])
})

test('a call with items is over when they are', async () => {
  const { log, lines } = recorder()
  const clock = new ManualClock()
  const items = (await logCalls(log, { clock })(callOf(), async () =>
    (async function* () {
      clock.advance(5)
      yield 1
      clock.advance(5)
    })(),
  )) as AsyncIterable<number>
  assert.deepEqual(lines, [])
  for await (const item of items) assert.equal(item, 1)
  assert.deepEqual(lines, [['debug', 'called "files.read" in 10 ms']])
})

test('no log and a broken log change nothing', async () => {
  const answer = Promise.resolve(5)
  assert.equal(
    logCalls(false)(callOf(), () => answer),
    answer,
  )
  const fails = (): never => {
    throw new Error('disk full')
  }
  const broken: Log = { debug: fails, info: fails, warn: fails, error: fails }
  assert.equal(await logCalls(broken)(callOf(), () => answer), 5)
  assert.equal(logFailure(broken, new Error('x'), 'read').length, 8)
  assert.equal(logFailure(false, new Error('x'), 'read'), '')
  assert.equal(logFailure(undefined, new Error('x'), 'read'), '')
  assert.throws(() => logCalls(broken, { slowMs: Number.NaN }), RangeError)
})

test('a failure is written with its causes and an id that is returned', () => {
  const { log, lines } = recorder()
  const numbers = [0, 0.5, 0.999, 0.1, 0.2, 0.3, 0.4, 0.6]
  const error = new Error('no such table', { cause: new RangeError('page 9', { cause: 'disk' }) })
  assert.equal(
    logFailure(log, error, 'files.read', () => numbers.shift() ?? 0),
    '0iz37ael',
  )
  const [[level, text] = ['', '']] = lines
  assert.equal(level, 'error')
  assert.match(text, /^"files\.read" failed \(log id 0iz37ael\): Error: no such table\n +at /)
  assert.match(text, /\ncaused by: RangeError: page 9\n/)
  assert.match(text, /\ncaused by: disk$/)
  assert.match(logFailure(log, 'x', 'y'), /^[0-9a-z]{8}$/)
})

test('properties of an error, and what would break a line, do not get into the log', () => {
  const { log, lines } = recorder()
  logFailure(log, Object.assign(new Error('failed'), { config: { password: 'hunter2' } }), 'read')
  logFailure(log, new RpcError('DENIED', 'no', { data: 'hunter2' }), 'a"\nforged line')
  logFailure(log, { toString: () => lines.flatMap.call(null as never, 0 as never) }, 'read')
  const loop = new Error('loop')
  loop.cause = loop
  logFailure(log, loop, 'read')
  assert.equal(lines.length, 4)
  for (const [, text] of lines) assert.doesNotMatch(text, /hunter2/)
  assert.ok(lines[1]![1].startsWith('"a\\"\\nforged line" failed'))
  assert.match(lines[2]![1], /cannot be read$/)
  assert.equal(lines[3]![1].split('caused by').length, 6)
})
