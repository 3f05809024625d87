// The served folder: lists one folder at a time, leads to others, selects files. The folder that is shown stands in the page's address
// behind the #, so that the browser's way back works.

import type { Session } from 'braidwire'
import { type FileEntry, listFiles } from 'braidwire/file'
import { sentence } from './connection.ts'
import { button, byId, bytesText, make, nameOf, plainName, setText } from './elements.ts'

/** Rows shown before more are asked for. */
const PAGE_ROWS = 300
/** Entries of one folder that are kept; beyond that, the command is the better tool. */
const ENTRIES_MAX = 20_000

export interface FolderActions {
  preview(path: string, entry: FileEntry): void
  download(path: string, size: number): void
}

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

export class Folder {
  readonly #actions: FolderActions
  readonly #list = byId('entries')
  readonly #selected = new Map<string, number>()
  #session: Session | undefined
  #path = ''
  #entries: FileEntry[] = []
  #shown = 0
  /** Of the listing under way. */
  #listing = new AbortController()

  constructor(actions: FolderActions) {
    this.#actions = actions
    addEventListener('hashchange', () => void this.#open())
    byId('more').addEventListener('click', () => this.#showMore())
    byId('get').addEventListener('click', () => this.#download())
    byId<HTMLInputElement>('all').addEventListener('change', ({ target }) => {
      this.#selectAll((target as HTMLInputElement).checked)
    })
  }

  /** Whose folder is shown from now on. */
  use(session: Session): void {
    this.#session = session
    void this.#open()
  }

  async #open(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#listing.abort()
    this.#listing = new AbortController()
    const { signal } = this.#listing
    const path = pathOf(location.hash)
    const entries: FileEntry[] = []
    let problem = ''
    try {
      const listing = await listFiles(session, path, { signal })
      for await (const entry of listing.entries) if (entries.push(entry) === ENTRIES_MAX) break
      if (!listing.folder) problem = `This is a file, no folder: ${plainName(path)}`
    } catch (error) {
      if (signal.aborted) return
      problem = `Cannot show this folder: ${sentence(error)}`
    }
    if (signal.aborted) return
    entries.sort((a, b) => Number(b.folder) - Number(a.folder) || (a.path < b.path ? -1 : 1))
    this.#path = path
    this.#entries = entries
    this.#selected.clear()
    setText(byId('folder-problem'), problem)
    this.#render(entries.length === ENTRIES_MAX)
  }

  #render(cut: boolean): void {
    const held = document.activeElement?.closest('#entries, #trail') !== null
    const { length } = this.#entries
    const count = `${length.toLocaleString()} ${length === 1 ? 'entry' : 'entries'}`
    setText(byId('folder-count'), cut ? `the first ${count}` : count)
    byId('trail').replaceChildren(...trailOf(this.#path))
    this.#list.replaceChildren()
    this.#shown = 0
    this.#showMore()
    this.#chosen()
    // The link that was followed is gone.
    if (held) byId('folder').focus()
  }

  #showMore(): void {
    const until = Math.min(this.#shown + PAGE_ROWS, this.#entries.length)
    const rows = this.#entries.slice(this.#shown, until).map((entry) => this.#row(entry))
    const first = this.#shown > 0 ? rows[0] : undefined
    this.#list.append(...rows)
    this.#shown = until
    byId('more').hidden = until === this.#entries.length
    first?.querySelector<HTMLElement>('input, a')?.focus()
  }

  #row(entry: FileEntry): HTMLLIElement {
    const { path: name, size, mtimeMs, folder } = entry
    const path = this.#path === '' ? name : `${this.#path}/${name}`
    const shown = plainName(name)
    if (folder) {
      const link = make('a', { href: hashOf(path), class: 'name' }, nameOf(name))
      return make('li', { class: 'is-folder' }, make('span', { class: 'mark', 'aria-hidden': 'true' }), link)
    }
    const box = make('input', { type: 'checkbox', 'aria-label': `Select ${shown}` })
    box.checked = this.#selected.has(path)
    box.addEventListener('change', () => {
      if (box.checked) this.#selected.set(path, size)
      else this.#selected.delete(path)
      this.#chosen()
    })
    const look = button('', `Preview ${shown}`, () => this.#actions.preview(path, entry))
    look.className = 'name plain'
    look.append(nameOf(name))
    const facts = `${bytesText(size)}${mtimeMs > 0 ? ` · ${date.format(mtimeMs)}` : ''}`
    const get = button('↓', `Download ${shown}`, () => this.#actions.download(path, size))
    get.className = 'get'
    return make('li', {}, box, look, make('span', { class: 'note facts' }, facts), get)
  }

  #selectAll(all: boolean): void {
    this.#selected.clear()
    for (const { path: name, folder, size } of all ? this.#entries : []) {
      if (!folder) this.#selected.set(this.#path === '' ? name : `${this.#path}/${name}`, size)
    }
    for (const box of this.#list.querySelectorAll('input')) box.checked = all
    this.#chosen()
  }

  /** What is selected has changed. */
  #chosen(): void {
    const files = this.#selected.size
    const bytes = [...this.#selected.values()].reduce((sum, size) => sum + size, 0)
    const get = byId<HTMLButtonElement>('get')
    get.disabled = files === 0
    setText(get, files === 0 ? 'Download' : `Download ${files} (${bytesText(bytes)})`)
    const all = byId<HTMLInputElement>('all')
    const most = this.#entries.filter(({ folder }) => !folder).length
    all.disabled = most === 0
    all.checked = files > 0 && files === most
    all.indeterminate = files > 0 && files < most
  }

  #download(): void {
    for (const [path, size] of this.#selected) this.#actions.download(path, size)
    this.#selectAll(false)
    byId('folder').focus()
  }
}

/** `#/sub/a%20b` to `sub/a b`; anything else is the served folder itself. */
function pathOf(hash: string): string {
  if (!hash.startsWith('#/')) return ''
  try {
    return hash.slice(2).split('/').map(decodeURIComponent).join('/')
  } catch {
    return ''
  }
}

function hashOf(path: string): string {
  return `#/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** Links to the folders above; the last one is where we are. */
function trailOf(path: string): HTMLLIElement[] {
  const names = path === '' ? [] : path.split('/')
  const steps = [{ text: 'Top', to: '' }, ...names.map((text, at) => ({ text, to: names.slice(0, at + 1).join('/') }))]
  return steps.map(({ text, to }, at) => {
    const here = at === steps.length - 1
    return make('li', {}, make('a', { href: hashOf(to), ...(here ? { 'aria-current': 'page' } : {}) }, nameOf(text)))
  })
}
