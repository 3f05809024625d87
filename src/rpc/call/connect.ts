// One RpcSession for each session: made on first use, whoever asks, and given what it answers by itself.
// Knows calls from both sides; knows no API.

import { BraidError } from '../../engine/errors.ts'
import { direct } from '../../session/direct.ts'
import type { Session } from '../../session/session.ts'
import type { Codec } from '../codec/codec.ts'
import { defaultBounds } from '../codec/limits.ts'
import { FUNCTION_METHOD, RELEASE_METHOD } from '../references/functions.ts'
import { ABORT_METHOD } from '../references/signals.ts'
import { RpcSession } from '../rpc-session.ts'
import { answerCall } from './answer.ts'
import { invokeFunction } from './invoke.ts'

const sessions = new WeakMap<Session, RpcSession>()
const nothing = new Uint8Array(0)

/** What calls keep for this session. */
export function rpcOf(session: Session): RpcSession {
  const known = sessions.get(session)
  if (known !== undefined) return known
  const straight = direct(session)
  const rpc = new RpcSession(session, (self, number, values, codec, depth) =>
    invokeFunction(
      { opener: session, direct: straight, rpc: self, codec, bounds: defaultBounds },
      number,
      values,
      depth,
    ),
  )
  sessions.set(session, rpc)
  answerReferences(rpc)
  return rpc
}

/** Calls about references come by number, four bytes, before whatever else they carry. */
function answerReferences(rpc: RpcSession): void {
  const { session, functions, signals } = rpc
  session.handleCall(FUNCTION_METHOD, (bytes, call) => {
    const { run, codec, policy, depth } = functions.find(numberOf(bytes))
    const invoke = (values: readonly unknown[]): unknown => run(...(values as never[]))
    const answer = { rpc, bounds: defaultBounds, policy, invoke, depth: depth + 1 }
    return answerCall(answer, bytes.subarray(4), call, codec, FUNCTION_METHOD)
  })
  session.handleCall(RELEASE_METHOD, (bytes) => {
    functions.giveBack(numberOf(bytes), 1)
    return nothing
  })
  session.handleCall(ABORT_METHOD, (bytes) => {
    const number = numberOf(bytes)
    signals.aborted(number, (codec) => reasonOf(codec, bytes.subarray(4)))
    return nothing
  })
}

function numberOf(bytes: Uint8Array): number {
  if (bytes.length < 4)
    throw new BraidError('INVALID_INPUT', 'a reference has a number of four bytes', { scope: 'call' })
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0
}

/** Why the other side aborted; without a value the platform says so itself. */
function reasonOf(codec: Codec, bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? undefined : codec.decode(bytes, defaultBounds)
  } catch {
    return undefined
  }
}
