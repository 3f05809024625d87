// What was measured against what may be at most (or must be at least): rows, their table, and the exit code.

/** One thing that was measured. */
export interface Row {
  /** `A1`, `F6`: what it is called wherever it is told about. */
  readonly id: string
  readonly what: string
  readonly measured: string
  readonly ceiling: string
  readonly holds: boolean
}

/** Prints rows as they come, each with its verdict; `end` tells the sum and sets the exit code. */
export class Table {
  readonly #rows: Row[] = []
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void = console.log) {
    this.#print = print
  }

  add(...rows: readonly Row[]): void {
    for (const row of rows) {
      this.#rows.push(row)
      const verdict = row.holds ? 'holds  ' : 'MISSED '
      this.#print(`${verdict}${row.id.padEnd(4)} ${row.what}: ${row.measured} (ceiling: ${row.ceiling})`)
    }
  }

  end(): void {
    const missed = this.#rows.filter(({ holds }) => !holds)
    this.#print(`${this.#rows.length} ceilings, ${missed.length} missed${missed.map(({ id }) => ` ${id}`).join('')}`)
    if (missed.length > 0) process.exitCode = 1
  }
}

/** The value below which this share of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const MIB: number = 1024 * 1024

export function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}
