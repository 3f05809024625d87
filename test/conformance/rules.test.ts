// The vectors as a set: every rule and every code has one, and the rules are sentences of docs/PROTOCOL.md.

import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeFrame, decodeFrames } from '../codec/frames.ts'
import { layouts } from '../codec/layout.ts'
import { codeTable, rows, section, specification } from '../codec/tables.ts'
import type { CodecError } from '../codec/varint.ts'
import { expand, list, readRules, readStates, readVectors, type Step, type Vector } from './vector.ts'

const byFile = readVectors()
const vectors = [...byFile.values()].flat()
const inStates = new Set(byFile.get('states.json'))
const rules = readRules()
const flat = (text: string) => text.replace(/\s+/g, ' ').trim()

test('vectors have names of their own', () => {
  assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length)
})

test('every rule has a vector and every vector a rule', () => {
  const used = new Set(vectors.flatMap(({ rule }) => list(rule)))
  assert.deepEqual([...used].sort(), rules.map(({ id }) => id).sort())
})

test('rules stand word for word in the section they name', () => {
  for (const { id, section: number, quote } of rules) {
    assert.ok(flat(section(number)).includes(flat(quote)), `${id}: "${quote}"`)
  }
})

test('every reaction the specification states is a rule', () => {
  const quotes = rules.map(({ quote }) => flat(quote))
  const upTo9 = specification.slice(specification.indexOf('## 1.'), specification.indexOf('## 9.'))
  const prose = `${upTo9}\n${section('13')}`
  const reactions =
    /session error [A-Z_]+|stream error\s+[A-Z_]+|CLOSE\([A-Z_]+\)|(?<!")costs? a token|, a token|ignored|is dropped|are dropped/g
  for (const match of prose.matchAll(reactions)) {
    const words = flat(prose.slice(Math.max(0, match.index - 60), match.index + match[0].length)).slice(-28)
    const known = quotes.some((quote) => quote.includes(words.trim()) || words.includes(quote))
    assert.ok(known, `no rule quotes "...${words}"`)
  }
})

test('every row of the tables of frames, HELLO and limits is a rule', () => {
  const quotes = rules.map(({ quote }) => flat(quote).replace(/^\| | \|$/g, ''))
  for (const number of ['3', '4', '8']) {
    for (const cells of rows(number)) {
      const row = flat(cells.join(' | '))
      assert.ok(
        quotes.some((quote) => row.replace(/ {2}/g, ' ').includes(quote)),
        `section ${number}: no rule quotes "${row}"`,
      )
    }
  }
})

// Every frame meets every state a session, a stream or a slot can be in.
const states = ['idle', 'open', 'half closed', 'closed', 'tombstone', 'draining', 'before HELLO', 'not admitted']

test('every state meets every frame', () => {
  const { states: reached, frames } = readStates()
  for (const state of states) {
    const named = Object.keys(reached).filter((name) => name.startsWith(state))
    assert.ok(named.length > 0, `no state is called ${state}`)
  }
  const sentTypes = new Set(frames.map((row) => Number.parseInt(row.in.slice(0, 2), 16) >> 3))
  for (const [name, { number }] of Object.entries(layouts)) assert.ok(sentTypes.has(number), `no row for ${name}`)
})

test('frames of the table of states are well formed', () => {
  for (const row of readStates().frames) {
    if (row.name === 'a reserved type') continue
    assert.equal(decodeFrames(expand(row.in, () => new Uint8Array(0))).length, 1, row.name)
  }
})

test('there are 900 cases and more', () => {
  // Falls when vectors are lost, as by a file that is not read any more.
  assert.ok(vectors.length >= 900, `${vectors.length} cases`)
})

test('every code has a vector', () => {
  const named = new Set<string>()
  const note = (value: unknown) => {
    if (typeof value === 'string') named.add(value)
    else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) note(each)
  }
  const codes = codeTable()
  for (const { expect } of vectors) {
    note(expect)
    if (typeof expect.close === 'number' && expect.close > 0) named.add(codes.get(expect.close) ?? '')
  }
  for (const name of codes.values()) assert.ok(named.has(name), name)
})

/** The bytes a vector sends once both sides have introduced themselves, step by step; undefined when a macro stands in them. */
function sent(steps: readonly Step[]): Uint8Array[] {
  return steps.flatMap((step) => {
    if ('steps' in step) return sent(step.steps)
    return 'in' in step ? [expand(step.in, () => new Uint8Array(0))] : []
  })
}

function closes(vector: Vector): Set<string> {
  const codes = codeTable()
  return new Set(typeof vector.expect.close === 'number' ? [codes.get(vector.expect.close) ?? ''] : [])
}

test('frames of the vectors have the shape their vector says', () => {
  for (const vector of vectors) {
    const bytes = Buffer.concat(sent(vector.steps))
    // A frame in every state is as well formed as in one; not every state looks at it.
    if (inStates.has(vector)) continue
    // Bytes of several transports are not one run.
    if (vector.resume === true) continue
    if (bytes[0] !== 0xf5 || bytes[7] !== 1 || vector.expect.closed !== undefined) continue
    let wrong: string | undefined
    for (let at = 8; wrong === undefined; ) {
      try {
        const read = decodeFrame(bytes, at)
        if (read === undefined) break
        at = read.next
      } catch (error) {
        wrong = (error as CodecError).code
      }
    }
    if (wrong === undefined || wrong === 'UTF8') continue
    assert.ok(closes(vector).has(wrong), `${vector.name}: the codec says ${wrong}`)
  }
})
