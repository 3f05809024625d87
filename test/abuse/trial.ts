// One attack, measured: against a fresh program, then the same bytes against the plain sink of another one; with an honest client
// of each beside it. Judges what was measured by the attack's ceilings.

import { setTimeout as sleep } from 'node:timers/promises'
import { codes } from '#dist/engine/errors.js'
import { Child } from '../child.ts'
import { MIB, mib, ms, quantile, type Row } from '../rows.ts'
import type { Attack } from './attack.ts'
import type { Outcome } from './attacker.ts'
import { Honest } from './honest.ts'
import type { Report } from './server.ts'

const WARM_MS = 600
/** When what an attack makes the program hold is weighed, in parts of its time. */
const WEIGHED_AT = 0.8
/** What V8 may have put off collecting, beyond what is held. */
const GARBAGE_MIB = 32
/**
 * The honest client's 99th percentile may be this, or so many times that beside the sink. Quickly, it is of some hundred calls only, and on a
 * machine that may do other things: it is shown, and not judged.
 */
const HONEST_MS = { full: 50, quick: Number.POSITIVE_INFINITY }
const HONEST_FACTOR = 3

/** What one program and its honest client went through. */
export interface Felt {
  readonly report: Report
  readonly p99Ms: number
  readonly failed: number
}

export interface Trial {
  readonly outcome: Outcome
  readonly attacked: Felt
  readonly beside: Felt
}

/** The young generation is kept small, so that resident memory shows what is held and not how long V8 puts off collecting. */
const flags = ['--expose-gc', '--max-semi-space-size=4']

const serverProgram = new URL('./server.js', import.meta.url)
const attackerProgram = new URL('./attacker.js', import.meta.url)

export async function tryAttack(attack: Attack, form: 'full' | 'quick'): Promise<Trial> {
  const attacker = new Child(attackerProgram)
  let outcome: Outcome | undefined
  const attacked = await feel(attack, form, async ({ url }) => {
    outcome = await attacker.ask<Outcome>('play', { id: attack.id, port: Number(new URL(url).port), form })
  })
  const beside = await feel(attack, form, ({ sinkPort }) => attacker.ask('replay', { port: sinkPort }))
  await attacker.kill()
  return { outcome: outcome as Outcome, attacked, beside }
}

interface Where {
  readonly url: string
  readonly sinkPort: number
}

async function feel(attack: Attack, form: 'full' | 'quick', suffer: (where: Where) => Promise<unknown>): Promise<Felt> {
  const server = new Child(serverProgram, [JSON.stringify(attack.options?.[form] ?? {})], flags)
  const where = await server.ask<Where>('where')
  const honest = await Honest.connect(where.url)
  // What a program makes on its first calls is not the attack's doing.
  honest.start()
  await sleep(WARM_MS)
  await honest.stop()
  await server.ask('watch')
  honest.start()
  const over = suffer(where)
  await Promise.race([over, sleep(attack.lasts[form] * (attack.weighedAt ?? WEIGHED_AT))])
  // Three whole collections, in which the program does nothing else: the weighing is no attack.
  await honest.without(() => server.ask('weigh'))
  await over
  const { took, failed } = await honest.stop()
  const report = await server.ask<Report>('report')
  const { state } = honest.session
  await honest.session.close()
  await server.kill()
  return { report, p99Ms: quantile(took, 0.99), failed: failed + (state === 'ready' ? 0 : 1) }
}

const names = new Map(
  Object.entries(codes).map(([name, entry]) => ['number' in entry ? String(entry.number) : '', name]),
)

/** How connections ended, by name. */
function named(ends: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(ends).map(([code, count]) => [names.get(code) ?? code, count]))
}

const counts = (ends: Readonly<Record<string, number>>): string =>
  Object.entries(ends)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')

/** A row for each ceiling of the attack. */
export function judge(attack: Attack, form: 'full' | 'quick', { outcome, attacked, beside }: Trial): Row[] {
  const { ceiling, id } = attack
  const { report } = attacked
  const rows: Row[] = []
  const row = (what: string, measured: string, limit: string, holds: boolean) =>
    rows.push({ id, what, measured, ceiling: limit, holds })
  const { lines, frames, bytes } = outcome
  const sent = `${lines} connections, ${frames} frames, ${mib(bytes)}`

  const grown = ({ report: { rssMost, rssBefore } }: Felt) => rssMost - rssBefore
  const beyond = grown(attacked) - Math.max(0, grown(beside))
  row(
    `${attack.name} (${sent}): memory`,
    `${mib(report.held)} held, ${mib(report.heldAfter)} after, ${mib(grown(attacked))} resident with garbage; ` +
      `of the sink ${mib(beside.report.held)}, ${mib(beside.report.heldAfter)}, ${mib(grown(beside))}`,
    `${ceiling.heldMiB} MiB held, ${ceiling.heldMiB + GARBAGE_MIB} MiB resident more than the sink`,
    report.held <= ceiling.heldMiB * MIB && beyond <= (ceiling.heldMiB + GARBAGE_MIB) * MIB,
  )

  const honestMs = Math.max(HONEST_MS[form], HONEST_FACTOR * beside.p99Ms)
  row(
    'honest p99',
    `${ms(attacked.p99Ms)}, ${attacked.failed} failed, event loop late by ${ms(report.loopDelayMost)} at most; ` +
      `beside the sink ${ms(beside.p99Ms)}, ${ms(beside.report.loopDelayMost)}; ` +
      `processor ${ms(report.cpuMs)}, of the sink ${ms(beside.report.cpuMs)}`,
    honestMs === Number.POSITIVE_INFINITY ? 'none failed' : `${ms(honestMs)}, none failed`,
    attacked.p99Ms <= honestMs && attacked.failed === 0,
  )

  const { handlers = 256, earlyKiB, ends, endsWithinMs } = ceiling
  row('handlers alive in one session', `${report.handlersMost}`, `${handlers}`, report.handlersMost <= handlers)
  if (earlyKiB !== undefined) {
    const early = report.earlyMost / 1024
    row('held before authorised', `${early.toFixed(0)} KiB`, `${earlyKiB} KiB`, early > 0 && early <= earlyKiB)
  }
  if (ends !== undefined) rows.push(judgeEnds(attack, form, outcome, report, ends))
  if (endsWithinMs !== undefined) {
    const within = endsWithinMs[form]
    // Who does not read does not see its end.
    const slowest = attack.reads === false ? report.slowestEndMs : outcome.slowestEndMs
    row('closed', `after ${ms(slowest)} at most`, ms(within), slowest > 0 && slowest <= within)
  }
  if (attack.code !== undefined) {
    const { wrong } = outcome
    row('reactions', `${wrong.length} others than stated ${wrong.slice(0, 3).join('; ')}`, '0', wrong.length === 0)
  }
  return rows
}

/** Whether the other side ended every connection, and with what it should. Who does not read is not told why: the program knows. */
function judgeEnds(
  attack: Attack,
  form: 'full' | 'quick',
  outcome: Outcome,
  report: Report,
  wanted: readonly string[],
): Row {
  const seen = named(outcome.ends)
  const { open = 0, ...told } = seen
  // The last ones were dialled when the time was nearly over.
  const linesAtOnce = attack.lines?.[form] ?? 1
  const openMost = attack.again === true || attack.reads === false ? linesAtOnce : 0
  const honest = ['clean', 'CLOSED', 'CANCELLED']
  const others = Object.keys(attack.reads === false ? report.ended : told).filter((name) => !honest.includes(name))
  const lost = attack.again === true || attack.reads === false ? ['TRANSPORT_LOST'] : []
  const strange = others.filter((name) => !wanted.includes(name) && !lost.includes(name))
  const some = others.some((name) => wanted.includes(name))
  return {
    id: attack.id,
    what: 'ended by the other side',
    measured: `${counts(seen)}; in the program: ${counts(report.ended) || 'none'}`,
    ceiling: wanted.join(' or '),
    holds: open <= openMost && strange.length === 0 && some,
  }
}
