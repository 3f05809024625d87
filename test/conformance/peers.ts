// Two peers of node-datachannel in this process, connected on loopback, and the two ends of a channel between them.

import { type DataChannel, PeerConnection } from 'node-datachannel'

export interface Peers {
  readonly near: PeerConnection
  readonly far: PeerConnection
  /** The open channel, as each of them has it. */
  readonly channels: readonly [near: DataChannel, far: DataChannel]
}

export async function connectPeers(): Promise<Peers> {
  const config = { iceServers: [], bindAddress: '127.0.0.1' }
  const [near, far] = [new PeerConnection('near', config), new PeerConnection('far', config)]
  near.onLocalDescription((sdp, type) => far.setRemoteDescription(sdp, type))
  far.onLocalDescription((sdp, type) => near.setRemoteDescription(sdp, type))
  // Only one way: a peer that is reached before it knows the other's certificate refuses it.
  far.onLocalCandidate((candidate, mid) => {
    // One that comes when the peers are gone already: what is thrown here would end the process.
    try {
      near.addRemoteCandidate(candidate, mid)
    } catch {}
  })
  const coming = new Promise<DataChannel>((resolve) => far.onDataChannel(resolve))
  const channel = near.createDataChannel('braid')
  const open = new Promise<void>((resolve) => channel.onOpen(resolve))
  const other = await coming
  await open
  return { near, far, channels: [channel, other] }
}
