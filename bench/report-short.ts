// The README's table: the few rows that matter, beside plain sockets and the best of the others. Reads records.

import { bestPeer, columnNamed, type RowRecord, type RunRecord } from './report-record.ts'
import { head, headed, line, method, number, quotient, titled } from './report-table.ts'

/** Which figures of which rows. */
export type Choice = readonly (readonly [row: string, columns: readonly string[]])[]

export const SHORT: Choice = [
  ['bulk', ['mibPerS']],
  ['streams', ['mibPerS']],
  ['calls-1', ['callsPerS']],
  ['calls-32', ['callsPerS']],
  ['calls-512', ['callsPerS']],
  ['beside', ['p50Ms', 'p99Ms', 'mibPerS']],
  ['idle', ['heapBytes', 'rssBytes']],
]

const PLAIN = 'net'

/**
 * The table, headed by how it was measured. Of one run, so that its figures belong together.
 * @throws Error naming the rows that are missing: a published table must be whole.
 */
export function short(runs: readonly RunRecord[], choice: Choice = SHORT): string {
  const missing = (run: RunRecord): string[] => choice.map(([name]) => name).filter((name) => !(name in run.rows))
  const run = runs.find((one) => missing(one).length === 0)
  if (run === undefined) {
    const least = runs.map(missing).sort((a, b) => a.length - b.length)[0] ?? []
    throw new Error(
      `No run has all rows that the README shows; ${least.join(', ')} would have to be run with the others.`,
    )
  }
  const heads = ['', 'plain sockets', 'best peer', titled(run, run.plan.ours), '÷ plain sockets', '÷ best peer']
  const lines = choice.flatMap(([name, columns]) => columns.map((column) => shortLine(run, run.rows[name]!, column)))
  return `${method(run)}\n\n${[...head(heads), ...lines].join('\n')}\n`
}

function shortLine(run: RunRecord, row: RowRecord, name: string): string {
  const column = columnNamed(row, name)
  const best = bestPeer(row, name)
  const cell = (contender: string | undefined) =>
    contender === undefined ? undefined : row.contenders[contender]?.[name]
  return line([
    `${row.title}: ${column === undefined ? name : headed(column)}`,
    number(cell(PLAIN)?.median),
    best === undefined ? number(null) : `${number(cell(best)?.median)} (${titled(run, best)})`,
    `**${number(cell(run.plan.ours)?.median)}**`,
    quotient(cell(PLAIN)?.ratio),
    quotient(cell(best)?.ratio),
  ])
}
