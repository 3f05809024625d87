// Plain JavaScript: two sessions over TCP, typed calls, a stream through each view. Prints what came back.

import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { BraidError, connect, listen } from 'braidwire'
import { duplex } from 'braidwire/node'
import { expose, wrap } from 'braidwire/rpc'
import { streamx } from 'braidwire/streamx'
import { web } from 'braidwire/web'

const listener = await listen('tcp://127.0.0.1:0', (session) => {
  expose(session, { add: (a, b) => a + b })
  session.handle('echo', async (stream) => {
    for await (const chunk of stream) if (!stream.write(chunk)) await stream.ready
    stream.end()
  })
})
const session = await connect(listener.url)
assert.equal(await wrap(session).add(40, 2), 42)
assert.equal(await text(duplex(session.open('echo')).end('node')), 'node')
const echoed = new Blob(['web']).stream().pipeThrough(web(session.open('echo')))
assert.equal(await new Response(echoed).text(), 'web')
const view = streamx(session.open('echo'))
view.end('streamx')
for await (const chunk of view) assert.equal(new TextDecoder().decode(chunk), 'streamx')
await assert.rejects(connect('nothing://'), (error) => error instanceof BraidError || error instanceof TypeError)
await session.close()
await listener.close()
console.log('used as JavaScript')
