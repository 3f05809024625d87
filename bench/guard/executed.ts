// How much of the code a piece of work executes: functions begun and tokens passed, by V8's own exact counts of blocks.
// Must be started before the code that is counted is loaded. Knows nothing of what the work is.

import { readFileSync } from 'node:fs'
import { Session as Inspector, type Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { fileOf, nameOf } from '../allocations.ts'

/** One function, and how often it ran. */
export interface Executed {
  /** Function and file, without a line. */
  readonly name: string
  readonly calls: number
  /** Words, numbers and signs of its code that were passed, each as often as its block was. */
  readonly tokens: number
}

/** Comments count for nothing, a string or a word for one; what is left are signs. */
const TOKEN = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[\w$#]+|[^\s\w]/g

export class Execution {
  readonly #inspector = new Inspector()
  readonly #sources = new Map<string, Uint32Array>()
  readonly #isCounted: (path: string) => boolean

  /** `isCounted` chooses files, named as by `fileOf`. */
  constructor(isCounted: (path: string) => boolean) {
    this.#isCounted = isCounted
    this.#inspector.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** What ran since the last look, by function. */
  look(): Executed[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType
    const found = new Map<string, { name: string; calls: number; tokens: number }>()
    for (const { url, functions } of result) {
      if (!url.startsWith('file:') || !this.#isCounted(fileOf(url))) continue
      for (const one of this.#functions(url, functions)) {
        const sum = found.get(one.name) ?? { name: one.name, calls: 0, tokens: 0 }
        sum.calls += one.calls
        sum.tokens += one.tokens
        found.set(one.name, sum)
      }
    }
    return [...found.values()]
  }

  #functions(url: string, functions: readonly Profiler.FunctionCoverage[]): Executed[] {
    const starts = this.#tokensOf(url)
    const owner = new Int32Array(starts.length).fill(-1)
    const count = new Float64Array(starts.length)
    // Ranges lie within each other, functions too: whatever is painted later lies deeper.
    const order = [...functions.keys()].sort((one, other) =>
      outerFirst(functions[one]!.ranges[0]!, functions[other]!.ranges[0]!),
    )
    for (const index of order) {
      for (const range of functions[index]!.ranges) {
        const [from, to] = [indexOf(starts, range.startOffset), indexOf(starts, range.endOffset)]
        owner.fill(index, from, to)
        count.fill(range.count, from, to)
      }
    }
    const tokens = new Float64Array(functions.length)
    for (const [at, index] of owner.entries()) if (index >= 0) tokens[index]! += count[at]!
    return functions.map(({ functionName, ranges }, index) => ({
      name: nameOf(functionName, url),
      calls: ranges[0]!.count,
      tokens: tokens[index]!,
    }))
  }

  /** Where each token of a file begins. */
  #tokensOf(url: string): Uint32Array {
    let starts = this.#sources.get(url)
    if (starts === undefined) {
      const text = readFileSync(fileURLToPath(url), 'utf8')
      const tokens = [...text.matchAll(TOKEN)].filter(([token]) => !/^\/[/*]/.test(token))
      starts = Uint32Array.from(tokens, ({ index }) => index)
      this.#sources.set(url, starts)
    }
    return starts
  }

  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown
    this.#inspector.post(method, parameters, (error, result) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
}

function outerFirst(one: Profiler.CoverageRange, other: Profiler.CoverageRange): number {
  return one.startOffset - other.startOffset || other.endOffset - one.endOffset
}

/** Index of the first start at or after the offset. */
function indexOf(starts: Uint32Array, offset: number): number {
  let [low, high] = [0, starts.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (starts[middle]! < offset) low = middle + 1
    else high = middle
  }
  return low
}
