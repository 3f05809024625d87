// What a session tells of itself: the counts of its engine, and each limit with its value, its use and its refusals.

import type { Engine } from '../engine/contract.ts'
import type { Admission } from './admission.ts'
import type { Ceiling } from './ceiling.ts'
import { addedLimits } from './limits.ts'
import type { SessionSettings } from './options.ts'
import type { Session, SessionStats } from './session.ts'

interface Waiting {
  readonly size: number
  readonly refused: number
}

interface Answering {
  readonly waiting: Waiting
  readonly waitingBytes: number
}

/** Bytes of memory a session holds: the one place that sums them up. Called in every turn: it must stay a few additions. */
export function memoryOf(engine: Engine, assembled: Ceiling, callee: Answering): number {
  return engine.memory + assembled.used + callee.waitingBytes
}

/** The parts of a session that count. */
export interface Counted {
  readonly assembled: Ceiling
  readonly messageMax: Ceiling
  readonly streamsWaiting: Waiting
  readonly callee: Answering
  readonly streamsUnread: number
  readonly admission: Admission
  /** How often the transport was cut because it took nothing. */
  readonly writesStalled: number
}

export function sessionStats(
  session: Session,
  engine: Engine,
  settings: SessionSettings,
  counted: Counted,
): SessionStats {
  const { assembled, messageMax, streamsWaiting, callee, streamsUnread, admission } = counted
  const { waiting: callsWaiting } = callee
  const stats = engine.stats()
  return {
    ...stats,
    memory: memoryOf(engine, assembled, callee),
    state: session.state,
    streamsWaiting: streamsWaiting.size,
    streamsUnread,
    callsWaiting: callsWaiting.size,
    limits: {
      ...stats.limits,
      maxMessage: { max: messageMax.max, used: 0, refused: messageMax.refused },
      maxAssembled: { max: assembled.max, used: assembled.used, refused: assembled.refused },
      handlerWaitMs: {
        max: settings.handlerWaitMs,
        used: streamsWaiting.size + callsWaiting.size,
        refused: streamsWaiting.refused + callsWaiting.refused,
      },
      writeTimeoutMs: { max: settings.writeTimeoutMs, used: 0, refused: counted.writesStalled },
      ...admission.limits(engine.heldBytes),
      ...addedLimits(session),
    },
  }
}
