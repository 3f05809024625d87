// A WebRTC data channel of node-datachannel, whose peers are both in this process: alone, a chunk or call a message, and Braidwire over it.

import { connect, listen } from 'braidwire'
import type { DataChannel } from 'node-datachannel'
import { connectPeers } from '../../test/conformance/peers.ts'
import type { Body, Dialled, Meter, Outlet } from '../adapter.ts'
import { fatal } from '../fatal.ts'
import { ownWay } from '../start-below.ts'
import { Calls, serve } from './braidwire.ts'
import { Replies } from './replies.ts'
import { turning } from './turning.ts'

/** Bytes buffered when a writer has to wait, and when it may go on: those of Braidwire. */
const FULL_BYTES = 256 * 1024
const ROOM_BYTES = 64 * 1024

export const bareWebrtc = ownWay({
  async pair(meter) {
    const [near, far] = (await connectPeers()).channels
    return new Channel(near, far, meter)
  },
})

export const braidwireWebrtc = ownWay({
  async pair(meter, raised) {
    const [near, far] = (await connectPeers()).channels
    listen(far, (session) => serve(session, meter), raised).catch(fatal)
    return new Calls(await connect(near, raised))
  },
})

/** One channel for a stream or for calls: no row has both. */
class Channel implements Dialled {
  readonly #near: DataChannel
  readonly #far: DataChannel
  readonly #meter: Meter
  readonly #replies = new Replies()

  constructor(near: DataChannel, far: DataChannel, meter: Meter) {
    this.#near = near
    this.#far = far
    this.#meter = meter
    far.onMessage((message) => far.sendMessageBinary(message as Buffer))
    near.onMessage((message) => this.#replies.take(message as Buffer))
  }

  open(ready: () => void): Outlet {
    const number = this.#meter.opened()
    this.#far.onMessage((message) => this.#meter.add(number, (message as Buffer).length))
    const turn = turning(ready)
    let full = false
    this.#near.setBufferedAmountLowThreshold(ROOM_BYTES)
    this.#near.onBufferedAmountLow(() => {
      if (!full) return
      full = false
      ready()
    })
    return {
      write: (chunk) => {
        this.#near.sendMessageBinary(chunk)
        full = this.#near.bufferedAmount() >= FULL_BYTES
        return turn(chunk.length, !full)
      },
    }
  }

  call(body: Uint8Array, done: (reply: Body) => void): void {
    this.#replies.expect(done)
    this.#near.sendMessageBinary(body)
  }
}
