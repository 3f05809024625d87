// The entry of the benchmark on several runtimes: in every round each row is run on each of them in turn, both processes of
// a pair on the same one. Prints the table, writes the JSON.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileText } from '../report-record.ts'
import { rowNamed } from '../rows.ts'
import { runRow } from '../run.ts'
import { type RuntimesPlan, runtimesPlan, runtimesUsage } from './options.ts'
import { type Measured, type MeasuredByName, runtimesMethod, runtimesRecord, runtimesTable } from './report.ts'
import { installed, type RuntimeName } from './runtimes.ts'

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  let chosen: RuntimesPlan | undefined
  try {
    chosen = runtimesPlan(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${runtimesUsage()}`)
    return 2
  }
  if (chosen === undefined) {
    process.stdout.write(runtimesUsage())
    return 0
  }
  const { plan } = chosen
  const begun = performance.now()
  const { measured, missing } = present(chosen.runtimes)
  await run(measured, plan)
  const record = runtimesRecord(measured, plan)
  if (measured.size > 0) process.stdout.write(`${runtimesMethod(record)}\n\n${runtimesTable(record)}\n`)
  const failures = [...measured.values()].flatMap(({ runtime, results }) =>
    results.failures.map((failure) => `${runtime.title} ${runtime.version}, ${failure}`),
  )
  for (const failure of [...missing, ...failures]) process.stdout.write(`failed: ${failure}\n`)
  await mkdir(dirname(plan.json), { recursive: true })
  await writeFile(plan.json, fileText(record))
  process.stdout.write(`${plan.json} written after ${Math.round((performance.now() - begun) / 1000)} s\n`)
  return missing.length + failures.length === 0 ? 0 : 1
}

/** Those that are there, and a sentence for each that is not. */
function present(names: readonly RuntimeName[]): { measured: MeasuredByName; missing: string[] } {
  const measured = new Map<RuntimeName, Measured>()
  const missing: string[] = []
  for (const name of names) {
    try {
      measured.set(name, { runtime: installed(name), results: { rows: {}, failures: [] } })
    } catch (error) {
      missing.push(error instanceof Error ? error.message : String(error))
    }
  }
  return { measured, missing }
}

async function run(measured: MeasuredByName, plan: RuntimesPlan['plan']): Promise<void> {
  for (let round = 1; round <= plan.rounds; round++) {
    for (const row of plan.rows) {
      for (const { runtime, results } of measured.values()) {
        const where = `${runtime.title} ${runtime.version}`
        process.stderr.write(`round ${round} of ${plan.rounds}: ${rowNamed(row).title}, ${where}\n`)
        await runRow(row, round, { ...plan, runtime }, results, (line) => process.stderr.write(`${line}\n`))
      }
    }
  }
}

process.exit(await main())
