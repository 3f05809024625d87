// Runs tests against a copy, in stages, until one fails, hangs or dies. Knows no mutant: what was changed in the copy is not its business.

import { spawn } from 'node:child_process'
import type { Copy } from './copy.ts'

/** Silence beyond the longest of the unbroken program, times a factor for a busy machine, and this. */
const SILENCE_MS = 10_000
const SILENCE_FACTOR = 4
const HEAP_MB = 1024
const LOOK_MS = 500
/** Between two looks no more than this counts as silence: a machine that stood still, this program with it, was no test that hung. */
const LOOK_MS_MAX = 2_000

export interface Stage {
  readonly what: string
  /** Compiled test files, folders of them, or `seeds:n`. */
  readonly tests: readonly string[]
}

/** How one stage ended: undefined when every test passed, else which did not. */
export interface Outcome {
  readonly failure: string | undefined
  readonly hung: boolean
  /** The longest time without a word. */
  readonly silenceMs: number
}

export class Judge {
  private readonly copy: Copy
  private readonly stages: readonly Stage[]
  private readonly patience = new Map<string, number>()

  constructor(copy: Copy, stages: readonly Stage[]) {
    this.copy = copy
    this.stages = stages
  }

  /** Runs all of it on the unbroken program: it must pass, and shows how long a test is silent. */
  async calibrate(): Promise<void> {
    for (const stage of this.stages) {
      const { failure, silenceMs } = await this.run(stage, 120_000)
      if (failure !== undefined) throw new Error(`${stage.what} fails without any change: ${failure}`)
      this.patience.set(stage.what, SILENCE_MS + SILENCE_FACTOR * silenceMs)
    }
  }

  /** The patience another judge has learnt. */
  learnFrom(other: Judge): void {
    for (const [what, ms] of other.patience) this.patience.set(what, ms)
  }

  /** The first failure as a sentence, or undefined: nothing noticed. Tests of `nearest` go first. */
  async judge(nearest = ''): Promise<{ readonly by: string; readonly hung: boolean } | undefined> {
    for (const stage of this.stages) {
      const { failure, hung } = await this.run(stage, this.patience.get(stage.what) ?? 60_000, nearest)
      if (failure !== undefined) return { by: `${stage.what}: ${failure}`, hung }
    }
    return undefined
  }

  private run(stage: Stage, patienceMs: number, nearest = ''): Promise<Outcome> {
    const files = stage.tests.flatMap((place) => this.copy.tests(place))
    const isNear = (file: string) => nearest !== '' && file.includes(`/${nearest}`)
    const ordered = [...files.filter(isNear), ...files.filter((file) => !isNear(file))]
    const options = ['--test-reporter=tap', `--max-old-space-size=${HEAP_MB}`, '--no-warnings']
    const child = spawn(process.execPath, [...options, 'build/test/mutation/suite.js', ...ordered], {
      cwd: this.copy.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Promise((resolve) => {
      let failure: string | undefined
      let hung = false
      let silenceMs = 0
      let silent = 0
      let looked = performance.now()
      let words = ''
      const look = (): void => {
        const now = performance.now()
        silent += Math.min(now - looked, LOOK_MS_MAX)
        looked = now
      }
      const patience = setInterval(() => {
        look()
        if (silent < patienceMs) return
        hung = true
        failure ??= `no test ended within ${(patienceMs / 1000).toFixed(0)} s`
        child.kill('SIGKILL')
      }, LOOK_MS)
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        look()
        silenceMs = Math.max(silenceMs, silent)
        silent = 0
        words = words.slice(words.lastIndexOf('\n') + 1) + text
        const failed = /^ *not ok \d+ - (.*)$/m.exec(words)
        if (failed === null) return
        failure ??= failed[1]
        child.kill('SIGKILL')
      })
      child.stderr.resume()
      child.on('close', (status) => {
        clearInterval(patience)
        if (status !== 0) failure ??= 'the process died'
        resolve({ failure, hung, silenceMs })
      })
    })
  }
}
