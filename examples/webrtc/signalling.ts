// How two WebRTC peers find each other: each is connected to one server, which hands the typed calls of one on to the other.
import { connect, type Session } from 'braidwire'
import { expose, forward, wrap } from 'braidwire/rpc'
import type { DataChannelLike } from 'braidwire/transport/data-channel'

type Description = { type: string; sdp: string }
type Told = { candidate?: { toJSON(): object } | null; channel: DataChannelLike }
/** What is used of an `RTCPeerConnection`. */
export interface PeerLike {
  createDataChannel(label: string): DataChannelLike
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
  const api = {
    candidate: (candidate: object) => ready.then(() => peer.addIceCandidate(candidate)),
    offer: async (offer: Description) => {
      await describe(offer)
      return own(await peer.createAnswer())
    },
  }
  const other = wrap<{ other: typeof api }>(signals).other
  peer.addEventListener('icecandidate', ({ candidate }) => candidate && other.candidate.tell(candidate.toJSON()))
  const coming = new Promise<Session>((got) =>
    peer.addEventListener('datachannel', (told) => got(connect(told.channel))),
  )
  expose(signals, api)
  if (role === 'answer') return coming
  const session = connect(peer.createDataChannel('braidwire'))
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
