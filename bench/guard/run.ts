// Guards the hot paths: `node build/bench/guard/run.js [--record] [--only path,...]` counts what each allocates and executes, and
// fails when that is more than what is recorded by more than the tolerance. Less is told, and should be recorded.

import { parseArgs } from 'node:util'
import { count } from './count.ts'
import { type Counts, figureNames, figures } from './counts.ts'
import { allowed, judge, type Offence, told } from './judge.ts'
import { hotPaths, type PathName } from './paths.ts'
import { type Recorded, readRecord, thisNode, writeRecord } from './record.ts'

const RECORD_IT = 'npm run guard -- --record'

try {
  const { record, only } = options()
  process.exitCode = await (record ? rewrite(only) : guard(only))
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`)
  process.exitCode = 1
}

function options(): { record: boolean; only: readonly PathName[] } {
  const { values } = parseArgs({
    options: { record: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  })
  const all = Object.keys(hotPaths) as PathName[]
  const names = values.only.split(',').filter((name) => name !== '')
  const unknown = names.find((name) => !(name in hotPaths))
  if (unknown !== undefined) throw new TypeError(`no path "${unknown}"; there are ${all.join(', ')}`)
  return { record: values.record, only: names.length === 0 ? all : all.filter((name) => names.includes(name)) }
}

/** Records what is counted now; paths that are not asked for keep what they have. */
async function rewrite(only: readonly PathName[]): Promise<number> {
  const known = readRecord()?.paths
  const paths = new Map<string, Counts>()
  for (const name of Object.keys(hotPaths) as PathName[]) {
    const counts = only.includes(name) ? await count(name) : known?.get(name)
    if (counts === undefined) continue
    paths.set(name, counts)
    print(name, counts, known?.get(name))
  }
  writeRecord({ node: thisNode, paths })
  return 0
}

async function guard(only: readonly PathName[]): Promise<number> {
  const recorded = readRecord()
  if (recorded === undefined) {
    console.log(`Nothing is recorded for Node ${process.version}: the hot paths were not judged.`)
    return 0
  }
  const offences: Offence[] = []
  for (const name of only) {
    const was = recorded.paths.get(name)
    if (was === undefined) throw new Error(`nothing is recorded for the path ${name}: ${RECORD_IT}`)
    const now = await count(name)
    print(name, now, was)
    offences.push(...judge(name, hotPaths[name].count, now, was))
  }
  if (offences.length === 0) return 0
  tell(offences, recorded)
  return offences.some(({ grew }) => grew) ? 1 : 0
}

function print(name: PathName, now: Counts, was: Counts | undefined): void {
  console.log(`\n${name}: ${hotPaths[name].title}`)
  console.log(row('', 'now', 'recorded', 'tolerance'))
  for (const figure of figureNames) {
    const [is, before] = [now.figures[figure], was?.figures[figure]]
    const tolerance = before === undefined ? '' : `± ${told(allowed(figure, before, hotPaths[name].count))}`
    console.log(row(figures[figure].title, told(is), before === undefined ? '–' : told(before), tolerance))
  }
}

function row(title: string, ...columns: readonly string[]): string {
  return `  ${title.padEnd(14)}${columns.map((column) => column.padStart(12)).join('')}`
}

function tell(offences: readonly Offence[], { node }: Recorded): void {
  const say = (sentence: string): boolean => process.stderr.write(`${sentence}\n`)
  say('')
  for (const { sentence } of offences) say(sentence)
  if (offences.some(({ grew }) => grew))
    say(`What grew beyond its tolerance is a loss. If it is worth its price, say why in the commit and ${RECORD_IT}`)
  if (offences.some(({ grew }) => !grew)) say(`What fell is a gain, which is kept by recording it: ${RECORD_IT}`)
  if (node !== thisNode) say(`The record is of Node ${node}, and this is ${thisNode}.`)
}
