// Serves a folder: `read` is a call, the bytes of each file go on a stream of their own, all over one connection.
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { BraidError, listen, type Session } from 'braidwire'
import { duplex } from 'braidwire/node'
import { expose } from 'braidwire/rpc'

const api = (session: Session) => ({
  /** Sends the file on the stream `file-<name>` and answers with its size. */
  async read(name: unknown): Promise<number> {
    if (typeof name !== 'string' || !/^[\w-]+$/.test(name)) throw new BraidError('INVALID_INPUT', 'file not allowed')
    const file = await open(`files/${name}`).catch(() => {
      throw new BraidError('NOT_FOUND', `no file "${name}"`)
    })
    const { size } = await file.stat()
    await pipeline(file.createReadStream(), duplex(session.open(`file-${name}`)))
    return size
  },
})
export type Api = ReturnType<typeof api>

const listener = await listen(
  process.argv[2] ?? 'tcp://127.0.0.1:5000',
  (session) => void expose(session, api(session)),
)
console.log(`listening ${listener.url}`)
