// Every frame in every state: states.json is a table, and each of its cells one vector. README.md describes the format.

import { codeTable } from '../codec/tables.ts'
import type { Expect, Step, Vector } from './vector.ts'

/** `nothing`: no event and no frame; the name of a code: CLOSE with it; else what a vector expects. */
export type Reaction = string | Expect

/** How a state is reached, and what all frames do in it that say nothing else. */
interface State {
  readonly gate?: boolean
  readonly steps: readonly Step[]
  readonly react?: Reaction
}

interface FrameRow {
  readonly name: string
  readonly rule: string | readonly string[]
  readonly in: string
  /** By state; `*` is for all states not named that have no reaction of their own. */
  readonly react: Readonly<Record<string, Reaction>>
}

export interface StateTable {
  readonly states: Readonly<Record<string, State>>
  readonly frames: readonly FrameRow[]
}

const numbers = new Map(Array.from(codeTable(), ([number, name]) => [name, number]))

/** One vector for each cell. */
export function expandStates({ states, frames }: StateTable): Vector[] {
  return Object.entries(states).flatMap(([state, { gate = false, steps, react }]) =>
    frames.map((row): Vector => {
      const cell = row.react[state] ?? react ?? row.react['*']
      if (cell === undefined) throw new SyntaxError(`states.json says nothing about ${row.name} when ${state}`)
      const looked = steps.some((step) => 'expect' in step) ? [] : [{ expect: {} }]
      return {
        name: `${row.name}, ${state}`,
        rule: row.rule,
        role: 'listener',
        gate,
        steps: [...steps, ...looked, { in: row.in }],
        expect: expectationOf(cell),
      }
    }),
  )
}

function expectationOf(cell: Reaction): Expect {
  if (typeof cell !== 'string') return cell
  if (cell === 'nothing') return { out: [], events: [] }
  const close = numbers.get(cell)
  if (close === undefined) throw new SyntaxError(`states.json: no code is called ${cell}`)
  return { close, events: [] }
}
