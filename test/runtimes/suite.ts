// The suite every runtime runs: sessions over each transport it has, and what needs none but memory. Knows no runtime: who runs it
// hands in its name and its links.

import type { SessionOptions } from 'braidwire'
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

/** One runtime, as whoever runs the suite in it knows it. */
export interface Runtime {
  readonly name: string
  /** Transports beside memory. */
  readonly links: readonly Link[]
  readonly groups?: readonly Group[]
  /** What other runtimes have and this one has not, with the reason. */
  readonly absent: Readonly<Record<string, string>>
}

export interface Failure {
  readonly case: string
  readonly error: string
}

/** What became of one column of one runtime: cases run and what failed, or why there are none. */
export type Outcome =
  | { readonly name: string; readonly run: number; readonly failures: readonly Failure[] }
  | { readonly name: string; readonly absent: string }

export interface Report {
  readonly runtime: string
  readonly outcomes: readonly Outcome[]
}

/** Every case over every link. */
const everywhere: readonly Case[] = [...streamCases, ...callCases, ...rpcCases, ...fileCases]

/** What a case may take at most; a busy machine included. */
const CASE_MS = 60_000

/** Runs everything there is for a runtime. Never rejects: what fails is in the report. */
export async function runSuite({ name, links, groups = [], absent }: Runtime): Promise<Report> {
  const outcomes: Outcome[] = []
  for (const link of [inMemory, ...links]) outcomes.push(await runAll(link.name, everywhere, link))
  for (const group of [{ name: 'lost connections', cases: lostCases }, ...groups])
    outcomes.push(await runAll(group.name, group.cases, inMemory))
  for (const [column, reason] of Object.entries(absent)) outcomes.push({ name: column, absent: reason })
  return { runtime: name, outcomes }
}

async function runAll(name: string, cases: readonly Case[], link: Link): Promise<Outcome> {
  const failures: Failure[] = []
  for (const one of cases) {
    try {
      await runOne(one, link)
    } catch (error) {
      failures.push({ case: one.name, error: describe(error) })
    }
  }
  return { name, run: cases.length, failures }
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
