// A server on all cores: workers share one port, each session lives in one of them, and what all must know is kept in one place.
import cluster from 'node:cluster'
import { pbkdf2Sync } from 'node:crypto'
import { once } from 'node:events'
import { connect, listen } from 'braidwire'
import { type Client, expose, wrap } from 'braidwire/rpc'

const [workers = 2, callsEach = 100] = process.argv.slice(2).map(Number)
const sessions = 8

let total = 0
/** What the first process keeps for all: workers have no memory in common. */
const shared = { add: (count: number) => (total += count) }
const api = (store: Client<typeof shared>) => ({
  hash: async (text: string) => {
    const hash = pbkdf2Sync(text, 'salt', 500, 32, 'sha256')
    return { hash, worker: process.pid, total: await store.add(1) }
  },
})

if (cluster.isPrimary) {
  const store = await listen('tcp://127.0.0.1:0', (session) => void expose(session, shared))
  const all = Array.from({ length: workers }, () => cluster.fork({ STORE: store.url }))
  const [[{ port }]] = (await Promise.all(all.map((worker) => once(worker, 'listening')))) as [[{ port: number }]]
  const clients = await Promise.all(Array.from({ length: sessions }, () => connect(`tcp://127.0.0.1:${port}`)))
  const begun = performance.now()
  const calls = clients.flatMap((client) => {
    const remote = wrap<ReturnType<typeof api>>(client)
    return Array.from({ length: callsEach }, () => remote.hash('tea'))
  })
  const answers = await Promise.all(calls)
  console.log(`${Math.round((answers.length * 1000) / (performance.now() - begun))} calls a second`)
  console.log(`${new Set(answers.map(({ worker }) => worker)).size} workers made ${total} hashes`)
  await Promise.all([...clients, store].map((each) => each.close()))
  cluster.disconnect()
} else {
  const store = wrap<typeof shared>(await connect(process.env.STORE ?? ''))
  await listen('tcp://127.0.0.1:0', (session) => void expose(session, api(store)))
}
