// A session straight from peer to peer: they find each other over a WebSocket, then a large file goes over a data channel.
import { connect, listen } from 'braidwire'
import { cleanup } from 'node-datachannel'
import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { introduce, meet, type PeerLike } from './signalling.ts'
import { sendFile, takeFiles } from './transfer.ts'

/** On this machine alone; without `bindAddress` a peer uses every address it has. */
const newPeer = () => new RTCPeerConnection({ bindAddress: '127.0.0.1' } as object) as unknown as PeerLike

const server = await listen('ws://127.0.0.1:0', introduce)
const [first, second] = [await connect(server.url), await connect(server.url)]
const [near, far] = [newPeer(), newPeer()]
const [a, b] = await Promise.all([meet(second, near, 'offer'), meet(first, far, 'answer')])
// From here on nothing goes through the server.
await server.close()

takeFiles(b)
console.log(await sendFile(a, 8 * 1024 * 1024))

await Promise.all([a.close(), b.closed])
near.close()
far.close()
cleanup()
