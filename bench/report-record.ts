// What a run found, as data that explains itself: titles, goals and every round, so that tables and plots can be made from a
// file long after the rows were changed. Knows no Markdown.

import { cpus } from 'node:os'
import { contender } from './adapter.ts'
import type { Plan } from './options.ts'
import { versioned } from './peers.ts'
import { type Goal, type RowName, rowNamed } from './rows.ts'
import type { Results, Rounds } from './run.ts'
import { median, spread } from './sample.ts'
import type { Column } from './workload.ts'

/** Mostly ours divided by theirs: the median of the rounds' own quotients, so that a slow minute weighs on both sides. */
export interface Ratio {
  readonly median: number
  /** (largest - smallest) / median, over the rounds. */
  readonly spread: number
}

/** One figure of one contender; null where there was nothing to measure. */
export interface Cell {
  readonly median: number | null
  readonly rounds: readonly (number | null)[]
  /** Absent for ours, and where no round has both figures. */
  readonly ratio?: Ratio
}

/** Figures by the names of columns, and whatever else the workload counted. */
export type Cells = Readonly<Record<string, Cell>>

export interface RowRecord {
  readonly title: string
  /** Options above the defaults, by contender. */
  readonly raised?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly columns: readonly Column[]
  readonly goals: readonly Goal[]
  readonly contenders: Readonly<Record<string, Cells>>
}

export interface RunRecord {
  /** ISO 8601, UTC. */
  readonly date: string
  readonly node: string
  readonly cpu: string
  readonly cores: number
  readonly plan: Pick<Plan, 'rounds' | 'turns' | 'warm' | 'measured' | 'flags'> & {
    /** The contender all others are compared with. */
    readonly ours: string
    readonly contenders: readonly string[]
  }
  readonly notes: Readonly<Record<string, { title: string; packages: readonly string[]; note?: string }>>
  readonly rows: Readonly<Record<string, RowRecord>>
  readonly failures: readonly string[]
}

/** Figures as measured are not known to more digits than this. */
const DIGITS = 6

export function record(results: Results, plan: Plan): RunRecord {
  const { ours, contenders, rounds, turns, warm, measured, flags } = plan
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    plan: { ours, contenders, rounds, turns, warm, measured, flags },
    notes: Object.fromEntries(
      contenders.map((name) => {
        const { title, packages = [], note } = contender(name)
        return [name, { title, packages: versioned(packages), ...(note === undefined ? {} : { note }) }]
      }),
    ),
    rows: Object.fromEntries(plan.rows.map((name) => [name, rowRecord(results, plan, name)])),
    failures: results.failures,
  }
}

function rowRecord(results: Results, { ours }: Plan, name: RowName): RowRecord {
  const { title, workload, raised, goals } = rowNamed(name)
  const all = results.rows[name] ?? {}
  const contenders = Object.fromEntries(
    Object.entries(all).map(([one, rounds]) => [one, cells(rounds, one === ours ? undefined : all[ours])]),
  )
  return { title, ...(raised === undefined ? {} : { raised }), columns: workload.columns, goals, contenders }
}

/** Every figure of one contender, compared with `ours` where that is somebody else. */
export function cells(theirs: Rounds, ours: Rounds | undefined): Cells {
  const names = new Set(theirs.flatMap((figures) => Object.keys(figures ?? {})))
  return Object.fromEntries(
    Array.from(names, (name): [string, Cell] => {
      const rounds = roundsOf(theirs, name)
      const compared = ours && ratio(roundsOf(ours, name), rounds)
      const cell = { median: middle(rounds), rounds: rounds.map(known) }
      return [name, compared === undefined ? cell : { ...cell, ratio: compared }]
    }),
  )
}

function roundsOf(rounds: Rounds, name: string): (number | null)[] {
  return rounds.map((figures) => figures?.[name] ?? null)
}

/** Undefined when no round has both figures. */
export function ratio(ours: Cell['rounds'], theirs: Cell['rounds']): Ratio | undefined {
  return steadiness(ours.map((figure, round) => (figure ?? Number.NaN) / (theirs[round] ?? Number.NaN)))
}

/** Middle of the rounds and how far they lie apart; undefined when there is no figure. */
export function steadiness(rounds: Cell['rounds']): Ratio | undefined {
  const median = middle(rounds)
  return median === null ? undefined : { median, spread: known(spread(finite(rounds))) ?? 0 }
}

function middle(rounds: Cell['rounds']): number | null {
  return known(median(finite(rounds)))
}

function finite(rounds: Cell['rounds']): number[] {
  return rounds.filter((figure): figure is number => Number.isFinite(figure))
}

function known(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null
}

/** Other people's work that users would take instead: not ours, and not sockets without anything. */
export function isPeer(name: string): boolean {
  return !/^(braidwire|net)(-|$)/.test(name)
}

/** The peer with the best figure, or undefined when none has one. */
export function bestPeer(row: RowRecord, column: string): string | undefined {
  const less = columnNamed(row, column)?.better === 'less'
  const figures = Object.entries(row.contenders)
    .map(([name, one]) => [name, one[column]?.median ?? null] as const)
    .filter((entry): entry is readonly [string, number] => isPeer(entry[0]) && entry[1] !== null)
    .sort(([, a], [, b]) => (less ? a - b : b - a))
  return figures[0]?.[0]
}

export function columnNamed(row: RowRecord, name: string): Column | undefined {
  return row.columns.find((column) => column.name === name)
}

/** A record as a file: the rounds of a figure on one line, so that a person can read down a column. */
export function fileText(found: object): string {
  const text = JSON.stringify(found, undefined, 2)
  return `${text.replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s*\n\s*/g, ' '))}\n`
}
