// Injects the bugs of the table into a copy, one by one, and runs what should notice each. Knows no bug.

import { Copy } from './copy.ts'
import type { Injection, Reason } from './injection.ts'
import { Judge, type Stage } from './judge.ts'

export interface Caught {
  readonly bug: string
  /** Undefined: no test noticed. */
  readonly by: string | undefined
}

/** The files a bug changes, as they become. @throws Error when a text to replace is not there exactly once. */
export function inject({ bug, patches }: Injection, read: (path: string) => string): Map<string, string> {
  const texts = new Map<string, string>()
  for (const { file, find, put } of patches) {
    const path = `dist/${file}`
    const text = texts.get(path) ?? read(path)
    const times = text.split(find).length - 1
    if (times !== 1) {
      const how = times === 0 ? 'is not there any more' : `is there ${times} times`
      throw new Error(
        `"${bug}": the text to replace in ${path} ${how}; the code has moved, adapt test/mutation/history-*.ts:\n${find}`,
      )
    }
    texts.set(path, text.split(find).join(put))
  }
  return texts
}

/** Tries all that can be injected, so many at a time. */
export async function catchAll(
  bugs: readonly (Injection | Reason)[],
  jobs: number,
  tell: (caught: Caught) => void,
): Promise<Caught[]> {
  const waiting = bugs.filter((bug) => 'patches' in bug)
  const results: Caught[] = []
  const copies = Array.from({ length: Math.min(jobs, waiting.length) }, () => new Copy())
  try {
    const first = copies[0]
    if (first === undefined) return results
    // Before anything runs: all of them must still fit, and the tests must pass without them.
    for (const bug of waiting) inject(bug, (path) => first.read(path))
    const unbroken = new Judge(first, stagesOf(new Set(waiting.flatMap(({ tests }) => tests))))
    await unbroken.calibrate()
    await Promise.all(
      copies.map(async (copy) => {
        for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
          const judge = new Judge(copy, stagesOf(bug.tests))
          judge.learnFrom(unbroken)
          const texts = inject(bug, (path) => copy.read(path))
          const found = await copy.with(texts, () => judge.judge())
          const caught = { bug: bug.bug, by: found?.by }
          results.push(caught)
          tell(caught)
        }
      }),
    )
  } finally {
    for (const copy of copies) copy.remove()
  }
  return results
}

function stagesOf(places: Iterable<string>): Stage[] {
  return [...places].map((place) => ({ what: place, tests: [place] }))
}
