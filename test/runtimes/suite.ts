// The suite every runtime runs: sessions over each transport it has, and what needs none but memory. Knows no runtime: who runs it
// hands in its name and its links.

import type { SessionOptions } from 'braidwire'
import { outcomesOf, type TransportSubject } from '../conformance/transport.ts'
import { callCases } from './cases/calls.ts'
import { fileCases } from './cases/files.ts'
import { lostCases } from './cases/lost.ts'
import { rpcCases } from './cases/rpc.ts'
import { streamCases } from './cases/streams.ts'
import { inMemory, type Joined, type Link } from './link.ts'

/** What a case is given: sessions joined by the link it runs over, which are ended after it. */
export interface Ground {
  join(dialer?: SessionOptions, acceptor?: SessionOptions): Promise<Joined>
}

export interface Case {
  readonly name: string
  run(ground: Ground): Promise<void>
}

/** Cases that stand by themselves: those of a transport or of a runtime beside the common ones. */
export interface Group {
  /** The column of the table. */
  readonly name: string
  readonly cases: readonly Case[]
}

/** One transport of a runtime. */
export interface Tried {
  readonly link: Link
  /** The same for the cases of transports themselves. */
  readonly subject?: TransportSubject
}

/** One runtime, as whoever runs the suite in it knows it. */
export interface Runtime {
  readonly name: string
  readonly transports: readonly Tried[]
  readonly groups?: readonly Group[]
  /** What other runtimes have and this one has not, with the reason. */
  readonly absent: Readonly<Record<string, string>>
  /** What else there is to know of this run, below the table. */
  readonly notes?: readonly string[]
}

/** A case and what there is to say of it. */
export interface Note {
  readonly case: string
  readonly text: string
}

/** What became of one column of one runtime: cases run, those that failed, those that cannot be; or why there are none. */
export type Outcome =
  | {
      readonly name: string
      readonly run: number
      readonly failures: readonly Note[]
      readonly cannot: readonly Note[]
    }
  | { readonly name: string; readonly absent: string }

export interface Report {
  readonly runtime: string
  readonly outcomes: readonly Outcome[]
  readonly notes?: readonly string[]
}

const MiB = 1024 * 1024
/** What goes each way in the case of bulk: a runtime is tried here, and 64 MiB are what `npm test` sends over each transport. */
const BULK_BYTES = 4 * MiB

/** An argument for the runtime that runs the others: `npm test` has run the cases of transports themselves in it. */
export const SESSIONS_ONLY = '--sessions-only'

/** Every case over every link. */
const everywhere: readonly Case[] = [...streamCases, ...callCases, ...rpcCases, ...fileCases]

/** What a case may take at most; a busy machine included. */
const CASE_MS = 60_000

/** Runs everything there is for a runtime. Never rejects: what fails is in the report. */
export async function runSuite({
  name: runtime,
  transports,
  groups = [],
  absent,
  notes = [],
}: Runtime): Promise<Report> {
  const outcomes: Outcome[] = []
  for (const { link, subject } of transports) {
    const sessions = await runAll(everywhere, link)
    const own = subject === undefined ? [] : await outcomesOf({ ...subject, bulkBytes: BULK_BYTES }, runtime)
    const told = (result: string): Note[] =>
      own.filter((each) => each.result === result).map((each) => ({ case: each.name, text: each.reason ?? '' }))
    outcomes.push({
      name: link.name,
      run: everywhere.length + own.length - told('cannot').length,
      failures: [...sessions, ...told('failed')],
      cannot: told('cannot'),
    })
  }
  for (const group of [{ name: 'lost connections', cases: lostCases }, ...groups]) outcomes.push(await runGroup(group))
  for (const [name, reason] of Object.entries(absent)) outcomes.push({ name, absent: reason })
  return { runtime, outcomes, notes }
}

/** Runs cases that stand by themselves. */
export async function runGroup({ name, cases }: Group): Promise<Outcome> {
  return { name, run: cases.length, failures: await runAll(cases, inMemory), cannot: [] }
}

/** Runs cases one after the other; answers with those that failed. */
async function runAll(cases: readonly Case[], link: Link): Promise<Note[]> {
  const failures: Note[] = []
  for (const one of cases) {
    try {
      await runOne(one, link)
    } catch (error) {
      failures.push({ case: one.name, text: describe(error) })
    }
  }
  return failures
}

async function runOne(one: Case, link: Link): Promise<void> {
  const open: Joined[] = []
  const join: Ground['join'] = async (dialer = {}, acceptor = {}) => {
    const joined = await link.join(dialer, acceptor)
    open.push(joined)
    return joined
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${CASE_MS} ms`)), CASE_MS)
  })
  try {
    await Promise.race([one.run({ join }), late])
  } finally {
    clearTimeout(timer)
    for (const joined of open) await joined.end()
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // V8 begins the stack with the message, others do not.
  const { message, stack = '' } = error
  return stack.includes(message) ? stack : `${message}\n${stack}`
}
