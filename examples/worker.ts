// Typed calls to a worker thread: a function that is called back while it works, and a large result that comes in pieces.
import { Worker } from 'node:worker_threads'
import { connect } from 'braidwire'
import { wrap } from 'braidwire/rpc'
import type { Api } from './worker-side.ts'

const worker = new Worker(new URL('./worker-side.js', import.meta.url))
const session = await connect(worker)
const remote = wrap<Api>(session)

console.log('sum', await remote.sum(Uint8Array.of(1, 2, 3)))

const picture = await remote.render(16 * 1024 * 1024, (percent) => console.log(`${percent} %`))
let [bytes, whole] = [0, 0]
for await (const piece of picture) {
  bytes += piece.length
  // Memory that came from the other thread as it is.
  if (piece.buffer.byteLength === piece.length && piece.length === 64 * 1024) whole += piece.length
}
console.log(`${bytes} bytes, ${Math.round((100 * whole) / bytes)} % of them in pieces that were not copied`)

// The thread has nothing else to do, so it ends with the session.
await session.close()
