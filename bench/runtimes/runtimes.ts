// The runtimes the benchmark can run on, of those the tests are run on. Runs nothing.

import { installed as found, type Installed, type RuntimeName as Known } from '../../test/runtimes/installed.ts'
import { type Runtime, thisNode } from '../pair.ts'

export type RuntimeName = Extract<Known, 'node' | 'node24' | 'node26' | 'bun' | 'deno'>
export type { Installed }

/** In the order of the table; `node` is the one that runs this. */
export const runtimeNames: readonly RuntimeName[] = ['node', 'node24', 'node26', 'bun', 'deno']

/** One that is there, told what the benchmark needs. @throws Error in words for a person, when its package is not installed here. */
export function installed(name: RuntimeName): Installed & Runtime {
  const { flags, ...rest } = found(name)
  return { ...rest, flags: [...flags, ...(name.startsWith('node') ? thisNode.flags : [])] }
}
