// The listening half of `npm run demo:resume`: serves one folder and counts how often each call was executed. Run by
// demo-resume.mjs as a process of its own: node scripts/demo-resume-server.mjs <folder>

import { listen } from 'braidwire'
import { openRoot, serveFiles } from 'braidwire/node'
import { expose } from 'braidwire/rpc'

const executed = new Map()
const root = await openRoot(process.argv[2])
const api = {
  /** Counts one call. */
  work(number) {
    executed.set(number, (executed.get(number) ?? 0) + 1)
    return number
  },

  /** How many different calls were executed, and how many of them more than once. */
  executed() {
    return { calls: executed.size, twice: [...executed.values()].filter((times) => times > 1).length }
  },
}
const serve = (session) => {
  serveFiles(session, root)
  expose(session, api)
}
const listener = await listen('tcp://127.0.0.1:0', serve, { resume: true })
console.log(`listening ${listener.url}`)
process.on('SIGTERM', () => void listener.close().then(() => process.exit(0)))
