// The golden sessions as tapes, one for each side, with what a sweep must know of them: their input as one run of bytes, where
// frames begin in it, and what the engine does with it whole.

import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { concat } from '../codec/hex.ts'
import { scripts } from '../golden/scripts.ts'
import type { Op, Tape } from '../golden/tape.ts'
import { ordinary } from '../golden/world.ts'
import { Player, type Told } from './player.ts'

/** Within this many bytes of a frame's begin every place is tried; deep in a payload one is like another. */
const HEAD = 128
const STRIDE = 1_021

export interface Recording {
  /** `calls/a`: the session, and which of its two sides. */
  readonly name: string
  readonly tape: Tape
  readonly input: Uint8Array
  /** Where the payload of a DATA frame lies, and whose it is. */
  readonly payloads: readonly { readonly from: number; readonly to: number; readonly stream: string }[]
  /** Offsets worth a try: all of them, but of those deep in a large frame every 1,021st. */
  readonly places: readonly number[]
  readonly told: readonly Told[]
  readonly out: Uint8Array
}

/** Both sides of all golden sessions. */
export function recordings(): Recording[] {
  return Object.entries(scripts).flatMap(([name, play]) => {
    const { a, b } = play(ordinary)
    return [a, b].map((end) => examine(`${name}/${end.name}`, end.tape))
  })
}

function examine(name: string, tape: Tape): Recording {
  const input = concat(tape.ops.flatMap((op) => (op.do === 'receive' ? [op.bytes] : [])))
  const player = new Player(tape)
  for (const op of tape.ops) player.step(op)
  const payloads: { from: number; to: number; stream: string }[] = []
  const places = new Set<number>()
  for (let at = PREFACE.length; at < input.length; ) {
    const read = decodeFrame(input, at)
    if (read === undefined) throw new Error(`${name}: the tape ends inside a frame`)
    const { type, fields } = read.value
    if (type === 'DATA') {
      const id = Number(fields.id)
      const from = read.next - String(fields.bytes).length / 2
      payloads.push({ from, to: read.next, stream: `${id % 2 === 0 ? 'peer' : 'my'}${Math.floor(id / 2)}` })
    }
    for (let place = at; place < Math.min(at + HEAD, read.next); place++) places.add(place)
    for (let place = at + HEAD; place < read.next; place += STRIDE) places.add(place)
    places.add(read.next - 1)
    at = read.next
  }
  for (let place = 0; place < PREFACE.length; place++) places.add(place)
  const sorted = [...places].sort((one, other) => one - other)
  return { name, tape, input, payloads, places: sorted, told: player.told, out: concat(player.out) }
}

/** Runs of `receive` with nothing between them as one. */
export function coalesced(ops: readonly Op[]): Op[] {
  const joined: Op[] = []
  for (const op of ops) {
    const last = joined.at(-1)
    if (op.do === 'receive' && last?.do === 'receive' && last.now === op.now) {
      joined[joined.length - 1] = { ...op, bytes: concat([last.bytes, op.bytes]) }
    } else joined.push(op)
  }
  return joined
}
