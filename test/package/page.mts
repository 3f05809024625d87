// TypeScript for a page: checked with the types of browsers and no others, bundled, and run.

import { connect, listen, type Session } from 'braidwire'
import { expose, wrap } from 'braidwire/rpc'
import { memory } from 'braidwire/transport/memory'
import { web } from 'braidwire/web'

const [near, far] = memory()
const api = { greet: (name: string) => `hello ${name}` }
const listener = await listen(far, (session: Session) => {
  expose(session, api)
  session.handle('file', (stream) => new Blob(['a file']).stream().pipeTo(web(stream).writable))
})
const session = await connect(near)
const body: BodyInit = web(session.open('file')).readable
const words: string[] = [await wrap<typeof api>(session).greet('page'), await new Response(body).text()]
await session.close()
await listener.close()
console.log(words.join(', '))
