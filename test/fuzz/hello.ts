// Any bytes as the body of a HELLO, read by the engine and by a second reader that shares no code with it: both refuse, or both
// understand the same.

import assert from 'node:assert/strict'
import type { RemoteHello } from '#dist/engine/contract.js'
import { decodeFrame, PREFACE } from '../codec/frames.ts'
import { type Declared, readHello } from '../codec/hello.ts'
import { concat, toHex } from '../codec/hex.ts'
import { CodecError, encodeVarint } from '../codec/varint.ts'
import { engineFor } from '../golden/tape.ts'

const FRAME_MAX = 2 ** 20
const BODY_MAX = 8_192
const META_FLOOR = 1_024

export function hello(input: Uint8Array): void {
  const body = input.subarray(0, BODY_MAX)
  const frame = concat([Uint8Array.of(0), Uint8Array.from(encodeVarint(body.length)), body])
  const heard = listen(frame)
  const declared = readAgain(frame)
  // The second reader knows no bounds on texts, and not which versions are spoken here.
  if (declared === undefined) assert.equal(heard, undefined, 'it took what section 4 refuses')
  if (heard === undefined || declared === undefined) return
  const { MAX_FRAME = 0, STREAMS, CALLS, MAX_META = 0 } = declared.numbers
  assert.deepEqual(
    [heard.maxFrame, heard.maxStreams, heard.maxCalls, toHex(heard.auth), heard.codec],
    [Math.min(MAX_FRAME, FRAME_MAX), STREAMS, CALLS, declared.auth, declared.codec],
  )
  // It may use less than it was offered: metadata has to fit a frame.
  assert.ok(heard.maxMeta <= MAX_META && heard.maxMeta >= META_FLOOR)
  assert.ok(declared.versions[0] <= 1 && declared.versions[1] >= 1)
}

function listen(frame: Uint8Array): RemoteHello | undefined {
  const engine = engineFor({
    options: {},
    init: { waitForPreface: true, gate: false, resume: false },
    seed: 5,
    ops: [],
  })
  engine.receive(concat([PREFACE, frame]), 0)
  const event = engine.event()
  if (event?.type === 'hello') return event.remote
  assert.equal(event?.type, 'closed')
  assert.match(event?.type === 'closed' ? (event.error?.code ?? '') : '', /^BRAID_(BAD_LIMITS|VERSION|FRAME_SIZE)$/)
  return undefined
}

function readAgain(frame: Uint8Array): Declared | undefined {
  try {
    const read = decodeFrame(frame)
    return read === undefined ? undefined : readHello(read.value)
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}
