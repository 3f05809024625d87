// Bundled from build/test/webrtc/rounds.js for the page: two peers of it that meet again and again, for what goes wrong in one of twenty.
import { connect, listen } from 'braidwire'
import { memory } from 'braidwire/transport/memory'
import '../../examples/webrtc/page.ts'
import { introduce, meet, type PeerLike } from '../../examples/webrtc/signalling.ts'

declare const RTCPeerConnection: new () => PeerLike

/** Resolves to how often both have got an answer to a ping; rejects with what went wrong first. */
async function rounds(count: number): Promise<number> {
  for (let round = 0; round < count; round++) {
    const roles = ['answer', 'offer'] as const
    const [wires, peers] = [roles.map(() => memory()), roles.map(() => new RTCPeerConnection())]
    const listener = await listen(
      wires.map(([, far]) => far),
      introduce,
    )
    const signals = await Promise.all(wires.map(([near]) => connect(near)))
    const sessions = await Promise.all(roles.map((role, index) => meet(signals[index]!, peers[index]!, role)))
    await Promise.all(sessions.map((session) => session.ping()))
    await sessions[0]!.close()
    await listener.close()
    for (const peer of peers) peer.close()
  }
  return count
}

Object.assign(globalThis, { rounds })
