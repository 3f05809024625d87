// `braid serve`: a folder on one or more addresses until a signal comes, then nothing new, then the end.

import { listen, type Session } from 'braidwire'
import { openRoot, serveFiles } from 'braidwire/node'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import type { Arguments } from './arguments.ts'
import { clause, count, quoted, Refusal, size } from './say.ts'
import { listenArgs, listenSecurity } from './security.ts'
import type { Web } from './web.ts'

// Transfers under way may end within this time after the signal.
const drainMs = 10_000

const args: ArgsDef = {
  dir: { type: 'positional', description: 'The folder' },
  listen: {
    type: 'string',
    valueHint: 'url',
    description:
      'tls://host:port, tcp://host:port, ws:// or wss://host:port/path, unix:/path or stdio:; may be given again (Default: this machine alone, port 0)',
  },
  web: { type: 'boolean', description: 'Also a page for browsers, at the addresses with ws:// or wss://' },
  hidden: { type: 'boolean', description: 'Also names that begin with a dot' },
  ...listenArgs,
}

export const serve: CommandDef = defineCommand({
  meta: { name: 'serve', description: 'Serve a folder until interrupted' },
  args,
  run: ({ data }) => run(data as Arguments),
})

async function run(data: Arguments): Promise<void> {
  const { flags, positionals } = data
  const folder = positionals[0]!
  const security = await listenSecurity(data)
  const { urls } = security
  const web = flags.has('web') ? await webOf(data, urls) : undefined
  const stopped = Promise.race(urls.every((url) => url === 'stdio:') ? [firstSignal(), inputEnd()] : [firstSignal()])
  const root = await openRoot(folder, { hidden: flags.has('hidden') }).catch((error) => {
    throw new Refusal(`cannot serve ${quoted(folder)}: ${clause(error)}`)
  })
  const served = { files: 0, bytes: 0, streams: 0 }
  const onSession = (session: Session): void => {
    serveFiles(session, root, {
      sent: (_path, { bytes }) => {
        served.files++
        served.bytes += bytes
      },
    })
    // Lets anyone measure how long a small call takes beside the files.
    session.handleCall('$ping', (bytes) => bytes)
    web?.joined(session)
    void session.closed.then(() => {
      served.streams += session.stats().streamsAccepted
    })
  }
  const listener = await listen(security.urls, onSession, { ...security.options, ...web?.options })
  const addresses = listener.urls.map((url) => `listening ${url}\n`).join('')
  process.stdout.write(addresses + (web?.hint(listener.urls) ?? '') + security.hint(listener.urls))
  await stopped
  await listener.drain(drainMs)
  await listener.close()
  const { files, bytes, streams } = served
  const over = `${count(listener.stats().accepted, 'connection')} and ${count(streams, 'stream')}`
  process.stdout.write(`served ${count(files, 'file')} (${size(bytes)}) over ${over}\n`)
}

/** Loaded for those who ask for it, with events and compression. */
async function webOf({ flags }: Arguments, urls: readonly string[]): Promise<Web> {
  const { openWeb } = await import('./web.ts')
  return openWeb(urls, { plain: flags.has('insecure') })
}

/** Whoever started a server for its own use alone has gone. */
function inputEnd(): Promise<void> {
  return new Promise((resolve) => void process.stdin.once('close', resolve))
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
