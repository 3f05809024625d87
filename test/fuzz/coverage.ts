// Which parts of the product have run, as V8 counts them: bytes of source text, and roughly how often each function. Works in this
// very process, on the built files as they are, so that nothing has to be instrumented.

import { Session } from 'node:inspector'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface ScriptCoverage {
  readonly scriptId: string
  readonly url: string
  readonly functions: readonly { readonly ranges: readonly [Range, ...Range[]] }[]
}

/** Only what lies there counts as new code. */
const PRODUCT = /\/dist\//
/** More often than this makes no difference. */
const OFTEN = 64

export class Coverage {
  private readonly session = new Session()
  /** By script, a 1 for each byte of its text that has run. */
  private readonly reached = new Map<string, Uint8Array>()
  /** Functions with the order of magnitude of their count. */
  private readonly often = new Set<string>()

  constructor() {
    this.session.connect()
    this.post('Profiler.enable')
    this.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Forgets what has run. */
  forget(): void {
    this.reached.clear()
    this.often.clear()
    this.look()
  }

  /** True when something ran since the last look that had not run before the last `keep`. */
  look(): boolean {
    return this.take().some((script) => this.news(script, false) > 0)
  }

  /** The same, and from now on it has run before. `counts`: a function that ran much more often is news as well. */
  keep(counts = true): boolean {
    let news = 0
    for (const script of this.take()) {
      news += this.news(script, true)
      if (!counts) continue
      for (const { ranges } of script.functions) {
        const [{ startOffset, count }] = ranges
        const feature = `${script.scriptId}:${startOffset}:${Math.min(count, OFTEN).toString(2).length}`
        if (count === 0 || this.often.has(feature)) continue
        this.often.add(feature)
        news++
      }
    }
    return news > 0
  }

  /** Bytes of the product's text that have run. */
  get bytes(): number {
    let sum = 0
    for (const text of this.reached.values()) for (const byte of text) sum += byte
    return sum
  }

  private take(): ScriptCoverage[] {
    const { result } = this.post('Profiler.takePreciseCoverage') as { readonly result: ScriptCoverage[] }
    return result.filter(({ url }) => PRODUCT.test(url))
  }

  /** How many bytes ran that had not. Ranges lie within each other, and the inner one is right. */
  private news({ scriptId, functions }: ScriptCoverage, keep: boolean): number {
    const all = functions.flatMap(({ ranges }) => ranges)
    const length = all.reduce((most, { endOffset }) => Math.max(most, endOffset), 0)
    let known = this.reached.get(scriptId)
    if (known === undefined || known.length < length) {
      const grown = new Uint8Array(length)
      grown.set(known ?? [])
      known = grown
      this.reached.set(scriptId, known)
    }
    const now = new Uint8Array(length)
    const size = ({ startOffset, endOffset }: Range) => endOffset - startOffset
    for (const range of all.sort((one, other) => size(other) - size(one))) {
      now.fill(range.count > 0 ? 1 : 0, range.startOffset, range.endOffset)
    }
    let news = 0
    for (let at = 0; at < length; at++) {
      if (now[at] === 0 || known[at] === 1) continue
      news++
      if (keep) known[at] = 1
    }
    return news
  }

  private post(method: string, parameters: object = {}): unknown {
    let answer: unknown
    this.session.post(method, parameters, (error, result) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
}
