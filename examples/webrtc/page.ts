// The same in a page: two of them, or a page and a program, with the server of the page between them only until they have met.
import { connect } from 'braidwire'
import { meet, type PeerLike } from './signalling.ts'
import { sendFile, takeFiles } from './transfer.ts'

declare const RTCPeerConnection: new () => PeerLike

async function offer(url: string, length: number): Promise<string> {
  const [peer, signals] = [new RTCPeerConnection(), await connect(url)]
  const session = await meet(signals, peer, 'offer')
  await signals.close()
  const said = await sendFile(session, length)
  await session.close()
  peer.close()
  return said
}

/** Resolves with how the session has ended. */
async function answer(url: string): Promise<string> {
  const [peer, signals] = [new RTCPeerConnection(), await connect(url)]
  Object.assign(globalThis, { waiting: true })
  const session = await meet(signals, peer, 'answer')
  takeFiles(session)
  const error = await session.closed
  peer.close()
  return error?.message ?? 'closed'
}

Object.assign(globalThis, { offer, answer })
