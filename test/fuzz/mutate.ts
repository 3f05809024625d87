// Makes inputs out of inputs: bits, bytes, ranges, pieces of other inputs and of a dictionary. Knows nothing of what they mean.

import { concat } from '../codec/hex.ts'
import type { Prng } from '../sim/prng.ts'

const LENGTH_MAX = 4_096
const CHANGES_MAX = 4
/** Ends of integers, forms of varints, letters of texts. */
const TELLING = [0, 1, 2, 7, 8, 0x20, 0x22, 0x2f, 0x3f, 0x40, 0x5b, 0x7b, 0x7f, 0x80, 0xbf, 0xc0, 0xd4, 0xde, 0xff]

type Mutation = (
  bytes: Uint8Array,
  prng: Prng,
  others: readonly Uint8Array[],
  tokens: readonly Uint8Array[],
) => Uint8Array

const place = (bytes: Uint8Array, prng: Prng): number => prng.int(0, bytes.length)

function insert(bytes: Uint8Array, at: number, more: Uint8Array): Uint8Array {
  return concat([bytes.subarray(0, at), more, bytes.subarray(at)])
}

function change(bytes: Uint8Array, prng: Prng, to: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes
  const changed = bytes.slice()
  const at = prng.int(0, bytes.length - 1)
  changed[at] = to(changed[at] as number)
  return changed
}

function range(bytes: Uint8Array, prng: Prng): Uint8Array {
  const from = place(bytes, prng)
  return bytes.subarray(from, from + prng.skewed(1, 64))
}

const mutations: readonly Mutation[] = [
  (bytes, prng) => change(bytes, prng, (byte) => byte ^ (1 << prng.int(0, 7))),
  (bytes, prng) => change(bytes, prng, () => prng.pick(TELLING)),
  (bytes, prng) => change(bytes, prng, (byte) => byte + prng.int(-3, 3)),
  (bytes, prng) =>
    insert(
      bytes,
      place(bytes, prng),
      Uint8Array.from({ length: prng.skewed(1, 16) }, () => prng.int(0, 255)),
    ),
  (bytes, prng) => insert(bytes, place(bytes, prng), range(bytes, prng)),
  (bytes, prng) => {
    const from = place(bytes, prng)
    return concat([bytes.subarray(0, from), bytes.subarray(from + prng.skewed(1, 64))])
  },
  (bytes, prng, others) => insert(bytes, place(bytes, prng), range(prng.pick(others), prng)),
  (bytes, prng, others) => {
    const other = prng.pick(others)
    return concat([bytes.subarray(0, place(bytes, prng)), other.subarray(place(other, prng))])
  },
  (bytes, prng, _, tokens) => (tokens.length === 0 ? bytes : insert(bytes, place(bytes, prng), prng.pick(tokens))),
  (bytes, prng, _, tokens) => (tokens.length === 0 ? bytes : concat([bytes, prng.pick(tokens)])),
]

/** A new input out of one of them. */
export function mutate(inputs: readonly Uint8Array[], tokens: readonly Uint8Array[], prng: Prng): Uint8Array {
  let bytes = prng.pick(inputs)
  for (let changes = prng.int(1, CHANGES_MAX); changes > 0; changes--) {
    bytes = prng.pick(mutations)(bytes, prng, inputs, tokens)
  }
  return bytes.slice(0, LENGTH_MAX)
}
