// The live view of the connection: what the session says of itself once a second, and how long a ping takes. Reads, changes nothing.

import type { Session, SessionStats } from 'braidwire'
import { byId, bytesText, make, setText } from './elements.ts'

const EVERY_MS = 1000
/** Seconds in the graph. */
const SPAN = 60
const WIDTH = 240
const HEIGHT = 48

const NAMES = ['Round trip', 'Receiving', 'Sending', 'Open streams', 'Received', 'Held in memory'] as const
type Name = (typeof NAMES)[number]

export class Figures {
  readonly #values = new Map<Name, HTMLElement>()
  readonly #speeds: number[] = Array.from({ length: SPAN }, () => 0)
  #session: Session | undefined
  #last = { bytesIn: 0, bytesOut: 0, ms: 0 }
  #rttMs: number | undefined
  /** When the ping left that was not answered yet. */
  #askedMs: number | undefined

  constructor() {
    for (const name of NAMES) {
      const value = make('dd', {}, '–')
      this.#values.set(name, value)
      byId('figures').append(make('div', {}, make('dt', {}, name), value))
    }
    setInterval(() => this.#tick(), EVERY_MS)
  }

  /** Whose figures are shown from now on. */
  use(session: Session): void {
    this.#session = session
    this.#last = { bytesIn: 0, bytesOut: 0, ms: performance.now() }
    this.#askedMs = undefined
    this.#tick()
  }

  #tick(): void {
    const session = this.#session
    if (session === undefined || document.hidden) return
    if (session.state === 'ready') this.#ask(session)
    const stats = session.stats()
    const ms = performance.now()
    const seconds = Math.max((ms - this.#last.ms) / 1000, 0.001)
    const speedIn = (stats.bytesIn - this.#last.bytesIn) / seconds
    const speedOut = (stats.bytesOut - this.#last.bytesOut) / seconds
    this.#last = { bytesIn: stats.bytesIn, bytesOut: stats.bytesOut, ms }
    this.#put('Round trip', session.state === 'detached' ? 'no network' : this.#roundTrip(ms))
    this.#put('Receiving', `${bytesText(speedIn)}/s`)
    this.#put('Sending', `${bytesText(speedOut)}/s`)
    this.#put('Open streams', String(stats.streamsOpen))
    this.#put('Received', bytesText(stats.bytesIn))
    this.#put('Held in memory', bytesText(stats.memory))
    meter('credit', stats.limits.sessionWindow)
    meter('growth', stats.limits.growthPool)
    this.#speeds.push(speedIn)
    this.#speeds.shift()
    this.#draw()
  }

  #put(name: Name, text: string): void {
    setText(this.#values.get(name)!, text)
  }

  #ask(session: Session): void {
    if (this.#askedMs !== undefined) return
    this.#askedMs = performance.now()
    session.ping().then(
      (ms) => {
        this.#rttMs = ms
        this.#askedMs = undefined
      },
      () => {
        this.#askedMs = undefined
      },
    )
  }

  #roundTrip(ms: number): string {
    const waited = this.#askedMs === undefined ? 0 : ms - this.#askedMs
    if (waited >= 2 * EVERY_MS) return `no answer for ${Math.round(waited / 1000)} s`
    return this.#rttMs === undefined ? '–' : `${this.#rttMs.toFixed(this.#rttMs < 10 ? 1 : 0)} ms`
  }

  #draw(): void {
    const most = Math.max(...this.#speeds, 1)
    const points = this.#speeds.map((speed, at) => {
      const x = (at / (SPAN - 1)) * WIDTH
      return `${x.toFixed(1)} ${(HEIGHT - 2 - (speed / most) * (HEIGHT - 4)).toFixed(1)}`
    })
    byId('graph-line').setAttribute('d', `M${points.join('L')}`)
    byId('graph-area').setAttribute('d', `M0 ${HEIGHT}L${points.join('L')}L${WIDTH} ${HEIGHT}Z`)
  }
}

function meter(id: string, limit: SessionStats['limits'][string] | undefined): void {
  if (limit === undefined) return
  const bar = byId<HTMLMeterElement>(id)
  bar.max = limit.max
  bar.value = limit.used
  setText(byId(`${id}-text`), `${bytesText(limit.used)} of ${bytesText(limit.max)}`)
}
