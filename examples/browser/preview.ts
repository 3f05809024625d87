// Looks into one file: text as text, whatever language it is in, and pictures of kinds that can hold no script. Files are strangers' work:
// SVG and HTML are shown as what they say, and nothing large is fetched to be looked at.

import type { Session } from 'braidwire'
import { bytesSink, type FileEntry, fetchFile } from 'braidwire/file'
import { sentence } from './connection.ts'
import { byId, bytesText, make, plainName, setText } from './elements.ts'
import { runningSha256 } from './transfer.ts'

const TEXT_BYTES_MAX = 512 * 1024
const IMAGE_BYTES_MAX = 16 * 1024 * 1024

/** What is given to the browser to draw, by the ending of the name. */
const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
}

export class Preview {
  readonly #dialog = byId<HTMLDialogElement>('preview')
  readonly #body = byId('preview-body')
  #fetching = new AbortController()
  #url: string | undefined

  constructor() {
    // Scrolled by keyboard, too.
    this.#body.tabIndex = 0
    byId('preview-close').addEventListener('click', () => this.#dialog.close())
    this.#dialog.addEventListener('close', () => this.#clear())
    this.#dialog.addEventListener('click', ({ target }) => {
      // Beside it.
      if (target === this.#dialog) this.#dialog.close()
    })
  }

  async show(session: Session, path: string, { path: name, size }: FileEntry): Promise<void> {
    this.#clear()
    this.#fetching = new AbortController()
    const { signal } = this.#fetching
    setText(byId('preview-title'), plainName(name))
    const image = IMAGES[/[^.]*$/.exec(name)![0].toLowerCase()]
    const most = image === undefined ? TEXT_BYTES_MAX : IMAGE_BYTES_MAX
    this.#note('Loading')
    this.#dialog.showModal()
    if (size > most) {
      return this.#note(`${bytesText(size)} is too much to look at here (${bytesText(most)}): download it.`)
    }
    const sink = bytesSink(runningSha256(), most)
    try {
      await fetchFile(session, path, sink, { signal })
    } catch (error) {
      if (!signal.aborted) this.#note(`Cannot show it: ${sentence(error)}`)
      return
    }
    const bytes = sink.bytes as Uint8Array<ArrayBuffer>
    if (signal.aborted) return
    if (image === undefined) this.#showText(bytes)
    else this.#showImage(bytes, image, name)
  }

  #showText(bytes: Uint8Array): void {
    if (bytes.length === 0) return this.#note('The file is empty.')
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      if (!text.includes('\0')) return this.#body.replaceChildren(make('pre', {}, text))
    } catch {
      // Not UTF-8.
    }
    this.#note('This is no text: download it.')
  }

  #showImage(bytes: Uint8Array<ArrayBuffer>, type: string, name: string): void {
    this.#url = URL.createObjectURL(new Blob([bytes], { type }))
    const image = make('img', { alt: plainName(name) })
    image.addEventListener('error', () => this.#note('The browser cannot draw this picture: download it.'))
    image.src = this.#url
    this.#body.replaceChildren(image)
  }

  #note(text: string): void {
    this.#body.replaceChildren(make('p', { class: 'note', role: 'status' }, text))
  }

  #clear(): void {
    this.#fetching.abort()
    this.#body.replaceChildren()
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url)
    this.#url = undefined
  }
}
