// A session over one HTTP/2 stream: Node gives such a stream as a duplex, and a duplex is all a session needs. Other requests of the same
// HTTP/2 connection go on beside it, and so does what a proxy for HTTP/2 does.
import { once } from 'node:events'
import { connect as connectHttp2, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect, listen } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'

const api = { shout: (text: string) => text.toUpperCase() }

const server = createServer()
server.on('stream', async (stream, { ':path': path }) => {
  if (path !== '/braid') return void stream.respond({ ':status': 404 }, { endStream: true })
  stream.respond({ ':status': 200 })
  await listen(stream, (session) => void expose(session, api))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
const session = await connect(client.request({ ':method': 'POST', ':path': '/braid' }, { endStream: false }))
const remote = wrap<typeof api>(session)
console.log(await Promise.all(['one', 'connection', 'for both'].map((text) => remote.shout(text))))

const other = client.request({ ':path': '/elsewhere' })
const [headers] = await once(other, 'response')
console.log('and beside it', headers[':status'])
other.resume()
await session.close()
client.close()
server.close()
