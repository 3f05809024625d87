// A client that outlives its server: calls go on while the server restarts, and what a broken connection cost is told.
import { listen, type Session } from 'braidwire'
import { peer } from 'braidwire/peer'
import { expose, wrap } from 'braidwire/rpc'

const api = (version: number) => ({
  version: () => version,
  sleep: () => new Promise(() => {}),
})
let session: Session | undefined
const serve = (url: string, version: number) =>
  listen(url, (each) => {
    session = each
    expose(each, api(version))
  })

let server = await serve('tcp://127.0.0.1:0', 1)
const { url } = server
const client = peer(url, {
  onLost: ({ error, calls }) => console.log(`lost ${calls.maybe} call, perhaps executed: ${error.code}`),
})
const remote = wrap<ReturnType<typeof api>>(client)
console.log(`version ${await remote.version()}`)

await server.drain(1000)
const answer = remote.version() // waits until somebody is there
server = await serve(url, 2)
console.log(`version ${await answer}`)

const sleeping = remote.sleep.safe()
await remote.version()
await session?.close('INTERNAL', 'a bug')
const { ok } = await sleeping
console.log(`slept well: ${ok}`)
console.log(`version ${await remote.version()}`)
await client.close()
await server.close()
