// Through an HTTP proxy: CONNECT asks it for a tunnel, and the socket it hands over is a duplex like any other. The proxy here is
// a small one of its own; in TLS inside the tunnel it would see nothing (`tls.connect({ socket })`).
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect as dial, type Socket } from 'node:net'
import { connect, listen } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'

const api = { shout: (text: string) => text.toUpperCase() }
const listener = await listen('tcp://127.0.0.1:0', (session) => void expose(session, api))

const proxy = createServer()
proxy.on('connect', ({ url = '' }, near: Socket) => {
  console.log('the proxy makes a tunnel')
  const { hostname, port } = new URL(`http://${url}`)
  const far = dial(Number(port), hostname, () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'))
  near.pipe(far).pipe(near)
  near.on('error', () => far.destroy())
  far.on('error', () => near.destroy())
})
proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')

const { port } = proxy.address() as AddressInfo
const asking = request({ host: '127.0.0.1', port, method: 'CONNECT', path: new URL(listener.url).host })
asking.end()
const [response, socket, head] = (await once(asking, 'connect')) as [{ statusCode: number }, Socket, Buffer]
if (response.statusCode !== 200) throw new Error(`the proxy refuses: ${response.statusCode}`)
socket.unshift(head)
const session = await connect(socket)
console.log(await wrap<typeof api>(session).shout('through the wall'))
await session.close()
await listener.close()
proxy.close()
