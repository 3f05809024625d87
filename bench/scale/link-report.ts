// What came of the links: a table, curves for plots, and verdicts against plain sockets over the same link. Runs nothing.

import { contender } from '../adapter.ts'
import { median } from '../sample.ts'
import { type Crossing, type Link, limit } from './crossing.ts'
import { digits, type Plot, type Verdict } from './series.ts'

/** Compared with, and the proof that the network itself is not what limits. */
export const PLAIN = 'net'
export const OURS = ['braidwire', 'braidwire-resume'] as const
export const ALL = [PLAIN, ...OURS] as const

type Name = (typeof ALL)[number]

/** One link and what each contender got across it, round by round. */
export interface Cell {
  readonly link: Link
  readonly crossings: Partial<Record<Name, Crossing[]>>
}

/** The windows of all streams together may grow by 16 MiB unless told otherwise (`growthPool`, `streamWindowMax`). */
const WINDOW_MIB = 16
const STEADY = 0.95
const FIRST = 0.9
/** With longer round trips the first second is over before much is known of the path. */
const FIRST_RTT_MS_MAX = 50
const CALLS = 1.1
/** With less for plain sockets, the network or a busy machine is the limit. */
const NETWORK = 0.85

export function middle(cell: Cell, name: Name, column: keyof Crossing): number {
  return median((cell.crossings[name] ?? []).map((crossing) => crossing[column]))
}

export function markdown(cells: readonly Cell[]): string {
  const titles = ['RTT ms', 'Mbit/s', 'limit', 'streams', '', '1st s, MiB/s', 'steady, MiB/s', 'of the limit']
  const heads = [...titles, 'call alone, ms', 'p50 beside', 'p99 beside']
  const lines = cells.flatMap((cell) =>
    ALL.map((name) => {
      const { rttMs, mbit, streams } = cell.link
      const figure = (column: keyof Crossing) => digits(middle(cell, name, column))
      const of = digits(middle(cell, name, 'steadyMibPerS') / limit(cell.link))
      const what = [rttMs, mbit, digits(limit(cell.link)), streams, contender(name).title]
      const figures = [figure('firstMibPerS'), figure('steadyMibPerS'), of]
      return row([...what, ...figures, figure('aloneMs'), figure('p50Ms'), figure('p99Ms')])
    }),
  )
  return `${[row(heads), row(heads.map(() => '---:')), ...lines].join('\n')}\n`
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

/** For each round trip and number of streams: the share of the link that is used, and what a call beside takes. */
export function plots(cells: readonly Cell[]): Plot[] {
  const kinds = new Map<string, Cell[]>()
  for (const cell of cells) {
    const kind = `${cell.link.streams === 1 ? 'one stream' : `${cell.link.streams} streams`}, ${cell.link.rttMs} ms`
    kinds.set(kind, [...(kinds.get(kind) ?? []), cell])
  }
  const curve = (some: readonly Cell[], value: (cell: Cell, name: Name) => number) =>
    ALL.map((name) => ({
      name: contender(name).title,
      points: some.map((cell): [number, number] => [cell.link.mbit, value(cell, name)]),
    }))
  const x = 'Mbit/s'
  return [...kinds].flatMap(([kind, some]) => [
    {
      title: `${kind} round trip: throughput`,
      x,
      y: 'share of the link',
      series: curve(some, (cell, name) => middle(cell, name, 'steadyMibPerS') / limit(cell.link)),
    },
    {
      title: `${kind} round trip: a call beside`,
      x,
      y: 'p50 ms',
      series: curve(some, (cell, name) => middle(cell, name, 'p50Ms')),
    },
  ])
}

/** Three verdicts a link and contender; the first second of long round trips is shown and not judged. */
export function verdicts(cells: readonly Cell[]): Verdict[] {
  return cells.flatMap((cell) => {
    const share = middle(cell, PLAIN, 'steadyMibPerS') / limit(cell.link)
    if (share >= NETWORK) return OURS.flatMap((name) => judged(cell, name))
    const text = `plain sockets got ${digits(share)} of the link, at least ${NETWORK}: the machine was too busy to judge it`
    return [{ met: false, line: `MISSED ${titled(cell.link)}: ${text}` }]
  })
}

function titled({ rttMs, mbit, streams }: Link): string {
  return `${rttMs} ms, ${mbit} Mbit/s, ${streams} ${streams === 1 ? 'stream' : 'streams'}`
}

function judged(cell: Cell, name: Name): Verdict[] {
  const { rttMs } = cell.link
  const where = `${titled(cell.link)}, ${contender(name).title}`
  const of = (column: keyof Crossing) => middle(cell, name, column)
  const plain = (column: keyof Crossing) => middle(cell, PLAIN, column)
  const verdict = (met: boolean, text: string): Verdict => ({
    met,
    line: `${met ? 'met   ' : 'MISSED'} ${where}: ${text}`,
  })
  const allowed = (WINDOW_MIB * 1000) / rttMs
  const bound = Math.min(plain('steadyMibPerS'), allowed)
  const steady = of('steadyMibPerS') / bound
  const against = bound === allowed ? `the ${digits(allowed)} MiB/s that windows of 16 MiB allow` : 'plain sockets'
  const result = [verdict(steady >= STEADY, `steady ${digits(steady)} × ${against}, at least ${STEADY}`)]
  if (rttMs <= FIRST_RTT_MS_MAX) {
    const first = of('firstMibPerS') / plain('firstMibPerS')
    result.push(verdict(first >= FIRST, `first second ${digits(first)} × plain sockets, at least ${FIRST}`))
  }
  const calls = of('p50Ms') / plain('p50Ms')
  result.push(verdict(calls <= CALLS, `call p50 beside ${digits(calls)} × plain sockets, at most ${CALLS}`))
  return result
}
