// What an engine can tell about itself: counts, and every limit with its use and refusals. Reads the core, changes nothing.

import type { EngineStats } from './contract.ts'
import type { Core } from './core.ts'
import { SLOW_PEER_MS } from './slow.ts'
import { HELLO_BYTES_MAX, METHOD_NAMES_MAX, NAME_BYTES_MAX, REASON_BYTES_MAX } from './wire.ts'

type Counts = Omit<EngineStats, 'bytesIn' | 'bytesOut' | 'framesIn' | 'framesOut' | 'memory' | 'limits'>

/** Gathers the counts of one engine. Sizes in bytes. */
export function counts({ streams, caller, callee, pace }: Core): Counts {
  return {
    streamsOpened: streams.mineOpened,
    streamsAccepted: streams.theirsOpened,
    streamsOpen: streams.size,
    callsSent: caller.sent,
    callsReceived: callee.received,
    callsOpen: caller.inFlight,
    rttMs: pace.rttMs,
    inFlight: pace.inFlight,
    inFlightMax: pace.limit,
  }
}

/** Every limit of one engine. What holds for each stream, frame or name has no use of its own. */
export function limits(core: Core, heldBytes: number, reasonsDropped: number): EngineStats['limits'] {
  const { settings, streams, callee, glitches, receive, refusals, helloRead } = core
  const slow = refusals.BRAID_SLOW_PEER
  const each = (max: number, refused: number) => ({ max, used: 0, refused })
  return {
    maxStreams: {
      max: settings.maxStreams,
      used: streams.theirsOpened - (core.peerOpenLimit - settings.maxStreams),
      refused: core.opensRefused,
    },
    maxCalls: { max: settings.maxCalls, used: callee.busy, refused: callee.refused },
    maxFrame: each(settings.maxFrame, refusals.BRAID_FRAME_SIZE),
    maxMeta: each(settings.maxMeta, core.metaRefused),
    streamWindow: each(settings.streamWindow, refusals.BRAID_FLOW_CONTROL),
    streamWindowMax: each(settings.streamWindowMax, core.windowsAtMost),
    sessionWindow: { max: settings.sessionWindow, used: receive.unread, refused: refusals.BRAID_FLOW_CONTROL },
    growthPool: { max: settings.growthPool, used: core.grown, refused: core.growthRefused },
    writeBuffer: each(settings.writeBuffer, core.writesHeld),
    replayBytes: { max: core.replay.limitMax, used: core.replay.bytes, refused: core.replay.waits },
    earlyBytes: { max: settings.earlyBytes, used: heldBytes, refused: refusals.BRAID_EXHAUSTED },
    helloTimeoutMs: each(settings.helloTimeoutMs, helloRead ? 0 : slow),
    idleTimeoutMs: each(settings.idleTimeoutMs, core.silences),
    helloBytes: each(HELLO_BYTES_MAX, refusals.BRAID_BAD_LIMITS),
    slowFrameMs: each(SLOW_PEER_MS, helloRead ? slow : 0),
    methodNames: { max: METHOD_NAMES_MAX, used: callee.names.length, refused: callee.namesRefused },
    nameBytes: each(NAME_BYTES_MAX, core.namesRefused),
    reasonBytes: each(REASON_BYTES_MAX, reasonsDropped),
    glitchTokens: {
      max: glitches.tokensMax,
      used: glitches.tokensMax - Math.floor(glitches.tokens),
      refused: glitches.refused,
    },
    forgivenFrames: { max: glitches.forgivenMax, used: glitches.forgiven, refused: glitches.unforgiven },
  }
}
