// Runs the built command as a person would: a child process, its two outputs and its exit code. Not a test itself.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const manifestUrl = new URL(import.meta.resolve('braidwire/package.json'))
const manifest = JSON.parse(readFileSync(manifestUrl, 'utf8')) as { version: string; bin: { braid: string } }

/** The version of package.json. */
export const version = manifest.version
/** The file `bin` of package.json names. */
export const braidPath = fileURLToPath(new URL(manifest.bin.braid, manifestUrl))

/** What a command said, and how it ended. */
export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that is running. */
export interface Running {
  readonly child: ChildProcess
  readonly outcome: Promise<Outcome>
}

/** Starts `braid` with these arguments. */
export function start(args: readonly string[], options: SpawnOptions = {}): Running {
  return follow(spawn(process.execPath, [braidPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options }))
}

/** Collects what a child says until it ends. */
export function follow(child: ChildProcess): Running {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  const outcome = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }))
  return { child, outcome }
}

/** Runs `braid` to its end. */
export function braid(args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> {
  return start(args, options).outcome
}

/** A server that is listening. */
export interface Served extends Running {
  readonly url: string
  readonly urls: readonly string[]
  /** Ends it with a signal and tells how it went. */
  stop(signal?: NodeJS.Signals): Promise<Outcome>
}

/** Starts `braid serve` and waits until it listens on `listeners` addresses. */
export async function serve(args: readonly string[], options: SpawnOptions = {}, listeners = 1): Promise<Served> {
  const { child, outcome } = start(['serve', ...args], options)
  const urls: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^listening (\S+)$/.exec(line)?.[1]
    if (url === undefined) throw new Error(`not what a server says first: ${line}`)
    if (urls.push(url) === listeners) break
  }
  if (urls.length < listeners) throw new Error(`the server did not start: ${(await outcome).stderr}`)
  child.stdout!.resume()
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> => {
    child.kill(signal)
    return outcome
  }
  return { child, outcome, url: urls[0]!, urls, stop }
}

/** A folder for one test file, with a function that removes it. */
export async function scratch(): Promise<{ folder: string; remove: () => Promise<void> }> {
  // Under the longest path a Unix socket takes, and open to other users for the tests about permission.
  const folder = await mkdtemp(join(tmpdir(), 'braid-cli-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
