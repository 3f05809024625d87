// A job in a child process: the functions among its arguments are called back while it runs. The session runs over the
// child's stdin and stdout; run it without arguments.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { connect } from 'braidwire'
import { expose, type RemoteFunction, withContext, wrap } from 'braidwire/rpc'

type Progress = RemoteFunction<[percent: number], void>

const api = {
  /** The hash of the hash of the hash. */
  work: withContext(async (ctx, text: string, rounds: number, progress: Progress) => {
    let hash = text
    for (let round = 1; round <= rounds; round++) {
      ctx.signal.throwIfAborted()
      hash = createHash('sha256').update(hash).digest('hex')
      // Waiting for the answer also lets this process hear that the job was given up.
      if (round % (rounds / 4) === 0) await progress((100 * round) / rounds)
    }
    return hash
  }),
}

if (process.argv[2] === 'child') {
  expose(await connect('stdio:'), api)
} else {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'child'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const session = await connect(child)
  const remote = wrap<typeof api>(session).with({ timeout: 10_000 })
  console.log('done', await remote.work('tea', 1000, (percent) => console.log(`${percent} %`)))

  const controller = new AbortController()
  const given = remote.with({ signal: controller.signal }).work('tea', 1000, () => controller.abort())
  await given.catch((error) => console.log('given up', error.code))
  await session.close()
}
