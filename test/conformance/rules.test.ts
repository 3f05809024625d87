// The vectors as a set: every rule and every code has one, and the rules are sentences of docs/PROTOCOL.md.

import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeFrame } from '../codec/frames.ts'
import { codeTable, section, specification } from '../codec/tables.ts'
import type { CodecError } from '../codec/varint.ts'
import { expand, list, readRules, readVectors, type Step, type Vector } from './vector.ts'

const vectors = [...readVectors().values()].flat()
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
  const prose = specification.slice(specification.indexOf('## 1.'), specification.indexOf('## 9.'))
  const reactions =
    /session error [A-Z_]+|stream error\s+[A-Z_]+|CLOSE\([A-Z_]+\)|(?<!")costs? a token|, a token|ignored|is dropped|are dropped/g
  for (const match of prose.matchAll(reactions)) {
    const words = flat(prose.slice(Math.max(0, match.index - 60), match.index + match[0].length)).slice(-28)
    const known = quotes.some((quote) => quote.includes(words.trim()) || words.includes(quote))
    assert.ok(known, `no rule quotes "...${words}"`)
  }
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
