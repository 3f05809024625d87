// Puts what runs found into the papers: tables between marker comments, plots beside the results. The only file of the report
// that reads and writes files.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { goalsTable } from './report-goals.ts'
import { pairTables } from './report-pairs.ts'
import { barPlots, curvePlots, curveTable, type Drawing, type PlotsRecord } from './report-plots.ts'
import type { RunRecord } from './report-record.ts'
import { short } from './report-short.ts'
import { method, notes, tables } from './report-table.ts'
import { type RuntimesRecord, runtimesMethod, runtimesTable } from './runtimes/report.ts'

/** Where published results and their plots lie, from the root of the project. */
const FOLDER = 'docs/bench'
const README = 'README.md'
const PERFORMANCE = 'docs/PERFORMANCE.md'
const TRANSPORTS = 'docs/TRANSPORTS.md'

/** What results are put into, from the root of the project. */
export const PAPERS: readonly string[] = [README, PERFORMANCE, TRANSPORTS]

/** A run of pairs, which has a paper of its own: every goal stands in its tables. */
const PAIRS = 'transports.json'

/** Fewer agree by chance: a quick look would pass for a steady measurement. */
const ROUNDS_MIN = 3

type Published = RunRecord | PlotsRecord | RuntimesRecord

/** Texts of files by their path from the root of the project. */
export type Texts = ReadonlyMap<string, string>

/**
 * Publishes the given results, then writes papers and plots from everything published.
 * @param root the project's folder
 * @param given files a benchmark wrote; none: what is published already
 * @returns the paths that changed, from the root
 * @throws Error in a sentence for the person who called; nothing is written then.
 */
export function publish(root: string, given: readonly string[]): string[] {
  const results = new Map<string, string>()
  for (const file of below(root, '.json')) results.set(file, readFileSync(join(root, FOLDER, file), 'utf8'))
  for (const path of given) {
    if (!existsSync(path)) throw new Error(`There is no file ${path}.`)
    results.set(basename(path), readFileSync(path, 'utf8'))
  }
  const papers = new Map(PAPERS.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  const texts = new Map([...compose(results, papers), ...[...results].map(([file, text]) => at(file, text))])
  const changed = [...texts].filter(([path, text]) => !isAlready(join(root, path), text))
  mkdirSync(join(root, FOLDER), { recursive: true })
  for (const [path, text] of changed) writeFileSync(join(root, path), text)
  const left = below(root, '.svg').filter((file) => !texts.has(`${FOLDER}/${file}`))
  for (const file of left) rmSync(join(root, FOLDER, file))
  return [...changed.map(([path]) => path), ...left.map((file) => `${FOLDER}/${file}`)]
}

function below(root: string, ending: string): string[] {
  const folder = join(root, FOLDER)
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(ending)) : []
}

function isAlready(path: string, text: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8') === text
}

function at(file: string, text: string): [string, string] {
  return [`${FOLDER}/${file}`, text]
}

/**
 * Papers and plots as they should be. A block whose results are not there stays as it is.
 * @param results JSON by file name
 * @param papers those of PAPERS
 */
export function compose(results: Texts, papers: Texts): Map<string, string> {
  const published = [...results]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, text]) => [file, parsed(file, text)] as const)
  const runs = published.flatMap(([file, one]) => ('rows' in one && file !== PAIRS ? [one] : []))
  const texts = new Map<string, string>()
  let [readme, performance, transports] = PAPERS.map((path) => papers.get(path)) as [string, string, string]
  if (runs.length > 0) {
    readme = replaced(README, readme, 'short', short(runs))
    performance = replaced(PERFORMANCE, performance, 'goals', goalsTable(runs))
  }
  for (const [file, one] of published) {
    if (file === PAIRS && 'rows' in one) {
      transports = replaced(TRANSPORTS, transports, file, pairsBlock(file, one))
      continue
    }
    const name = basename(file, '.json')
    const drawings = 'rows' in one ? barPlots(name, one) : 'plots' in one ? curvePlots(name, one) : []
    for (const { file: drawing, svg } of drawings) texts.set(...at(drawing, svg))
    performance = replaced(PERFORMANCE, performance, file, block(file, one, drawings))
  }
  return texts.set(README, readme).set(PERFORMANCE, performance).set(TRANSPORTS, transports)
}

function block(file: string, one: Published, drawings: readonly Drawing[]): string {
  if ('rows' in one) return runBlock(file, one, drawings)
  if ('plots' in one) return plotsBlock(file, one, drawings)
  return `${runtimesMethod(one)} Every round: [${file}](./bench/${file}).\n\n${runtimesTable(one)}`
}

/** @throws Error when it is nothing that a benchmark wrote, or was not measured as one. */
function parsed(file: string, text: string): Published {
  let found: Partial<RunRecord & PlotsRecord & RuntimesRecord>
  try {
    found = JSON.parse(text) as typeof found
  } catch {
    throw new Error(`${file} is not JSON.`)
  }
  if (Array.isArray(found.plots)) return found as PlotsRecord
  if (Array.isArray(found.runtimes) && found.runtimes.length > 0) {
    for (const { run } of found.runtimes) checkRun(file, run)
    return found as RuntimesRecord
  }
  checkRun(file, found)
  return found as RunRecord
}

/** @throws Error as `parsed`. */
function checkRun(file: string, found: Partial<RunRecord>): void {
  const rows = Object.values(found.rows ?? {})
  if (rows.length === 0 || !rows.every((row) => Array.isArray(row.columns)))
    throw new Error(`${file} is not what this benchmark writes, or is of an older version of it; run it again.`)
  if ((found.plan?.flags.length ?? 0) > 0)
    throw new Error(
      `${file} was measured under a profiler (${found.plan!.flags[0]}), which slows everything down; run it without.`,
    )
  const { rounds } = found.plan!
  if (rounds < ROUNDS_MIN)
    throw new Error(
      `${file} has too few rounds (${rounds}) to show how far they lie apart; run at least ${ROUNDS_MIN}.`,
    )
}

function runBlock(file: string, run: RunRecord, drawings: readonly Drawing[]): string {
  return [`${method(run)} Every round: [${file}](./bench/${file}).`, ...drawings.map(image), tables(run), notes(run)]
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n\n')
}

function pairsBlock(file: string, run: RunRecord): string {
  return `${method(run)} Every round: [${file}](./bench/${file}).\n\n${pairTables(run)}\n${notes(run)}`
}

function plotsBlock(
  file: string,
  { date, node, cpu, cores, plots, verdicts = [] }: PlotsRecord,
  drawings: readonly Drawing[],
): string {
  const where = `Measured ${date.slice(0, 10)} with Node ${node} on ${cores} cores (${cpu}). Every figure: [${file}](./bench/${file}).`
  const judged = verdicts.map(({ line }) => `- ${line.replace(/ {2,}/g, ' ')}`).join('\n')
  return [where, ...plots.flatMap((plot, index) => [image(drawings[index]!), curveTable(plot).trimEnd()]), judged]
    .filter((part) => part !== '')
    .join('\n\n')
}

function image({ file, alt }: Drawing): string {
  return `![${alt.replace(/[[\]]/g, '')}](./bench/${file})`
}

/**
 * The paper with what stands between `<!-- bench: name -->` and `<!-- /bench: name -->` replaced.
 * @throws Error in a sentence when they are not both there, once, in this order.
 */
export function replaced(path: string, paper: string, name: string, content: string): string {
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- /bench: ${name} -->`]
  const parts = paper.split(begin)
  const [inside, ...rest] = (parts[1] ?? '').split(end)
  if (parts.length !== 2 || rest.length !== 1 || inside === undefined)
    throw new Error(
      `${path} needs the lines ${begin} and ${end}, once each and in this order: between them stands what is generated.`,
    )
  return `${parts[0]}${begin}\n\n${content.trim()}\n\n${end}${rest[0]}`
}
