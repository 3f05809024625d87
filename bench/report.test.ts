// The benchmark's report: ratios by round, tables, goals and the README's choice, from fixed figures.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goalsTable, verdicts } from './report-goals.ts'
import { bestPeer, cells, fileText } from './report-record.ts'
import { sampleRun } from './report-sample.ts'
import { short } from './report-short.ts'
import { method, number, tables } from './report-table.ts'

const run = sampleRun()

function linesWith(text: string, part: string): string[] {
  return text.split('\n').filter((one) => one.includes(part))
}

test('ratios are taken round by round, not of medians', () => {
  const { speed } = cells(
    [{ speed: 10 }, { speed: 100 }, { speed: 40 }],
    [{ speed: 20 }, { speed: 100 }, { speed: 120 }],
  )
  // Medians would give 100 / 40.
  assert.deepEqual(speed, { median: 40, rounds: [10, 100, 40], ratio: { median: 2, spread: 1 } })
})

test('a failed round has no figure and no quotient, the others keep their places', () => {
  const { speed } = cells([{ speed: 10 }, undefined, { speed: 40 }], [{ speed: 20 }, { speed: 999 }, { speed: 80 }])
  assert.deepEqual(speed, { median: 25, rounds: [10, null, 40], ratio: { median: 2, spread: 0 } })
})

test('what was nothing in every round has neither median nor ratio', () => {
  assert.deepEqual(cells([{ speed: Number.NaN }], [{ speed: 1 }]), { speed: { median: null, rounds: [null] } })
  assert.deepEqual(cells([{ speed: 0 }], [{ speed: 1 }]), { speed: { median: 0, rounds: [0] } })
})

test('a record reads back as it was written, rounds on one line', () => {
  const text = fileText(run)
  assert.deepEqual(JSON.parse(text), run)
  assert.equal(linesWith(text, '"rounds": [ 200, 300, 100 ]').length, 1)
})

test('few contenders are columns; a ratio whose rounds differ is marked, who has no figure has a dash', () => {
  const table = tables(run)
  const heads = '|  | plain sockets | node:http2 | muxrpc | Braidwire | ÷ plain sockets | ÷ node:http2 | ÷ muxrpc |'
  assert.equal(table.split('\n')[0], heads)
  assert.deepEqual(linesWith(table, '| MiB/s |'), ['| MiB/s | 100 | 20 | – | 200 | 2 (!) | 10 | – |'])
  assert.deepEqual(linesWith(table, '| CPU ms'), ['| CPU ms per MiB ↓ | 1 | 2 | – | 1 | 1 | 0.5 | – |'])
  assert.deepEqual(linesWith(table, '| calls/s |'), ['| calls/s | – | 105 | – | 1,000 | – | 9.55 | – |'])
})

test('many contenders are lines; those who are not in a row share one', () => {
  const table = tables(sampleRun(['net', 'http2', 'muxrpc', 'braidwire', 'birpc']))
  assert.deepEqual(linesWith(table, '| node:http2 |'), ['| node:http2 | 20 | 2 | 10 |', '| node:http2 | 105 | 9.55 |'])
  assert.deepEqual(linesWith(table, 'muxrpc'), ['| muxrpc | – | – | – |', '| plain sockets, muxrpc, birpc | – | – |'])
})

test('a single round does not pass for a steady run', () => {
  assert.match(method(run), /1 of 5 in this run/)
  assert.match(method({ ...run, plan: { ...run.plan, rounds: 1 } }), /apart: which a single round cannot show\./)
})

test('figures have three to four digits', () => {
  const shown = [0.0123456, 1.23456, 12.3456, 123.456, 1234567, 0, null, Number.NaN].map(number)
  assert.deepEqual(shown, ['0.0123', '1.23', '12.35', '123', '1,234,567', '0', '–', '–'])
})

test('the best peer is the best in that column, and neither plain sockets nor ours', () => {
  const figures = {
    net: 1,
    'net-batched': 1,
    braidwire: 1,
    'braidwire-resume': 1,
    http2: 3,
    birpc: 2,
    muxrpc: Number.NaN,
  }
  const contenders = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, cells([{ less: value, more: value }], undefined)]),
  )
  const columns = (['less', 'more'] as const).map((better) => ({ name: better, title: better, better }))
  const row = { title: '', columns, goals: [], contenders }
  assert.equal(bestPeer(row, 'less'), 'birpc')
  assert.equal(bestPeer(row, 'more'), 'http2')
  assert.equal(bestPeer({ ...row, contenders: {} }, 'more'), undefined)
})

test('goals are met or missed by the median, and say against whom', () => {
  assert.deepEqual(verdicts(run), [
    'met    W1 one stream: MiB/s, 2 (!), at least 1.5 × plain sockets',
    'MISSED W1 one stream: CPU ms per MiB ↓, 0.5, at most 0.4 × best peer, node:http2',
    'met    W1 one stream: CPU ms per MiB ↓, 1, at most 1',
    'met    one stream: MiB/s, 2 (!), at least 1 × plain sockets',
    'MISSED one stream: MiB/s, 10, at least 100 × node:http2',
    'met    W3 calls: calls/s, 9.55, at least 5 × best peer, node:http2',
  ])
})

test('a goal may be about somebody else, and compare with another row', () => {
  const goal = { of: 'W3', by: 'http2', against: 'net', row: 'bulk', column: 'callsPerS', atLeast: 2 } as const
  const bulk = {
    ...run.rows.bulk!,
    contenders: { net: cells([{ callsPerS: 50 }, { callsPerS: 1 }, { callsPerS: 55 }], undefined) },
  }
  const calls = { ...run.rows.calls!, goals: [goal] }
  assert.deepEqual(verdicts({ ...run, rows: { bulk: { ...bulk, goals: [] }, calls } }), [
    'met    W3 calls: node:http2, calls/s, 2, at least 2 × plain sockets in "one stream"',
  ])
})

test('the table of goals has all ten; of the lines not to be crossed it lists those that are', () => {
  const table = goalsTable([run])
  assert.match(table, /^3 met, 1 missed\.\n/)
  for (let n = 1; n <= 10; n++) assert.equal(linesWith(table, `| W${n} `).length, 1, `W${n}`)
  assert.deepEqual(linesWith(table, '| W3 '), [
    '| W3 calls | calls: calls/s | at least 5 × best peer, node:http2 | 9.55 | met |',
  ])
  assert.deepEqual(linesWith(table, '| W4 '), ['| W4 streams opened and closed |  |  | – | not measured |'])
  assert.deepEqual(linesWith(table, 'crossed: '), ['Lines that must never be crossed: 1 met, 1 missed.'])
  assert.deepEqual(linesWith(table, '- one'), ['- one stream: MiB/s: 10, at least 100 × node:http2: **missed**'])
})

test('a goal against somebody who was not measured is not met', () => {
  const row = { ...run.rows.calls!, goals: [{ of: 'W3', against: 'net', column: 'callsPerS', atMost: 1 } as const] }
  const table = goalsTable([{ ...run, rows: { calls: row } }])
  assert.match(table, /^0 met, 0 missed, 1 not measured\.\n/)
  assert.deepEqual(linesWith(table, '| W3 '), [
    '| W3 calls | calls: calls/s | at most 1 × plain sockets | – | not measured |',
  ])
})

test('the short table names the best peer, and has a dash for who is missing', () => {
  const table = short(
    [run],
    [
      ['bulk', ['mibPerS']],
      ['calls', ['callsPerS']],
    ],
  )
  assert.deepEqual(linesWith(table, '| one stream'), [
    '| one stream: MiB/s | 100 | 20 (node:http2) | **200** | 2 (!) | 10 |',
  ])
  assert.deepEqual(linesWith(table, '| calls'), ['| calls: calls/s | – | 105 (node:http2) | **1,000** | – | 9.55 |'])
  assert.match(table, /1 of 5 in this run/)
})

test('the short table must be whole', () => {
  assert.throws(
    () =>
      short(
        [run],
        [
          ['bulk', ['mibPerS']],
          ['idle', ['rssBytes']],
        ],
      ),
    /No run has all rows.*; idle would/,
  )
})
