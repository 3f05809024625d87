// How two WebRTC peers find each other: each is connected to one server, which hands the typed calls of one on to the other.
import { connect, type Session } from 'braidwire'
import { expose, forward, wrap } from 'braidwire/rpc'
import type { DataChannelLike } from 'braidwire/transport/data-channel'

type Description = { type: string; sdp: string }
type Told = { candidate?: { toJSON(): object } | null }
/** What is used of an `RTCPeerConnection`. */
export interface PeerLike {
  createDataChannel(label: string, options: { negotiated: boolean; id: number }): DataChannelLike
  createOffer(): Promise<Description>
  createAnswer(): Promise<Description>
  setLocalDescription(description: Description): Promise<void>
  setRemoteDescription(description: Description): Promise<void>
  addIceCandidate(candidate: object): Promise<void>
  addEventListener(event: string, listener: (told: Told) => void): void
  close(): void
}

/** Resolves to a session with the other peer. The one that offers comes second. */
export async function meet(signals: Session, peer: PeerLike, role: 'offer' | 'answer'): Promise<Session> {
  let described = () => {}
  const ready = new Promise<void>((resolve) => (described = resolve))
  const describe = (description: Description) => peer.setRemoteDescription(description).then(described)
  const own = async ({ type, sdp }: Description) => {
    await peer.setLocalDescription({ type, sdp })
    return { type, sdp }
  }
  // Made by both, so that none has to be offered: Chromium now and then offers one that is never open.
  const begin = () => connect(peer.createDataChannel('braidwire', { negotiated: true, id: 0 }))
  let called = (_session: Promise<Session>) => {}
  const coming = new Promise<Session>((resolve) => (called = resolve))
  const api = {
    candidate: (candidate: object) => ready.then(() => peer.addIceCandidate(candidate)),
    offer: async (offer: Description) => {
      called(begin())
      await describe(offer)
      return own(await peer.createAnswer())
    },
  }
  const other = wrap<{ other: typeof api }>(signals).other
  peer.addEventListener('icecandidate', ({ candidate }) => {
    // Not before the other's description is known: node-datachannel refuses a peer that knocks before its certificate is known.
    // One that cannot be used is a way less, no failure.
    if (candidate) ready.then(() => other.candidate(candidate.toJSON())).catch(() => {})
  })
  expose(signals, api)
  if (role === 'answer') return coming
  const session = begin()
  await describe(await other.offer(await own(await peer.createOffer())))
  return session
}

const waiting: Session[] = []
/** What the server does with each session: two and two of them get to know each other. */
export function introduce(session: Session): void {
  const first = waiting.pop()
  if (first === undefined) return void waiting.push(session)
  expose(session, { other: forward(first) })
  expose(first, { other: forward(session) })
}
