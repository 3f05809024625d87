// Recorded sessions of two engines, replayed and compared byte for byte: the wire changes on purpose or not at all.

import assert from 'node:assert/strict'
import test from 'node:test'
import { fromHex } from '../codec/hex.ts'
import { layouts } from '../codec/layout.ts'
import { rows, spans } from '../codec/tables.ts'
import { names, play, read, stored } from './transcripts.ts'

for (const name of names()) {
  test(`session ${name} is the one recorded`, () => {
    assert.equal(play(name), read(name), 'if the wire was meant to change, run node build/test/golden/record.js')
  })
}

test('every transcript has its script', () => {
  assert.deepEqual(stored().sort(), names().sort())
})

const lines = names().flatMap((name) => read(name).split('\n'))
const frames = lines.filter((line) => line.includes('> '))

test('there are twenty, and every frame of the protocol is in one, with every flag', () => {
  assert.ok(names().length >= 20, `${names().length} sessions`)
  const seen = new Set(frames.flatMap((line) => prefixes(/> ([A-Z+_]+)/.exec(line)?.[1] ?? '')))
  for (const [type, { flags }] of Object.entries(layouts)) {
    assert.ok(seen.has(type), type)
    for (const flag of flags) assert.ok(seen.has(`${type}+${flag}`), `${type}+${flag}`)
  }
  assert.ok(seen.has('EXTENSION'))
})

/** `DATA+FIN+EOM`: DATA, DATA+FIN, DATA+EOM. */
function prefixes(head: string): string[] {
  const [type = '', ...flags] = head.split('+')
  return [type, ...flags.map((flag) => `${type}+${flag}`)]
}

// Examples of section 10 whose numbers are the sender's own choice, so that no application can ask for them.
const chosen = ['HELLO with', 'CREDIT of', 'SCREDIT of', 'ASK for', 'LIMIT of', 'PING with', 'ACK of']

test('examples of section 10 are sent byte for byte', () => {
  const hex = new Set(frames.map((line) => (line.split(' | ')[1] ?? '').replaceAll(' ', '')))
  for (const [what = '', cell = ''] of rows('10')) {
    if (chosen.some((words) => what.startsWith(words))) continue
    for (const span of spans(cell)) {
      assert.ok(hex.has(Buffer.from(fromHex(span)).toString('hex')), `${what}: ${span}`)
    }
  }
})
