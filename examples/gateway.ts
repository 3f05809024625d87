// A deadline over two hops: the client gives a call its time, the gateway spends some, and the store sees what is left.
import { connect, listen } from 'braidwire'
import { expose, forward, type Middleware, withContext, wrap } from 'braidwire/rpc'

const store = {
  read: withContext((ctx, name: string) => ({ text: `contents of ${name}`, left: ctx.remaining() ?? Infinity })),
  hang: withContext(async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    console.log('the store stops')
    signal.throwIfAborted()
  }),
}
const storeListener = await listen('tcp://127.0.0.1:0', (session) => void expose(session, store))

// The gateway takes its time, then hands the call on: with its deadline, its metadata and its cancellation.
const toStore = await connect(storeListener.url)
const gateway = { store: forward<typeof store>(toStore) }
const slow: Middleware = async (_call, next) => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return next()
}
const listener = await listen('tcp://127.0.0.1:0', (session) => void expose(session, gateway, { use: [slow] }))

const session = await connect(listener.url)
const remote = wrap<typeof gateway>(session)
const { text, left } = await remote.with({ timeout: 1000 }).store.read('a.txt')
console.log(text)
console.log(left < 985 ? 'the store saw what the gateway left of 1000 ms' : `${left} ms?`)

const hung = await remote.with({ timeout: 100 }).store.hang.safe()
console.log('went well:', hung.ok)

await session.close()
await Promise.all([listener.close(), toStore.close(), storeListener.close()])
