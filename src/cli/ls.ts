// `braid ls`: the names in a served folder, one a line, folders with a slash.

import { type FileEntry, listFiles } from 'braidwire/file'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import type { Arguments } from './arguments.ts'
import { withConnection } from './dial.ts'
import { servedPath } from './paths.ts'
import { clause, count, quoted, Refusal } from './say.ts'
import { dialArgs } from './security.ts'

// A server could go on for ever; names are kept to be sorted.
const entriesMax = 1_000_000

const args: ArgsDef = {
  url: { type: 'positional', description: 'Address of the server' },
  path: { type: 'positional', required: false, description: 'A folder or file there; without it, the served folder' },
  recursive: { type: 'boolean', alias: 'r', description: 'Also what is in the folders' },
  long: { type: 'boolean', alias: 'l', description: 'Size in bytes and time of the last change before each name' },
  ...dialArgs,
}

export const ls: CommandDef = defineCommand({
  meta: { name: 'ls', description: 'List a served folder' },
  args,
  run: ({ data }) => run(data as Arguments),
})

async function run(data: Arguments): Promise<void> {
  const { flags, positionals } = data
  const [, asked = ''] = positionals
  const path = servedPath(asked)
  let text = ''
  await withConnection(data, async ({ session, signal }) => {
    try {
      const entries: FileEntry[] = []
      const listing = await listFiles(session, path, { recursive: flags.has('recursive'), signal })
      if (!listing.folder) entries.push({ path, folder: false, size: listing.size, mtimeMs: listing.mtimeMs })
      for await (const entry of listing.entries) {
        if (entries.push(entry) > entriesMax) throw new Refusal(`it holds more than ${count(entriesMax, 'name')}`)
      }
      entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
      text = entries.map((entry) => line(entry, flags.has('long'))).join('')
    } catch (error) {
      throw new Refusal(`cannot list ${quoted(asked === '' ? '.' : asked)}: ${clause(error)}`)
    }
  })
  process.stdout.write(text)
}

function line(entry: FileEntry, long: boolean): string {
  const name = entry.folder ? `${entry.path}/` : entry.path
  if (!long) return `${name}\n`
  const bytes = entry.folder ? '-' : String(entry.size)
  return `${bytes.padStart(13)}  ${time(entry.mtimeMs)}  ${name}\n`
}

function time(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? '-'.padEnd(19) : date.toISOString().slice(0, 19).replace('T', ' ')
}
