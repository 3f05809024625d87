// The runtimes the benchmark can run on: their names, where their executables are, what they must be told.
// Runs nothing.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Runtime, thisNode } from '../pair.ts'

/** Seen from build/bench/runtimes. */
const PACKAGES = new URL('../../../bench/runtimes/node_modules/', import.meta.url)

/** One that is there, on this machine. */
export interface Installed extends Runtime {
  readonly title: string
  /** Of the runtime itself; what it says in `process.version` may be the Node it resembles. */
  readonly version: string
}

/** Where in the package of its name an executable lies, and what it must be told. */
interface Packaged {
  readonly title: string
  readonly file: string
  readonly flags: readonly string[]
}

const packaged = {
  node24: { title: 'Node', file: 'bin/node', flags: thisNode.flags },
  node26: { title: 'Node', file: 'bin/node', flags: thisNode.flags },
  bun: { title: 'Bun', file: 'bin/bun', flags: ['--no-install'] },
  // Everything it runs is here: nothing is to be fetched, and no lockfile written.
  deno: { title: 'Deno', file: 'deno', flags: ['run', '--allow-all', '--cached-only', '--no-lock'] },
} as const satisfies Record<string, Packaged>

export type RuntimeName = 'node' | keyof typeof packaged

/** In the order of the table; `node` is the one that runs this. */
export const runtimeNames = ['node', ...Object.keys(packaged)] as readonly RuntimeName[]

/** @throws Error in words for a person, when its package is not installed here. */
export function installed(name: RuntimeName): Installed {
  if (name === 'node') return { ...thisNode, title: 'Node', version: process.versions.node }
  const { title, file, flags }: Packaged = packaged[name]
  const folder = new URL(`${name}/`, PACKAGES)
  const path = fileURLToPath(new URL(file, folder))
  if (!existsSync(path)) throw new Error(`${name} is left out: bench/runtimes/package.json has none for this machine`)
  const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Installed
  return { path, flags, title, version }
}
