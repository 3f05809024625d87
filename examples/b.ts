// B connects, says who it is, prints what it hears, and sends its own source around A's echo.
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { connect } from 'braidwire'
import { duplex } from 'braidwire/node'

const session = await connect(process.argv[2] ?? 'tcp://127.0.0.1:8000')

const socket = duplex(session.open('talk'))
socket.end('Hello I am B')
console.log(await text(socket))

const source = await readFile(new URL(import.meta.url), 'utf8')
const echo = duplex(session.open('echo'))
echo.end(source)
console.log((await text(echo)) === source ? 'the echo is what was said' : 'the echo is something else')

await session.close()
