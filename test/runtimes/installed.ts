// The runtimes beside the one that runs this: their names, where their executables are, what they must be told. Runs nothing.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Seen from build/test/runtimes. */
const PACKAGES = new URL('../../../test/runtimes/packages/node_modules/', import.meta.url)

/** One that is there, on this machine. */
export interface Installed {
  readonly title: string
  /** Of the runtime itself; what it says in `process.version` may be the Node it resembles. */
  readonly version: string
  /** Its executable. */
  readonly path: string
  /** What stands before the program's name. */
  readonly flags: readonly string[]
}

/** Where in the package of its name an executable lies, and what it must be told. */
const packaged = {
  node22: { title: 'Node', file: 'bin/node', flags: [] },
  node24: { title: 'Node', file: 'bin/node', flags: [] },
  node26: { title: 'Node', file: 'bin/node', flags: [] },
  bun: { title: 'Bun', file: 'bin/bun', flags: ['--no-install'] },
  // Everything it runs is here: nothing is to be fetched, and no lockfile written.
  deno: { title: 'Deno', file: 'deno', flags: ['run', '--allow-all', '--cached-only', '--no-lock'] },
  bare: { title: 'Bare', file: 'bin/bare', flags: [] },
} as const

export type RuntimeName = 'node' | keyof typeof packaged

/** In the order of the table; `node` is the one that runs this. */
export const runtimeNames = ['node', ...Object.keys(packaged)] as readonly RuntimeName[]

/** @throws Error in words for a person, when its package is not installed here. */
export function installed(name: RuntimeName): Installed {
  if (name === 'node') return { title: 'Node', version: process.versions.node, path: process.execPath, flags: [] }
  const { title, file, flags } = packaged[name]
  const folder = new URL(`${name}/`, PACKAGES)
  const path = fileURLToPath(new URL(file, folder))
  if (!existsSync(path)) {
    throw new Error(`${name} cannot be had: test/runtimes/packages/package.json has none for this machine`)
  }
  const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Installed
  return { title, version, path, flags }
}
