// `npm run bench:scale`: reads the command line, measures each kind in processes of its own, prints tables and verdicts, writes
// the JSON.

import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Child } from './child.ts'
import type { Kind, Part } from './run.ts'
import { markdown, measured, type Plot, verdicts } from './series.ts'

const KINDS: Readonly<Record<Kind, { readonly most: number; readonly quick: number }>> = {
  streams: { most: 100_000, quick: 30_000 },
  sessions: { most: 10_000, quick: 1000 },
  churn: { most: 1_000_000, quick: 100_000 },
  flight: { most: 10_000, quick: 1000 },
}

const USAGE = `npm run bench:scale -- [options]

  --quick        smaller sizes, about a minute
  --only a,b     some kinds of: ${Object.keys(KINDS).join(' ')}
  --most n       how far each goes, in place of its own size
  --json file    where the figures go (default build/bench/scale.json)

Ends with 1 when a cost that should not depend on the size does.
`

interface Plan {
  readonly parts: readonly Part[]
  readonly json: string
}

/** @throws TypeError in words for the person who typed it. */
function plan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      most: { type: 'string' },
      json: { type: 'string', default: 'build/bench/scale.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const names = values.only.split(',').filter((name) => name !== '')
  for (const name of names) if (!(name in KINDS)) throw new TypeError(`nothing is called "${name}"`)
  const most = values.most === undefined ? undefined : Number(values.most)
  if (most !== undefined && !(Number.isInteger(most) && most >= 10 && most <= 1e7)) {
    throw new TypeError(`--most takes a whole number from 10 to 10000000, not ${values.most}`)
  }
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => names.length === 0 || names.includes(kind))
  const parts = kinds.map((kind) => ({ kind, most: most ?? KINDS[kind][values.quick ? 'quick' : 'most'] }))
  return { parts, json: values.json }
}

async function figuresOf(part: Part): Promise<Plot[]> {
  const tell = (text: string): void => void process.stderr.write(`${part.kind}: ${text}\n`)
  const child = new Child(new URL('./run.js', import.meta.url), { tell })
  try {
    return await child.ask<Plot[]>('measure', part)
  } finally {
    await child.stop()
  }
}

async function main(): Promise<number> {
  let chosen: Plan | undefined
  try {
    chosen = plan(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  if (chosen === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  const plots: Plot[] = []
  for (const part of chosen.parts) plots.push(...measured(await figuresOf(part)))
  for (const plot of plots) process.stdout.write(`${markdown(plot)}\n`)
  const judged = plots.flatMap(verdicts)
  for (const { line } of judged) process.stdout.write(`${line}\n`)
  const machine = { date: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
  await mkdir(dirname(chosen.json), { recursive: true })
  await writeFile(chosen.json, `${JSON.stringify({ ...machine, plots, verdicts: judged }, undefined, 2)}\n`)
  process.stdout.write(`\n${chosen.json} written\n`)
  return judged.every(({ met }) => met) ? 0 : 1
}

process.exit(await main())
