// The downloads as a person sees them: a row for each, with progress, pause, cancel and the file when it is there. Runs a few at a time.

import type { Session } from 'braidwire'
import { sentence } from './connection.ts'
import { button, byId, bytesText, make, nameOf, plainName, setText } from './elements.ts'
import { type Phase, Transfer } from './transfer.ts'

/** Fetched at once; paused ones do not count. */
const AT_ONCE = 6
const REFRESH_MS = 200

interface Row {
  transfer: Transfer
  readonly element: HTMLLIElement
  readonly bar: HTMLProgressElement
  readonly text: HTMLElement
  readonly actions: HTMLElement
  /** What the actions were made for. */
  shown: Phase | undefined
  url: string | undefined
  /** For the speed: what was done when. */
  last: { done: number; ms: number; speed: number }
}

export class Downloads {
  readonly #rows = new Set<Row>()
  #session: Session | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  constructor() {
    byId('tidy').addEventListener('click', () => this.#tidy())
    byId('to-downloads').addEventListener('click', () => byId('downloads-card').focus())
  }

  /** Whose files are fetched from now on. */
  use(session: Session): void {
    this.#session = session
    this.#start()
  }

  add(path: string, size: number): void {
    const row = rowOf(new Transfer(path, size))
    this.#rows.add(row)
    byId('downloads').prepend(row.element)
    byId('downloads-none').hidden = true
    this.#start()
  }

  #start(): void {
    let room = AT_ONCE
    for (const { transfer } of this.#rows) if (transfer.phase === 'running') room--
    for (const row of this.#rows) {
      if (room > 0 && row.transfer.phase === 'waiting' && this.#session !== undefined) {
        room--
        void this.#run(row, this.#session)
      }
    }
    this.#timer ??= setInterval(() => this.#refresh(), REFRESH_MS)
    this.#refresh()
  }

  async #run(row: Row, session: Session): Promise<void> {
    const { transfer } = row
    await transfer.run(session)
    const { blob } = transfer
    if (blob !== undefined) {
      row.url = URL.createObjectURL(blob)
      // A browser may ask first when a page saves several files; the link in the row is there in any case.
      saveLink(row).click()
    }
    if (this.#rows.has(row)) say(`${plainName(baseName(transfer.path))}: ${ends[transfer.phase] ?? ''}`)
    this.#start()
  }

  #refresh(): void {
    const live = [...this.#rows].map(({ transfer }) => transfer).filter(({ over }) => !over)
    for (const row of this.#rows) this.#show(row)
    byId('tidy').hidden = live.length === this.#rows.size
    summarise(live)
    if (live.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #show(row: Row): void {
    const { transfer, bar } = row
    const { phase, done, size } = transfer
    bar.max = Math.max(size, 1)
    bar.value = phase === 'done' ? bar.max : done
    setText(row.text, phase === 'failed' ? `Failed: ${sentence(transfer.error)}` : progressText(row))
    if (row.shown === phase) return
    row.shown = phase
    row.element.dataset.phase = phase
    const held = row.actions.contains(document.activeElement)
    row.actions.replaceChildren(...this.#actions(row))
    // Who pressed a button that is gone stays where they were.
    if (held) (row.actions.firstElementChild as HTMLElement | null)?.focus()
  }

  #actions(row: Row): HTMLElement[] {
    const { transfer } = row
    const name = plainName(baseName(transfer.path))
    const act = (text: string, action: () => void) =>
      button(text, `${text} ${name}`, () => {
        action()
        this.#start()
      })
    const cancel = act('Cancel', () => transfer.cancel())
    switch (transfer.phase) {
      case 'waiting':
        return [cancel]
      case 'running':
        return [act('Pause', () => transfer.pause()), cancel]
      case 'paused':
        return [act('Resume', () => transfer.resume()), cancel]
      case 'done':
        return [saveLink(row), act('Remove', () => this.#remove(row))]
      default:
        return [act('Try again', () => this.#repeat(row)), act('Remove', () => this.#remove(row))]
    }
  }

  #repeat(row: Row): void {
    row.transfer = new Transfer(row.transfer.path, row.transfer.size)
  }

  #tidy(): void {
    for (const row of this.#rows) if (row.transfer.over) this.#remove(row)
    this.#refresh()
    byId('folder').focus()
  }

  #remove(row: Row): void {
    const next = (row.element.nextElementSibling ?? row.element.previousElementSibling)?.querySelector('button')
    if (row.url !== undefined) URL.revokeObjectURL(row.url)
    this.#rows.delete(row)
    row.element.remove()
    byId('downloads-none').hidden = this.#rows.size > 0
    const place = next ?? byId('folder')
    place.focus()
  }
}

function rowOf(transfer: Transfer): Row {
  const name = baseName(transfer.path)
  const bar = make('progress', { 'aria-label': `Progress of ${plainName(name)}` })
  const text = make('p', { class: 'note' })
  const actions = make('div', { class: 'actions' })
  const title = make('p', { class: 'name', title: plainName(transfer.path) }, nameOf(name))
  const element = make('li', {}, title, bar, make('div', { class: 'under' }, text, actions))
  const last = { done: 0, ms: performance.now(), speed: 0 }
  return { transfer, element, bar, text, actions, shown: undefined, url: undefined, last }
}

/** A real link, so that the browser's own menu works on it, too. */
function saveLink({ url = '', transfer }: Row): HTMLAnchorElement {
  const name = plainName(baseName(transfer.path))
  return make('a', { href: url, download: name, class: 'button', 'aria-label': `Save ${name}` }, 'Save')
}

const ends: Partial<Record<Phase, string>> = { done: 'complete', failed: 'failed', cancelled: 'cancelled' }

function progressText({ transfer, last }: Row): string {
  const { phase, done, size } = transfer
  if (phase === 'waiting') return 'Waiting for its turn'
  if (phase === 'cancelled') return 'Cancelled'
  if (phase === 'done') return `${bytesText(size)}, SHA-256 checked`
  const of = `${bytesText(done)} of ${bytesText(size)}`
  if (phase === 'paused') return `Paused at ${of}`
  const ms = performance.now()
  const passed = ms - last.ms
  if (passed >= 2 * REFRESH_MS) Object.assign(last, { done, ms, speed: ((done - last.done) / passed) * 1000 })
  return last.speed > 0 ? `${of}, ${bytesText(last.speed)}/s` : of
}

/** Where there is one column, what runs is out of sight: a button tells, and leads there. */
function summarise(live: readonly Transfer[]): void {
  const size = live.reduce((sum, transfer) => sum + transfer.size, 0)
  const done = live.reduce((sum, transfer) => sum + transfer.done, 0)
  const what = live.length === 1 ? '1 download' : `${live.length} downloads`
  byId('to-downloads').hidden = live.length === 0
  setText(byId('to-downloads'), `${what}: ${Math.floor((100 * done) / Math.max(size, 1))} %`)
}

function say(text: string): void {
  setText(byId('downloads-said'), text)
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
