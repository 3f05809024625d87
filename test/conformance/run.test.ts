// Every vector against the native engine, its bytes delivered whole, one by one and split at random: the reaction must be the same.

import assert from 'node:assert/strict'
import test from 'node:test'
import { describeFrame } from '../codec/describe.ts'
import { differences } from './match.ts'
import { type PlainEvent, Subject } from './subject.ts'
import { list, readVectors, type Step, type Vector } from './vector.ts'

type Split = (bytes: Uint8Array) => Uint8Array[]

const splits: Record<string, () => Split> = {
  whole: () => (bytes) => [bytes],
  'a byte at a time': () => (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
  'split at random': () => atRandom(11),
  'split at random once more': () => atRandom(12),
}

// Deliveries are also cut in two, at each of their first places: a header, an id or a length falls apart, the rest comes whole.
const cuts: Record<string, () => Split> = {}
for (let place = 1; place <= 12; place++) {
  cuts[`cut after ${place}`] = () => (bytes) =>
    [bytes.subarray(0, place), bytes.subarray(place)].filter(({ length }) => length > 0)
}

/** Vectors without repetition are short, so every way of splitting is tried. */
function waysFor(vector: Vector): [string, () => Split][] {
  const long = /"(repeat|times)"/.test(JSON.stringify(vector))
  return Object.entries(long ? splits : { ...splits, ...cuts })
}

function atRandom(seed: number): Split {
  let state = seed
  return (bytes) => {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; ) {
      state = (state * 48_271) % 2_147_483_647
      const size = 1 + (state % (state % 3 === 0 ? 3 : state % 5 === 0 ? 5_000 : 40))
      chunks.push(bytes.subarray(at, at + size))
      at += size
    }
    return chunks
  }
}

/** What a run left behind, for comparing runs with each other. */
interface Log {
  readonly frames: string[]
  readonly events: PlainEvent[][]
}

function run(vector: Vector, split: Split): Log {
  const subject = new Subject(vector)
  const log: Log = { frames: [], events: [] }
  let looks = 0
  const look = (expect: Vector['expect']) => {
    const seen = subject.look()
    log.frames.push(...seen.frames.map(describeFrame))
    log.events.push([...seen.events])
    looks++
    const found = differences(expect, seen)
    assert.deepEqual(found, [], `look ${looks}: ${found.join('\n')}`)
  }
  const perform = (steps: readonly Step[]) => {
    for (const step of steps) {
      if ('in' in step) subject.receive(step.in, split)
      else if ('advance' in step) subject.advance(step.advance)
      else if ('local' in step) subject.perform(list(step.local))
      else if ('expect' in step) look(step.expect)
      else for (let round = 0; round < step.times; round++) perform(step.steps)
    }
  }
  perform(vector.steps)
  look(vector.expect)
  return log
}

for (const [file, vectors] of readVectors()) {
  for (const vector of vectors) {
    test(`${file.replace('.json', '')}: ${vector.name}`, () => {
      let first: Log | undefined
      for (const [how, split] of waysFor(vector)) {
        let log: Log
        try {
          log = run(vector, split())
        } catch (error) {
          throw new Error(`${vector.name} (${how}, rule ${vector.rule}): ${(error as Error).message}`, { cause: error })
        }
        first ??= log
        assert.deepEqual(log, first, `${how} is not as whole`)
      }
    })
  }
}
