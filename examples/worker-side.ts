// What runs in the thread of worker.ts. Each piece of the picture is memory of its own, so it is given away instead of copied.
import { parentPort } from 'node:worker_threads'
import { connect } from 'braidwire'
import { expose, type RemoteFunction } from 'braidwire/rpc'
import { messagePort } from 'braidwire/transport/message-port'

const PIECE = 64 * 1024

type Progress = RemoteFunction<[percent: number], void>

async function* pixels(bytes: number, progress: Progress) {
  for (let made = 0; made < bytes; made += PIECE) {
    yield new Uint8Array(Math.min(PIECE, bytes - made)).map((_, at) => (made + at) % 251)
    if ((made * 4) % bytes === 0) await progress((made * 100) / bytes)
  }
}

const api = {
  /** Grey pixels, one byte each, as a stream of bytes that is made as fast as it is read. */
  render: (bytes: number, progress: Progress) => ReadableStream.from(pixels(bytes, progress)),
  sum: (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + byte, 0),
}
export type Api = typeof api

if (parentPort === null) throw new Error('run worker.js, which starts this as a thread')
expose(await connect(messagePort(parentPort, { transfer: true })), api)
