// The benchmark's entry: reads the command line, runs the plan, prints the table, writes the JSON.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { heap } from './heap.ts'
import { type Plan, plan, usage } from './options.ts'
import { verdicts } from './report-goals.ts'
import { fileText, record } from './report-record.ts'
import { method, notes, tables } from './report-table.ts'
import { run } from './run.ts'

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  let chosen: Plan | undefined
  try {
    chosen = plan(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage(args)}`)
    return 2
  }
  if (chosen === undefined) {
    process.stdout.write(usage(args))
    return 0
  }
  if (chosen.heap) {
    process.stdout.write(await heap())
    return 0
  }
  const begun = performance.now()
  const results = await run(chosen, (line) => process.stderr.write(`${line}\n`))
  const found = record(results, chosen)
  process.stdout.write(`${method(found)}\n\n${tables(found)}\n${notes(found)}\n`)
  for (const verdict of verdicts(found)) process.stdout.write(`${verdict}\n`)
  for (const failure of results.failures) process.stdout.write(`failed: ${failure}\n`)
  await mkdir(dirname(chosen.json), { recursive: true })
  await writeFile(chosen.json, fileText(found))
  process.stdout.write(`\n${chosen.json} written after ${Math.round((performance.now() - begun) / 1000)} s\n`)
  return results.failures.length === 0 ? 0 : 1
}

process.exit(await main())
