// `braid cat`: one file to standard output, as it comes.

import { type FileHash, type FileInfo, type FileSink, fetchFile } from 'braidwire/file'
import { sha256 } from 'braidwire/node'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import type { Arguments } from './arguments.ts'
import { withConnection } from './dial.ts'
import { fetchFault, servedPath } from './paths.ts'
import { clause, quoted, Refusal } from './say.ts'
import { dialArgs } from './security.ts'

// A file up to this size is printed only when it has come whole and its sum is right.
const heldBytesMax = 1024 * 1024

const args: ArgsDef = {
  url: { type: 'positional', description: 'Address of the server' },
  path: { type: 'positional', description: 'The file there' },
  ...dialArgs,
}

export const cat: CommandDef = defineCommand({
  meta: { name: 'cat', description: 'Print a served file' },
  args,
  run: ({ data }) => run(data as Arguments),
})

async function run(data: Arguments): Promise<void> {
  const [, asked] = data.positionals as [string, string]
  const path = servedPath(asked)
  const fault = path === '' ? 'it is a folder' : fetchFault(path)
  if (fault !== undefined) throw new Refusal(`cannot get ${quoted(asked)}: ${fault}`)
  await withConnection(data, async ({ session, signal }) => {
    try {
      await fetchFile(session, path, new OutputSink(), { signal })
    } catch (error) {
      throw new Refusal(`cannot get ${quoted(asked)}: ${clause(error)}`)
    }
  })
}

class OutputSink implements FileSink {
  readonly hash: FileHash = sha256()
  #held: Uint8Array[] | undefined

  async open(info: FileInfo): Promise<void> {
    if (info.size <= heldBytesMax) this.#held = []
  }

  write(bytes: Uint8Array): boolean {
    if (this.#held === undefined) return process.stdout.write(bytes)
    this.#held.push(bytes)
    return true
  }

  ready(): Promise<void> {
    return new Promise((resolve) => process.stdout.once('drain', resolve))
  }

  async commit(): Promise<void> {
    for (const bytes of this.#held ?? []) if (!process.stdout.write(bytes)) await this.ready()
  }

  async abort(): Promise<void> {
    this.#held = []
  }
}
