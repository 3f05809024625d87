// TypeScript in Node: checked under every way of finding modules that knows `exports`, with the types of Node and no others.

import { deepEqual, equal } from 'node:assert/strict'
import { type BraidError, connect, type Listener, listen, type Session, type Stream } from 'braidwire'
import { duplex } from 'braidwire/node'
import { expose, wrap } from 'braidwire/rpc'
import { type StreamxView, streamx } from 'braidwire/streamx'
import { web } from 'braidwire/web'

const api = {
  add: (a: number, b: number): number => a + b,
  async *count(to: number): AsyncGenerator<number> {
    for (let i = 1; i <= to; i++) yield i
  },
}
const listener: Listener = await listen('tcp://127.0.0.1:0', (session: Session) => {
  expose(session, api)
  session.handle('echo', (stream: Stream) => {
    const { readable, writable } = web(stream)
    return readable.pipeTo(writable)
  })
})
{
  await using session = await connect(listener.url)
  const remote = wrap<typeof api>(session)
  const sum: number = await remote.add(40, 2)
  equal(sum, 42)
  const counted: number[] = []
  for await (const number of remote.count(3)) counted.push(number)
  deepEqual(counted, [1, 2, 3])
  const echoed: ReadableStream<Uint8Array> = new Blob(['web']).stream().pipeThrough(web(session.open('echo')))
  equal(await new Response(echoed).text(), 'web')
  const view: StreamxView = streamx(session.open('echo'))
  view.end('streamx')
  for await (const chunk of view) equal(new TextDecoder().decode(chunk as Uint8Array), 'streamx')
  const ended = duplex(session.open('echo')).end('node')
  for await (const chunk of ended) equal(String(chunk), 'node')
  const failure: Promise<BraidError | undefined> = session.closed
  void failure.then((error) => equal(error, undefined))
}
await listener.close()
console.log('used as TypeScript')
