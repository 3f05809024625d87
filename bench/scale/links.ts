// `npm run bench:links`: reads the command line, takes every contender over every link in turn, prints the table and verdicts,
// writes the JSON.

import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { contender } from '../adapter.ts'
import { cross, type Link, type Pace } from './crossing.ts'
import { ALL, type Cell, markdown, plots, verdicts } from './link-report.ts'

const RTTS_MS = [10, 50, 200]
const MBITS = [10, 100, 1000]
const STREAMS = [1, 16]
const FULL: Pace = { settleMs: 2000, measureMs: 3000 }
const QUICK: Pace = { settleMs: 700, measureMs: 800 }
/** What a quick run leaves out: the middles. */
const isQuick = ({ rttMs, mbit }: Link): boolean => rttMs === 50 || rttMs * mbit === 200 * 100

const USAGE = `npm run bench:links -- [options]

  --quick        fewer links and shorter stretches, under two minutes
  --rounds n     rounds (default 2, quick 1)
  --only a/b     only links of a ms round trip and b Mbit/s, e.g. --only 50/1000
  --json file    where the figures go (default build/bench/links.json)

Ends with 1 when a goal is missed.
`

interface Plan {
  readonly links: readonly Link[]
  readonly rounds: number
  readonly pace: Pace
  readonly json: string
}

/** @throws TypeError in words for the person who typed it. */
function plan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string', default: 'build/bench/links.json' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 2))
  if (!(Number.isInteger(rounds) && rounds >= 1)) {
    throw new TypeError(`--rounds takes a whole number from 1, not ${values.rounds}`)
  }
  const all = RTTS_MS.flatMap((rttMs) =>
    MBITS.flatMap((mbit) => STREAMS.map((streams): Link => ({ rttMs, mbit, streams }))),
  )
  const named = all.filter(({ rttMs, mbit }) => values.only === undefined || values.only === `${rttMs}/${mbit}`)
  if (named.length === 0) throw new TypeError(`there is no link ${values.only}: ${RTTS_MS} ms by ${MBITS} Mbit/s are`)
  const links = named.filter((link) => !values.quick || values.only !== undefined || isQuick(link))
  return { links, rounds, pace: values.quick ? QUICK : FULL, json: values.json }
}

/** Every contender over every link, in turns, so that a busy moment of the machine falls on all of them. */
async function measured({ links, rounds, pace }: Plan): Promise<Cell[]> {
  const cells: Cell[] = links.map((link) => ({ link, crossings: {} }))
  for (let round = 1; round <= rounds; round++) {
    for (const { link, crossings } of cells) {
      process.stderr.write(`round ${round}: ${link.rttMs} ms, ${link.mbit} Mbit/s, ${link.streams} streams\n`)
      for (const name of ALL) {
        const crossing = await cross(name, link, pace)
        crossings[name] = [...(crossings[name] ?? []), crossing]
      }
    }
  }
  return cells
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
  const cells = await measured(chosen)
  process.stdout.write(`${markdown(cells)}\n`)
  const judged = verdicts(cells)
  for (const { line } of judged) process.stdout.write(`${line}\n`)
  const machine = { date: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
  const contenders = Object.fromEntries(ALL.map((name) => [name, contender(name).title]))
  const document = { ...machine, pace: chosen.pace, contenders, cells, plots: plots(cells), verdicts: judged }
  await mkdir(dirname(chosen.json), { recursive: true })
  await writeFile(chosen.json, `${JSON.stringify(document, undefined, 2)}\n`)
  process.stdout.write(`\n${chosen.json} written\n`)
  return judged.every(({ met }) => met) ? 0 : 1
}

process.exit(await main())
