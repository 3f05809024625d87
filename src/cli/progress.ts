// How a transfer shows itself: bars on a terminal, otherwise plain lines once everything is there.
// Bars go to standard error, lines to standard output; a command that fails prints no line.

import cliProgress from 'cli-progress'
import type { Job } from './paths.ts'
import { count, printable, size } from './say.ts'

// A file of this size is worth a bar of its own; smaller ones are gone before anyone could look.
const barBytesMin = 8 * 1024 * 1024
const ownBarsMax = 4

/** What the transfer tells about one file. */
export interface FileProgress {
  readonly moved: (done: number, size: number) => void
  readonly done: (size: number) => void
  readonly failed: () => void
}

/** The progress of one command. */
export class Progress {
  readonly #lines: string[] = []
  readonly #startedMs = performance.now()
  #bars: cliProgress.MultiBar | undefined
  #total: cliProgress.SingleBar | undefined
  #ownBars = 0
  #files = 0
  #bytes = 0
  #expectedBytes = 0

  start(jobs: readonly Job[]): void {
    for (const job of jobs) this.#expectedBytes += job.size ?? 0
    if (!process.stderr.isTTY) return
    this.#bars = new cliProgress.MultiBar({
      format: '{bar} {percentage}% {name}',
      stream: process.stderr,
      barCompleteChar: '=',
      barIncompleteChar: '-',
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
    })
    this.#total = this.#bars.create(1, 0, { name: count(jobs.length, 'file') })
  }

  file(job: Job): FileProgress {
    let before = 0
    let known = false
    let bar: cliProgress.SingleBar | undefined
    const moved = (done: number, whole: number): void => {
      this.#bytes += done - before
      before = done
      if (!known) {
        known = true
        this.#expectedBytes += whole - (job.size ?? 0)
        bar = this.#ownBar(job, whole)
      }
      bar?.update(done)
      this.#update()
    }
    const end = (): void => {
      if (bar === undefined) return
      this.#bars?.remove(bar)
      this.#ownBars--
      bar = undefined
    }
    const done = (whole: number): void => {
      end()
      this.#files++
      this.#lines.push(`${printable(job.target)}  ${size(whole)}\n`)
    }
    return { moved, done, failed: end }
  }

  /** Takes the bars away; before anything else is printed. */
  stop(): void {
    this.#bars?.stop()
    this.#bars = undefined
  }

  /** Says what was fetched, when all of it was. */
  report(): void {
    const seconds = (performance.now() - this.#startedMs) / 1000
    const summary = `${count(this.#files, 'file')}, ${size(this.#bytes)} in ${seconds.toFixed(1)} s\n`
    process.stdout.write(process.stdout.isTTY ? summary : this.#lines.join('') + summary)
  }

  #ownBar(job: Job, whole: number): cliProgress.SingleBar | undefined {
    if (whole < barBytesMin || this.#ownBars >= ownBarsMax) return undefined
    this.#ownBars++
    return this.#bars?.create(whole, 0, { name: printable(job.path) })
  }

  #update(): void {
    this.#total?.setTotal(Math.max(this.#expectedBytes, 1))
    this.#total?.update(this.#bytes, { name: `${count(this.#files, 'file')} done, ${size(this.#bytes)}` })
  }
}
