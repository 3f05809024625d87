// The conformance suite of transports: a transport is declared, and the same cases run for each. They are a plain list that any runner
// of any runtime can go through, and their outcomes are data, for a table of transports and runtimes. Imports no runner and no runtime.

import { byteCases } from './transport-cases.ts'
import type { Ends } from './transport-ends.ts'
import { sessionCases } from './transport-session-cases.ts'

export type { Ends } from './transport-ends.ts'

const cases = { ...byteCases, ...sessionCases }
export type CaseName = keyof typeof cases
export const caseNames = Object.keys(cases) as CaseName[]
const runs: Readonly<Record<CaseName, (ends: Ends, bulkBytes?: number) => Promise<void>>> = cases

/** Cases that break the carrier. */
export const CUTTING = /\bbreaks?\b|\bbroken\b/

/** A transport as the suite needs to know it. */
export interface TransportSubject {
  readonly name: string
  /** Makes two ends of one real carrier, neither of them started; for each case anew. */
  pair(): Promise<Ends> | Ends
  /** The cases it cannot pass, each with the reason: what the carrier itself does not have. */
  readonly cannot?: Partial<Readonly<Record<CaseName, string>>>
  /** How much goes each way in the case of bulk. Default: 64 MiB. */
  readonly bulkBytes?: number
}

/** One case of one transport, for any runner. */
export interface TransportCase {
  readonly name: CaseName
  /** Why the transport cannot do it; then it is not run. */
  readonly reason: string | undefined
  /** Rejects with an Error that says what was wrong. */
  run(): Promise<void>
}

/** What came of one case. */
export interface Outcome {
  readonly runtime: string
  readonly transport: string
  readonly name: CaseName
  readonly result: 'passed' | 'failed' | 'cannot'
  /** Why it failed, or why the transport cannot do it. */
  readonly reason?: string
}

/** The cases of one transport. */
export function transportCases({ name, pair, cannot = {}, bulkBytes }: TransportSubject): TransportCase[] {
  for (const [which, reason] of Object.entries(cannot)) {
    if (!(which in runs)) throw new Error(`${name}: there is no case "${which}"`)
    if (reason === '') throw new Error(`${name}: no reason is given why it cannot do "${which}"`)
  }
  return caseNames.map((each) => ({
    name: each,
    reason: cannot[each],
    run: async () => {
      const ends = await pair()
      try {
        if (CUTTING.test(each) && ends.cut === undefined) throw new Error('it declares neither cut nor a reason')
        await runs[each](ends, bulkBytes)
      } finally {
        // After a failure something may still hang.
        for (const end of [ends.near, ends.far]) attempt(() => end.close())
        await ends.dispose?.()
      }
    },
  }))
}

function attempt(task: () => void): void {
  try {
    task()
  } catch {
    // The case has said more.
  }
}

/** Runs all cases of one transport, one after the other. Never rejects: a transport that cannot even be made fails each of them. */
export async function outcomesOf(subject: TransportSubject, runtime: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, reason, run } of transportCases(subject)) {
    const about = { runtime, transport: subject.name, name }
    if (reason !== undefined) outcomes.push({ ...about, result: 'cannot', reason })
    else {
      const failure = await run().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      outcomes.push(
        failure === undefined ? { ...about, result: 'passed' } : { ...about, result: 'failed', reason: failure },
      )
    }
  }
  return outcomes
}

/** Transports in lines, runtimes in columns: how many cases passed, then every failure and every reason in words. As Markdown. */
export function matrix(outcomes: readonly Outcome[]): string {
  const runtimes = [...new Set(outcomes.map(({ runtime }) => runtime))]
  const transports = [...new Set(outcomes.map(({ transport }) => transport))]
  const cell = (transport: string, runtime: string): string => {
    const own = outcomes.filter((each) => each.transport === transport && each.runtime === runtime)
    const count = (result: Outcome['result']) => own.filter((each) => each.result === result).length
    if (own.length === 0) return '–'
    const failed = count('failed')
    return `${count('passed')} of ${own.length - count('cannot')}${failed > 0 ? `, ${failed} failed` : ''}`
  }
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const notes = new Map<string, Set<string>>()
  for (const { transport, runtime, name, result, reason = '' } of outcomes) {
    if (result === 'passed') continue
    const note = `${transport}: ${result === 'failed' ? 'FAILED' : 'cannot:'} ${name}: ${reason}`
    notes.set(note, (notes.get(note) ?? new Set()).add(runtime))
  }
  return [
    row(['', ...runtimes]),
    row(['---', ...runtimes.map(() => '---:')]),
    ...transports.map((transport) => row([transport, ...runtimes.map((runtime) => cell(transport, runtime))])),
    '',
    ...[...notes].map(([note, where]) => `- ${note} (${[...where].join(', ')})`),
    '',
  ].join('\n')
}
