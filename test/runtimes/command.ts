// The command in every runtime that can run it, as a child process: what it prints, what it says on a full disk, its exit codes.

import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { check, same } from './check.ts'
import type { Installed } from './installed.ts'
import type { Case } from './suite.ts'

const BRAID = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs the command; its output goes into a file, if one is given. */
function braid({ path, flags }: Installed, args: readonly string[], into?: string): Promise<Ended> {
  const target = into === undefined ? undefined : openSync(into, 'w')
  return new Promise<Ended>((resolve, reject) => {
    const child = spawn(path, [...flags, BRAID, ...args], {
      stdio: ['ignore', target ?? 'pipe', 'pipe'],
      timeout: 30_000,
    })
    const text = { out: '', errors: '' }
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text.out += piece
    })
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      text.errors += piece
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...text }))
  }).finally(() => {
    if (target !== undefined) closeSync(target)
  })
}

/** One sentence, and no stack trace. */
function complains({ errors }: Ended, words: RegExp): void {
  check(words.test(errors) && errors.trimEnd().split('\n').length === 1, `it says "${errors}"`)
}

export const commandCases = (runtime: Installed): readonly Case[] => [
  {
    name: 'tells its version',
    async run() {
      const { code, out, errors } = await braid(runtime, ['--version'])
      check(code === 0 && /^\d+\.\d+\.\d+\n$/.test(out), `${code}: "${out}${errors}"`)
    },
  },
  {
    name: 'fails on a full disk',
    async run() {
      for (const argument of ['--version', '--help']) {
        const ended = await braid(runtime, [argument], '/dev/full')
        same(ended.code, 1, `the exit code of ${argument}`)
        complains(ended, /^braid: .*no space left on device/i)
      }
    },
  },
  {
    name: 'refuses what it does not know, and a host that nobody knows',
    async run() {
      const wrong = await braid(runtime, ['fetch'])
      same(wrong.code, 2, 'the exit code')
      complains(wrong, /there is no command "fetch"/)
      const unreachable = await braid(runtime, ['ls', 'tcp://no-such-host.invalid:1'])
      same(unreachable.code, 1, 'the exit code')
      complains(unreachable, /the host is unknown|could not be looked up/)
    },
  },
]
