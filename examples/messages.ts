// A message, a request and a stream of messages between two sessions in memory.
import { expose, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const [a, b] = pair()

// A handles an ordinary message, a request, and a stream, which it sends back.
a.handleMessage((message) => console.log('message', decode(message)))
const api = {
  request(value: unknown) {
    console.log('request', value)
    return { okay: true }
  },
}
expose(a, api)
a.handle('echo', async (stream) => {
  for await (const message of stream.messages()) if (!stream.send(message)) await stream.ready
  stream.end()
})
const closed = a.closed.then((error) => console.log('closed', error))

b.message(encode('HELLO THERE'))
console.log('response', await wrap<typeof api>(b).request({ foo: 'bar' }))

const stream = b.open('echo')
stream.send(encode('open - write to stream'))
stream.send(encode('and once more'))
stream.end()
for await (const message of stream.messages()) console.log('echo', decode(message))

await b.close()
await closed
