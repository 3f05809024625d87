// Samples of the mutants of src/engine: drawn by a seed, tried in parallel, told with the place in the source and a diff.

import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join } from 'node:path'
import { Prng } from '../sim/prng.ts'
import { root } from '../sources.ts'
import { Copy } from './copy.ts'
import { Judge, type Stage } from './judge.ts'
import { type Change, changesOf } from './places.ts'

export interface Mutant extends Change {
  /** Compiled file, from the root. */
  readonly path: string
  /** `src/engine/window.ts:31`. */
  readonly place: string
  /** Whole lines of compiled code that change, and what they become, without indentation. */
  readonly before: string
  readonly after: string
}

export interface Verdict {
  readonly mutant: Mutant
  /** Undefined: it survived. */
  readonly by: string | undefined
  readonly hung: boolean
}

/** A mutant no test can tell from the original, and why. */
interface Equivalent {
  readonly file: string
  readonly before: string
  readonly after: string
  readonly why: string
}

/** Cheapest first; a survivor has passed all of them. */
export const stages: readonly Stage[] = [
  { what: 'engine', tests: ['dist/engine'] },
  { what: 'wire', tests: ['build/test/golden', 'build/test/codec', 'build/test/fuzz'] },
  { what: 'conformance', tests: ['build/test/conformance'] },
  { what: 'simulator', tests: ['seeds:150'] },
  { what: 'sweeps', tests: ['build/test/sweeps'] },
  { what: 'session', tests: ['dist/session', 'build/test/faults'] },
]

/** Every mutant of every compiled file of the engine. */
export function allMutants(): Mutant[] {
  const files: Record<string, string> = {}
  for (const name of readdirSync(join(root, 'dist/engine')).sort()) {
    if (name.endsWith('.js') && !name.endsWith('.test.js')) {
      files[`dist/engine/${name}`] = readFileSync(join(root, 'dist/engine', name), 'utf8')
    }
  }
  return [...changesOf(files)].flatMap(([path, changes]) => {
    const map = new SourceMap(JSON.parse(readFileSync(join(root, `${path}.map`), 'utf8')))
    return changes.map((change) => describe(path, files[path]!, map, change))
  })
}

function describe(path: string, text: string, map: SourceMap, change: Change): Mutant {
  const lineStart = text.lastIndexOf('\n', change.start - 1) + 1
  const lineEnd = text.indexOf('\n', change.end)
  const line = text.slice(0, lineStart).split('\n').length - 1
  const entry = map.findEntry(line, change.start - lineStart)
  const at = 'originalLine' in entry ? entry.originalLine + 1 : 0
  const trim = (lines: string) => lines.replace(/^ +/gm, '').trim()
  return {
    ...change,
    path,
    place: `${path.replace(/^dist\/(.*)js$/, 'src/$1ts')}:${at}`,
    before: trim(text.slice(lineStart, lineEnd)),
    after: trim(text.slice(lineStart, change.start) + change.put + text.slice(change.end, lineEnd)),
  }
}

/** The mutants nobody can notice: listed, not counted. */
export function isEquivalent(mutant: Mutant): boolean {
  return equivalents.some(
    ({ file, before, after }) => mutant.path === file && mutant.before === before && mutant.after === after,
  )
}

export const equivalents: readonly Equivalent[] = JSON.parse(
  readFileSync(join(root, 'test/mutation/equivalent.json'), 'utf8'),
) as Equivalent[]

export function sample(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const prng = new Prng(seed)
  const rest = mutants.filter((mutant) => !isEquivalent(mutant))
  const drawn: Mutant[] = []
  while (drawn.length < count && rest.length > 0) drawn.push(...rest.splice(prng.int(0, rest.length - 1), 1))
  return drawn
}

/** Tries mutants, so many at a time, each job in a copy of its own. */
export async function tryAll(
  mutants: readonly Mutant[],
  jobs: number,
  tell: (verdict: Verdict) => void,
  judgedBy: readonly Stage[] = stages,
): Promise<Verdict[]> {
  const waiting = [...mutants]
  const verdicts: Verdict[] = []
  const copies = Array.from({ length: Math.min(jobs, mutants.length) }, () => new Copy())
  try {
    const judges = copies.map((copy) => new Judge(copy, judgedBy))
    await judges[0]?.calibrate()
    for (const judge of judges.slice(1)) judge.learnFrom(judges[0]!)
    await Promise.all(
      copies.map(async (copy, job) => {
        for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
          const verdict = await tryOne(mutant, copy, judges[job]!)
          verdicts.push(verdict)
          tell(verdict)
        }
      }),
    )
  } finally {
    for (const copy of copies) copy.remove()
  }
  return verdicts
}

async function tryOne(mutant: Mutant, copy: Copy, judge: Judge): Promise<Verdict> {
  const text = copy.read(mutant.path)
  const broken = text.slice(0, mutant.start) + mutant.put + text.slice(mutant.end)
  const nearest = mutant.path.replace(/^.*\//, '').replace(/\.js$/, '')
  const found = await copy.with(new Map([[mutant.path, broken]]), () => judge.judge(nearest))
  return { mutant, by: found?.by, hung: found?.hung === true }
}
