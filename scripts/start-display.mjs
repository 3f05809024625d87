// What `npm start` shows while it runs: bars on a terminal, a plain line now and then elsewhere.

import cliProgress from 'cli-progress'

const lineEveryMs = 500
const barEveryMs = 50

export const spaced = (number) => number.toLocaleString('en')
export const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

/** The p-th percentile in ms, with two decimals. */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))
  return sorted.length === 0 ? '-' : sorted[at].toFixed(2)
}

export class Display {
  #jobs
  #bytes
  #done = 0
  #files = 0
  #before = new Map()
  #shownMs = performance.now()
  #bars
  #allBar
  #largeBar

  constructor(jobs) {
    this.#jobs = jobs
    this.#bytes = jobs.reduce((sum, { size }) => sum + size, 0)
    if (!process.stdout.isTTY) return
    this.#bars = new cliProgress.MultiBar({
      format: '{name} {bar} {percentage}% {text}',
      stream: process.stdout,
      barCompleteChar: '=',
      barIncompleteChar: '-',
      hideCursor: true,
      linewrap: false,
    })
    this.#allBar = this.#bars.create(this.#bytes, 0, { name: 'all files', text: '' })
    this.#largeBar = this.#bars.create(jobs[0].size, 0, { name: 'made.bin ', text: '' })
  }

  moved(job, streams, callMs) {
    this.#done += job.done - (this.#before.get(job) ?? 0)
    this.#before.set(job, job.done)
    const now = performance.now()
    if (now - this.#shownMs < (this.#bars === undefined ? lineEveryMs : barEveryMs)) return
    this.#shownMs = now
    this.#show(streams, callMs)
  }

  finished() {
    this.#files++
  }

  stop() {
    this.#show(0, undefined)
    this.#bars?.stop()
  }

  #show(streams, callMs) {
    const call = callMs === undefined ? '' : `, last call ${callMs.toFixed(1)} ms`
    const text = `${spaced(this.#files)} of ${spaced(this.#jobs.length)} files, ${streams} ${streams === 1 ? 'stream' : 'streams'}${call}`
    if (this.#bars === undefined) {
      const percent = String(Math.floor((this.#done / this.#bytes) * 100)).padStart(3)
      console.log(`${percent} %  ${mib(this.#done)} of ${mib(this.#bytes)}, ${text}`)
      return
    }
    this.#allBar.update(this.#done, { text })
    this.#largeBar.update(this.#jobs[0].done, { text: mib(this.#jobs[0].done) })
  }
}
