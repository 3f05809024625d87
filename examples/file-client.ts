// Asks file-server for one file and prints what arrives on its stream.
import { BraidError, connect } from 'braidwire'
import { wrap } from 'braidwire/rpc'
import type { Api } from './file-server.ts'

const [name = 'hello', url = 'tcp://127.0.0.1:5000'] = process.argv.slice(2)
const session = await connect(url)

session.handle('file-*', async (stream) => {
  console.log(`RECEIVED FILE ${stream.name.replace(/^file-/, '')}`)
  for await (const chunk of stream) process.stdout.write(chunk)
  stream.end()
})

const remote = wrap<Api>(session, ['read'])
try {
  const size = await remote.read(name)
  await session.drain(5000)
  console.log(`${size} bytes`)
} catch (error) {
  if (!(error instanceof BraidError)) throw error
  console.error(error.message)
  process.exitCode = 1
  await session.close()
}
