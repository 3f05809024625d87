// Runs a plan: rounds of fresh processes, every contender warmed up, then measured in turn. Prints nothing itself.

import { type AdapterName, contender } from './adapter.ts'
import type { Plan } from './options.ts'
import { Pair } from './pair.ts'
import { type RowName, rowNamed } from './rows.ts'
import { median } from './sample.ts'
import type { Figures } from './workload.ts'

/** Figures of one contender in one row, round by round; a failed round has none. */
export type Rounds = (Figures | undefined)[]

export interface Results {
  readonly rows: Partial<Record<RowName, Partial<Record<AdapterName, Rounds>>>>
  readonly failures: string[]
}

/** `tell` is called with a line now and then, for a person who waits. */
export async function run(plan: Plan, tell: (line: string) => void): Promise<Results> {
  const results: Results = { rows: {}, failures: [] }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const name of plan.rows) {
      tell(`round ${round} of ${plan.rounds}: ${rowNamed(name).title}`)
      await runRow(name, round, plan, results, tell)
    }
  }
  return results
}

/** One round of one row, whose figures are added to the results. */
export async function runRow(
  name: RowName,
  round: number,
  plan: Plan,
  { rows, failures }: Results,
  tell: (line: string) => void,
): Promise<void> {
  const contenders = rowNamed(name).contenders.filter((adapter) => plan.contenders.includes(adapter))
  const field = new Field(name, contenders, plan, (line) => {
    failures.push(`round ${round}, ${line}`)
    tell(`failed: ${line}`)
  })
  const figures = await field.run()
  const cells = rows[name] ?? {}
  rows[name] = cells
  for (const adapter of contenders) {
    const rounds = cells[adapter] ?? []
    rounds.push(figures.get(adapter))
    cells[adapter] = rounds
  }
}

/** All contenders of one row in one round. One that fails leaves the field; the others go on. */
class Field {
  readonly #row: RowName
  readonly #plan: Plan
  readonly #failed: (line: string) => void
  readonly #pairs = new Map<AdapterName, Pair>()
  readonly #measured = new Map<AdapterName, Figures[]>()
  readonly #cold = new Map<AdapterName, Figures>()

  constructor(row: RowName, contenders: readonly AdapterName[], plan: Plan, failed: (line: string) => void) {
    this.#row = row
    this.#plan = plan
    this.#failed = failed
    for (const adapter of contenders) this.#pairs.set(adapter, new Pair({ adapter, row }, plan.flags, plan.runtime))
  }

  async run(): Promise<Map<AdapterName, Figures>> {
    await this.#each((pair) => pair.start())
    if (rowNamed(this.#row).once !== true) {
      await this.#each(async (pair, adapter) => {
        this.#cold.set(adapter, await pair.stretch(this.#plan.warm))
      })
    }
    const turns = rowNamed(this.#row).once === true ? 1 : this.#plan.turns
    for (let turn = 0; turn < turns; turn++) {
      await this.#each(async (pair, adapter) => {
        const figures = await pair.stretch(this.#plan.measured)
        this.#measured.set(adapter, [...(this.#measured.get(adapter) ?? []), figures])
      })
    }
    const result = new Map<AdapterName, Figures>()
    for (const adapter of this.#pairs.keys()) result.set(adapter, this.#figures(adapter))
    await this.#each((pair) => pair.stop())
    return result
  }

  async #each(act: (pair: Pair, adapter: AdapterName) => Promise<void>): Promise<void> {
    for (const [adapter, pair] of this.#pairs) {
      try {
        await act(pair, adapter)
      } catch (error) {
        this.#pairs.delete(adapter)
        this.#failed(`${this.#row}, ${contender(adapter).title}: ${error instanceof Error ? error.message : error}`)
        await pair.stop()
      }
    }
  }

  #figures(adapter: AdapterName): Figures {
    const measured = this.#measured.get(adapter) ?? []
    const cold = this.#cold.get(adapter)
    const result: Figures = {}
    for (const column of rowNamed(this.#row).workload.columns) {
      const values =
        column.cold === true ? [cold?.[column.name] ?? Number.NaN] : measured.map((one) => one[column.name]!)
      result[column.name] = median(values)
    }
    return result
  }
}
