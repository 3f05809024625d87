// A listens. It talks with B through an ordinary Node duplex, and echoes another stream with a.pipe(b).pipe(a).
import { PassThrough } from 'node:stream'
import { listen } from 'braidwire'
import { duplex } from 'braidwire/node'

const listener = await listen(process.argv[2] ?? 'tcp://127.0.0.1:8000', (session) => {
  session.handle('talk', (stream) => {
    const socket = duplex(stream)
    socket.on('data', (data) => console.log(data.toString()))
    socket.on('error', () => {})
    socket.end('Hello I am A')
  })

  session.handle('echo', (stream) => {
    const a = duplex(stream)
    const b = new PassThrough()
    a.on('error', () => b.destroy())
    a.pipe(b).pipe(a)
  })
})
console.log(`listening ${listener.url}`)
