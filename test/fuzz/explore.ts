// A small coverage-guided fuzzer: an input that reaches code no other has reached is kept, and changed further.

import type { Prng } from '../sim/prng.ts'
import { readCorpus } from './corpus.ts'
import type { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import type { Target } from './targets.ts'

/** Inputs between two looks at what has run; a look costs as much as many of them. */
const BATCH = 64
/** One batch in so many is looked at input by input, for what shows in counts alone. */
const CLOSELY = 32

/** An input that broke a promise. */
export class Found extends Error {
  readonly input: Uint8Array

  constructor(input: Uint8Array, cause: unknown) {
    super(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), { cause })
    this.input = input
  }
}

export interface Explored {
  readonly runs: number
  readonly kept: readonly Uint8Array[]
  /** Bytes of the product's text that ran. */
  readonly bytes: number
}

/** Fuzzes one target for so long. @throws Found at the first input that breaks a promise. */
export function explore(name: string, target: Target, coverage: Coverage, prng: Prng, ms: number): Explored {
  const kept: Uint8Array[] = []
  const tokens = target.tokens()
  const keepIfNew = (input: Uint8Array): void => {
    coverage.look()
    attempt(target, input)
    if (coverage.keep()) kept.push(input)
  }
  coverage.forget()
  for (const input of [...readCorpus(name), ...target.seeds()]) keepIfNew(input)
  let runs = kept.length
  let batches = 0
  for (const end = performance.now() + ms; performance.now() < end; runs += BATCH) {
    const batch = Array.from({ length: BATCH }, () => mutate(kept, tokens, prng))
    for (const input of batch) attempt(target, input)
    if (coverage.look() || ++batches % CLOSELY === 0) for (const input of batch) keepIfNew(input)
  }
  const { bytes } = coverage
  return { runs, kept: minimise(target, coverage, kept), bytes }
}

function attempt(target: Target, input: Uint8Array): void {
  try {
    target.run(input)
  } catch (error) {
    throw new Found(input, error)
  }
}

/** The shortest inputs first; one stays if it reaches what none before it has. */
function minimise(target: Target, coverage: Coverage, inputs: readonly Uint8Array[]): Uint8Array[] {
  coverage.forget()
  return [...inputs]
    .sort((one, other) => one.length - other.length)
    .filter((input) => {
      coverage.look()
      attempt(target, input)
      return coverage.keep(false)
    })
}
