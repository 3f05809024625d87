// Ports, workers and data channels as the conformance suite takes them: two ends in this thread, and whatever is real between them.

import { MessageChannel, Worker } from 'node:worker_threads'
import { dataChannel } from 'braidwire/transport/data-channel'
import { messagePort } from 'braidwire/transport/message-port'
import { connectPeers } from './peers.ts'
import type { Ends, TransportSubject } from './transport.ts'

function ports(): Ends {
  const { port1, port2 } = new MessageChannel()
  return {
    near: messagePort(port1),
    far: messagePort(port2),
    cut: (end) => (end === 'near' ? port1 : port2).close(),
  }
}

/** What a thread does that hands everything on between its parent and a port. */
const RELAY = `
  const { parentPort, workerData: { port } } = require('node:worker_threads')
  const buffers = (message) => [message].flat().filter((each) => each instanceof Uint8Array).map((each) => each.buffer)
  parentPort.on('message', (message) => port.postMessage(message, buffers(message)))
  port.on('message', (message) => parentPort.postMessage(message, buffers(message)))`

/** All that passes goes through a real thread, which is ended in mid-word when the carrier is to break. */
function thread(): Ends {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(RELAY, { eval: true, workerData: { port: port2 }, transferList: [port2] })
  return {
    near: messagePort(worker),
    far: messagePort(port1),
    cut: () => worker.terminate(),
    dispose: () => worker.terminate(),
  }
}

/** Two peers, connected on loopback. */
async function peers(): Promise<Ends> {
  const { near, far, channels } = await connectPeers()
  return {
    near: dataChannel(channels[0]),
    far: dataChannel(channels[1]),
    cut: (end) => (end === 'near' ? near : far).close(),
    dispose: () => {
      near.close()
      far.close()
    },
  }
}

export const portSubjects: readonly TransportSubject[] = [
  { name: 'message ports', pair: ports },
  { name: 'worker thread', pair: thread },
  {
    name: 'data channel',
    pair: peers,
    cannot: {
      'a reader that pauses holds the sender, and drained comes once for every false':
        'WebRTC takes in whatever comes and has no way to tell the sender to wait; the credit of the session does',
    },
  },
]
