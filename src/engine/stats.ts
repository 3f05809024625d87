// What an engine can tell about itself: counts, and every limit with its use and refusals. Reads the core, changes nothing.

import type { EngineStats } from './contract.ts'
import type { Core } from './core.ts'

/** Gathers the counts of one engine. Sizes in bytes. */
export function engineStats(
  core: Core,
  bytesIn: number,
  bytesOut: number,
  framesIn: number,
  framesOut: number,
  heldBytes: number,
): EngineStats {
  const { settings, streams, caller, callee, pace, glitches, receive } = core
  return {
    bytesIn,
    bytesOut,
    framesIn,
    framesOut,
    streamsOpened: streams.mineOpened,
    streamsAccepted: streams.theirsOpened,
    streamsOpen: streams.size,
    callsSent: caller.sent,
    callsReceived: callee.received,
    callsOpen: caller.inFlight,
    rttMs: pace.rttMs,
    inFlight: pace.inFlight,
    inFlightMax: pace.limit,
    limits: {
      maxStreams: {
        max: settings.maxStreams,
        used: streams.theirsOpened - (core.peerOpenLimit - settings.maxStreams),
        refused: core.opensRefused,
      },
      maxCalls: { max: settings.maxCalls, used: callee.busy, refused: callee.refused },
      maxFrame: { max: settings.maxFrame, used: 0, refused: core.refusals.BRAID_FRAME_SIZE },
      maxMeta: { max: settings.maxMeta, used: 0, refused: core.metaRefused },
      streamWindow: { max: settings.streamWindow, used: 0, refused: core.refusals.BRAID_FLOW_CONTROL },
      sessionWindow: { max: settings.sessionWindow, used: receive.unread, refused: core.refusals.BRAID_FLOW_CONTROL },
      growthPool: { max: settings.growthPool, used: core.grown, refused: core.growthRefused },
      replayBytes: { max: core.replay.limitMax, used: core.replay.bytes, refused: core.replay.waits },
      earlyBytes: { max: settings.earlyBytes, used: heldBytes, refused: core.refusals.BRAID_EXHAUSTED },
      helloTimeoutMs: { max: settings.helloTimeoutMs, used: 0, refused: core.refusals.BRAID_SLOW_PEER },
      idleTimeoutMs: { max: settings.idleTimeoutMs, used: 0, refused: core.silences },
      glitchTokens: {
        max: glitches.tokensMax,
        used: glitches.tokensMax - Math.floor(glitches.tokens),
        refused: glitches.refused,
      },
    },
  }
}
