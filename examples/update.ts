// Streams with metadata, opened from either side and confirmed by the other: run it twice, to listen and to connect.
import { connect, listen, type Session } from 'braidwire'

const [role = 'listen', url = 'tcp://127.0.0.1:12345'] = process.argv.slice(2)

async function exchange(session: Session) {
  // What the other side opens: taking it is what confirms it.
  const received = session.take('update').then(async (stream) => {
    console.log('meta', stream.meta)
    stream.end()
    for await (const data of stream) console.log('data', new TextDecoder().decode(data))
  })

  // What this side opens.
  const stream = session.open('update', { meta: { type: 'update', file: 'xy.js' }, confirm: true })
  await stream.accepted
  console.log('the other side has created it')
  stream.write(new TextEncoder().encode("console.log('Hello');"))
  stream.end()

  await Promise.all([received, stream.closed])
}

if (role === 'listen') {
  const listener = await listen(url, async (session) => {
    await exchange(session)
    await session.closed
    await listener.close()
  })
  console.log(`listening ${listener.url}`)
} else {
  const session = await connect(url)
  await exchange(session)
  await session.drain(5000)
}
