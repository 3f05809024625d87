// Searches a folder for a word: hits stream as they are found, and leaving the loop ends the search on the server.
import { readdir, readFile } from 'node:fs/promises'
import { connect, listen } from 'braidwire'
import { expose, withContext, wrap } from 'braidwire/rpc'

interface Hit {
  file: string
  line: number
  text: string
}

const api = {
  search: withContext(async function* ({ signal }, word: string): AsyncGenerator<Hit, void> {
    try {
      for (const file of (await readdir('.')).filter((name) => name.endsWith('.ts')).sort()) {
        // It aborts when the client has left, even in the middle of a large file.
        const lines = (await readFile(file, { encoding: 'utf8', signal })).split('\n')
        for (const [index, text] of lines.entries()) if (text.includes(word)) yield { file, line: index + 1, text }
      }
    } finally {
      console.log('the search has ended')
    }
  }),
}

const listener = await listen('tcp://127.0.0.1:0', (session) => void expose(session, api))
const session = await connect(listener.url)
const remote = wrap<typeof api>(session)

let hits = 0
for await (const { file, line, text } of remote.search('from')) {
  console.log(`${file}:${line} ${text}`)
  if (++hits === 3) break
}

await session.drain(1000)
await listener.close()
