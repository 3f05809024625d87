// Counts a hot path in processes of its own, so that one path does not change what V8 makes of another. Knows no record.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CodeCounts, Counts, HeapCounts, Part } from './counts.ts'
import type { PathName } from './paths.ts'

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const TIMEOUT_MS = 60_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

const run = promisify(execFile)

/** One thread, and nothing left to chance. */
const REPEATABLE = ['--predictable', '--random-seed=1', '--expose-gc']
const flags: Readonly<Record<Part, readonly string[]>> = {
  // With the optimising compiler: what it saves is saved. When garbage is collected, and what survives it, must not go by the
  // clock, nor decide what is compiled how.
  heap: [
    ...REPEATABLE,
    '--sampling-heap-profiler-suppress-randomness',
    '--predictable-gc-schedule',
    '--no-allocation-site-pretenuring',
    '--no-flush-bytecode',
    // Objects made at once are counted one by one.
    '--no-turbo-allocation-folding',
  ],
  // Without: a function that was inlined is not counted. So much room that no buffer is collected while they are counted.
  code: [...REPEATABLE, '--no-opt', '--min-semi-space-size=256', '--max-semi-space-size=256'],
}

/** Rejects with a sentence when it could not be counted. */
export async function count(path: PathName): Promise<Counts> {
  const [{ allocated, ...heap }, { executed, ...code }] = await Promise.all([
    ask<HeapCounts>('heap', path),
    ask<CodeCounts>('code', path),
  ])
  return { figures: { ...heap, ...code }, allocated, executed }
}

async function ask<T>(part: Part, path: PathName): Promise<T> {
  try {
    const { stdout } = await run(process.execPath, [...flags[part], CHILD, part, path], {
      cwd: ROOT,
      // Options and coverage of the process that started this one would be counted too.
      env: { ...process.env, NODE_OPTIONS: undefined, NODE_V8_COVERAGE: undefined },
      timeout: TIMEOUT_MS,
      maxBuffer: ANSWER_BYTES_MAX,
    })
    return JSON.parse(stdout) as T
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    const why = /^(?:\w*Error\b.*|.*bad option.*)$/m.exec(text)?.[0] ?? `it did not end well within ${TIMEOUT_MS} ms`
    throw new Error(`the path ${path} could not be counted: ${why}`)
  }
}
