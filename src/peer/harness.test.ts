// For the tests of peers: a remote whose sessions over memory a test lets come, refuses, cuts and drains, and a peer of it.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { BraidError } from '../engine/errors.ts'
import type { Session } from '../session/session.ts'
import { connectSession, startSession } from '../session/start.ts'
import type { Transport } from '../session/transport.ts'
import { ManualClock } from '../testing/pair.ts'
import { memory } from '../transports/memory.ts'
import type { Lost } from './link.ts'
import type { PeerOptions } from './options.ts'
import { type Peer, type PeerState, peer } from './peer.ts'

/** One session, seen from the remote. */
export interface Served {
  readonly session: Session
  /** The connection breaks, without a goodbye. */
  cut(): void
}

/** Lets everything happen that is going to without time passing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn()
}

export class RemoteSide {
  readonly served: Served[] = []
  dials = 0
  /** Why dialling fails, while it does. */
  down: Error | undefined
  /** While set, dialling waits for it. */
  gate: Promise<void> | undefined
  /** What is set up on each session of the remote. */
  serve: (session: Session, index: number) => unknown
  maxCalls = 256

  constructor(serve: (session: Session, index: number) => unknown = () => {}) {
    this.serve = serve
  }

  get last(): Served {
    return this.served.at(-1) as Served
  }

  readonly dial = async (): Promise<Session> => {
    this.dials++
    await this.gate
    if (this.down !== undefined) throw this.down
    const [near, far] = memory()
    const index = this.served.length
    const { maxCalls } = this
    const session = startSession(far, { maxCalls }, 'listener', (admitted) => this.serve(admitted, index))
    this.served.push({ session, cut: () => breakOff(near, far) })
    return connectSession(near)
  }
}

function breakOff(near: Transport, far: Transport): void {
  near.close()
  far.close()
}

export const none = new Uint8Array(0)

export interface Setting {
  readonly remote: RemoteSide
  readonly clock: ManualClock
  readonly peer: Peer
  readonly states: PeerState[]
  readonly lost: Lost[]
}

/** A peer of a remote, whose waits are half their bounds. */
export function reach(remote: RemoteSide, options: PeerOptions = {}): Setting {
  const clock = new ManualClock()
  const lost: Lost[] = []
  const made = peer(remote.dial, { clock, random: () => 0.5, onLost: (each) => lost.push(each), ...options })
  const states: PeerState[] = []
  void (async () => {
    for await (const state of made.states()) states.push(state)
  })()
  return { remote, clock, peer: made, states, lost }
}

/** Answers with the number of its session; one method never answers. */
export function numbered(): RemoteSide {
  return new RemoteSide((session, index) => {
    session.handleCall('which', () => Uint8Array.of(index))
    session.handleCall('never', () => new Promise(() => {}))
    session.handle('hold', () => {})
  })
}

export const which = async ({ peer: remote }: Setting): Promise<number | undefined> =>
  (await remote.call('which', none))[0]
export const failure = (promise: Promise<unknown>): Promise<BraidError> =>
  promise.then(
    () => assert.fail('it went well'),
    (error: unknown) => error as BraidError,
  )
export const said = ({ code, executed }: BraidError): string => `${code} ${executed}`
export const types = ({ states }: Setting): string => states.map(({ type }) => type).join(' ')

/** Closes it, and looks whether anything is left. */
export async function over(setting: Setting): Promise<void> {
  await setting.peer.close()
  await settle()
  assert.equal(setting.clock.pending, 0, 'timers are left')
  assert.equal(setting.states.at(-1)?.type, 'closed')
}
