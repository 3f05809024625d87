// What a run of one seed is asked and answers, whatever it runs. A failure says in one line what differed, at which step, and
// how to see it again.

import { createHash } from 'node:crypto'

export interface RunOptions {
  /** Gets every line of what happens. */
  readonly trace?: ((line: string) => void) | undefined
  /** Also hash every line. */
  readonly hash?: boolean
}

export interface Verdict {
  readonly seed: number
  readonly steps: number
  readonly virtualMs: number
  readonly bytes: number
  readonly hash: string
  /** One line, or undefined when all was as it ought to be. */
  readonly failure: string | undefined
}

/** Where the lines of a run go; `note` is undefined when nobody wants them. */
export function listen(options: RunOptions): { note: ((line: string) => void) | undefined; hash: () => string } {
  const { trace } = options
  if (trace === undefined && options.hash !== true) return { note: undefined, hash: () => '' }
  const sum = createHash('sha256')
  const note = (line: string): void => {
    sum.update(`${line}\n`)
    trace?.(line)
  }
  return { note, hash: () => (options.hash === true ? sum.digest('hex') : '') }
}

/** The one line about a failure. `again`: what `npm run sim` needs beside the seed to see it. */
export function tellFailure(
  seed: number,
  world: { readonly steps: number; readonly clock: { readonly now: number } },
  error: unknown,
  note: ((line: string) => void) | undefined,
  again = '',
): string {
  const what = error instanceof Error ? error.message : String(error)
  note?.(error instanceof Error ? (error.stack ?? what) : what)
  const where = `seed ${seed}, step ${world.steps}, ${world.clock.now.toFixed(3)} ms`
  return `${where}: ${what} | npm run sim -- --seed ${seed}${again} --trace`
}
