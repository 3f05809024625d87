// build/test/runtimes/main.js, for scripts/test-runtimes.mjs: runs the suite in each runtime, as a process of its own, two at a time;
// prints the matrix. What cannot be had has failed.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { commandCases } from './command.ts'
import { type Installed, installed, type RuntimeName, runtimeNames } from './installed.ts'
import { type Report, runGroup, SESSIONS_ONLY } from './suite.ts'
import { passed, table } from './table.ts'

/** Entries of the package that Bare loads each by itself: whichever comes first brings what Bare lacks. */
const BARE_ENTRIES = ['braidwire', 'braidwire/rpc', 'braidwire/peer', 'braidwire/file', 'braidwire/test']

/** Longest a runtime may take, in ms; a busy machine included. */
const RUNTIME_MS = 600_000

/** How many runtimes run at the same time. */
const AT_ONCE = Math.min(2, availableParallelism())

// Deno looks for a newer one of itself now and then; nothing here is to leave the machine.
const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1' }

/** Runs a program to its end, and answers with what it printed. */
function run({ path, flags }: Installed, program: string, ...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL(program, import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(path, [...flags, file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), RUNTIME_MS)
    let [out, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(out)
      else reject(new Error(`it ended with ${code ?? signal}\n${errors.slice(-4000)}`))
    })
  })
}

async function reportOf(name: RuntimeName): Promise<Report> {
  const runtime = installed(name)
  const title = `${runtime.title} ${runtime.version}`
  process.stderr.write(`${title}\n`)
  if (name === 'bare') for (const entry of BARE_ENTRIES) await run(runtime, './bare.js', entry)
  const program = name === 'bare' ? './bare.js' : './node.js'
  const out = await run(runtime, program, title, ...(name === 'node' ? [SESSIONS_ONLY] : []))
  const report = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Report
  const command =
    name === 'bare'
      ? { name: 'command', absent: 'braid is a program for Node, and for what has its modules' }
      : await runGroup({ name: 'command', cases: commandCases(runtime) })
  return { ...report, outcomes: [...report.outcomes, command] }
}

/** Runs those that are named, or all; answers with the exit code. */
export async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !runtimeNames.some((known) => known === name))
  if (unknown !== undefined) {
    process.stderr.write(`there is no runtime "${unknown}": there are ${runtimeNames.join(', ')}\n`)
    return 2
  }
  const wanted = runtimeNames.filter((each) => names.length === 0 || names.includes(each))
  const reports = new Map<RuntimeName, Report>()
  const left = [...wanted]
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      try {
        reports.set(name, await reportOf(name))
      } catch (error) {
        process.stdout.write(`failed: ${name}: ${error instanceof Error ? error.message : error}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const found = wanted.flatMap((name) => reports.get(name) ?? [])
  process.stdout.write(table(found))
  return found.length === wanted.length && found.every(passed) ? 0 : 1
}
