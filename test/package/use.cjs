// CommonJS: the package is of ES modules, which Node can require from 20.19 on.

const assert = require('node:assert/strict')
const { connect, listen } = require('braidwire')
const { expose, wrap } = require('braidwire/rpc')

async function main() {
  const listener = await listen('tcp://127.0.0.1:0', (session) => void expose(session, { twice: (n) => n * 2 }))
  const session = await connect(listener.url)
  assert.equal(await wrap(session).twice(21), 42)
  await session.close()
  await listener.close()
  // The same objects, whichever way they are asked for: no second copy of a class.
  assert.equal((await import('braidwire')).connect, connect)
  console.log('used by require')
}

main()
