// `braid serve`: a folder on one or more addresses until a signal comes, then nothing new, then the end.

import { listen, type Session } from 'braidwire'
import { openRoot, serveFiles } from 'braidwire/node'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import { type Arguments, wrong } from './arguments.ts'
import { clause, count, quoted, Refusal, size } from './say.ts'

// Transfers under way may end within this time after the signal.
const drainMs = 10_000
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i
const tcpAddress = /^tcp:\/\/(\[[^\]]+\]|[^[\]:/?#@\s]+):\d{1,5}\/?$/

const args: ArgsDef = {
  dir: { type: 'positional', description: 'The folder' },
  listen: {
    type: 'string',
    valueHint: 'url',
    description: 'tcp://host:port or unix:/path; may be given again (Default: tcp://127.0.0.1:0)',
  },
  hidden: { type: 'boolean', description: 'Also names that begin with a dot' },
  public: { type: 'boolean', description: 'Allow addresses that other machines can reach' },
}

export const serve: CommandDef = defineCommand({
  meta: { name: 'serve', description: 'Serve a folder until interrupted' },
  args,
  run: ({ data }) => run(data as Arguments),
})

async function run({ flags, values, positionals }: Arguments): Promise<void> {
  const folder = positionals[0]!
  const urls = values.get('listen') ?? ['tcp://127.0.0.1:0']
  if (!flags.has('public')) for (const url of urls) refusePublic(url)
  const stopped = firstSignal()
  const root = await openRoot(folder, { hidden: flags.has('hidden') }).catch((error) => {
    throw new Refusal(`cannot serve ${quoted(folder)}: ${clause(error)}`)
  })
  const served = { files: 0, bytes: 0, streams: 0 }
  const listener = await listen(urls, (session: Session) => {
    serveFiles(session, root, {
      sent: (_path, { bytes }) => {
        served.files++
        served.bytes += bytes
      },
    })
    // Lets anyone measure how long a small call takes beside the files.
    session.handleCall('$ping', (bytes) => bytes)
    void session.closed.then(() => {
      served.streams += session.stats().streamsAccepted
    })
  })
  process.stdout.write(listener.urls.map((url) => `listening ${url}\n`).join(''))
  await stopped
  await listener.drain(drainMs)
  await listener.close()
  const { files, bytes, streams } = served
  const over = `${count(listener.stats().accepted, 'connection')} and ${count(streams, 'stream')}`
  process.stdout.write(`served ${count(files, 'file')} (${size(bytes)}) over ${over}\n`)
}

function refusePublic(url: string): void {
  // An address that is none at all is refused by whoever listens, with better words.
  const host = tcpAddress.exec(url)?.[1]
  if (host === undefined || loopbackHost.test(host)) return
  throw wrong(
    `other machines could reach ${quoted(url)}, and anyone there could read the folder: add --public to allow it`,
  )
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0
    const stop = (): void => {
      // A second signal does not wait for transfers.
      if (++signals > 1) process.exit(1)
      resolve()
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
  })
}
