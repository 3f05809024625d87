// The recorded figures of one major version of Node, kept in the repository: one line a place, so that a diff shows what changed.
// Knows where they lie and how they are written; judges nothing.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Counts, Figures, Places } from './counts.ts'

/** Counts by path, and which Node they are of. */
export interface Recorded {
  readonly node: string
  readonly paths: ReadonlyMap<string, Counts>
}

interface Written {
  readonly node: string
  readonly figures: { readonly [path: string]: Figures }
  /** For each place the paths it lies on. */
  readonly allocated: { readonly [place: string]: Places }
  readonly executed: { readonly [place: string]: Places }
}

const major = process.versions.node.split('.')[0]

export const thisNode = `${process.version} ${process.arch}`

const file = fileURLToPath(new URL(`../../../bench/guard/node-${major}.json`, import.meta.url))

/** Undefined: nothing is recorded for this major version of Node. */
export function readRecord(): Recorded | undefined {
  if (!existsSync(file)) return undefined
  const { node, figures, allocated, executed } = JSON.parse(readFileSync(file, 'utf8')) as Written
  const paths = Object.entries(figures).map(
    ([path, ofPath]) =>
      [path, { figures: ofPath, allocated: along(allocated, path), executed: along(executed, path) }] as const,
  )
  return { node, paths: new Map(paths) }
}

/** The places of one path. */
function along(all: Written['allocated'], path: string): Places {
  const found = Object.entries(all).flatMap(([place, paths]) => (path in paths ? [[place, paths[path]!] as const] : []))
  return Object.fromEntries(found)
}

export function writeRecord({ node, paths }: Recorded): void {
  const figures = Object.fromEntries([...paths].map(([path, counts]) => [path, counts.figures]))
  const sections = [
    `"node": ${JSON.stringify(node)}`,
    `"figures": ${lines(figures)}`,
    `"allocated": ${lines(transposed(paths, 'allocated'))}`,
    `"executed": ${lines(transposed(paths, 'executed'))}`,
  ]
  writeFileSync(file, `{\n${sections.join(',\n')}\n}\n`)
}

function transposed(paths: Recorded['paths'], which: 'allocated' | 'executed'): Written['allocated'] {
  const found: { [place: string]: { [path: string]: readonly [number, number] } } = {}
  for (const [path, counts] of paths) {
    for (const [place, sums] of Object.entries(counts[which])) {
      found[place] ??= {}
      found[place][path] = sums
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function lines(rows: object): string {
  const written = Object.entries(rows).map(([name, row]) => `${JSON.stringify(name)}: ${JSON.stringify(row)}`)
  return `{\n${written.join(',\n')}\n}`
}
