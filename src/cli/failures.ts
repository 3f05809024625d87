// Collects what failed of one command and tells it in ONE sentence, however much it is.

import { clause, quoted } from './say.ts'

const namesMax = 3

/** The failures of one command. */
export class Failures {
  readonly #byCause = new Map<string, string[]>()
  count = 0

  /** @param cause an error, or words that fit behind a colon. */
  add(name: string, cause: unknown): void {
    const why = clause(cause)
    const names = this.#byCause.get(why)
    if (names === undefined) this.#byCause.set(why, [name])
    else names.push(name)
    this.count++
  }

  /** @param total how many things were asked for in all. */
  sentence(total: number): string {
    const causes = [...this.#byCause].map(([why, names]) => `${list(names)}: ${why}`)
    if (this.count === 1) return `cannot get ${causes[0]}`
    return `cannot get ${this.count} of ${total} files: ${causes.join('; ')}`
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, namesMax).map(quoted).join(', ')
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown
}
