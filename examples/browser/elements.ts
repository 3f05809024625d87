// Elements of the page: finding those that are there, making new ones. Text comes from strangers, so it only ever becomes text; nothing
// here or elsewhere in the page reads HTML.

/** The element of this id, which index.html has. */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element "${id}"`)
  return found as unknown as Kind
}

/** A new element with text or other elements in it. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Readonly<Record<string, string>> = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value)
  element.append(...inside)
  return element
}

/** A button with a text, and a longer name for who cannot see what it belongs to. */
export function button(text: string, label: string, pressed: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', 'aria-label': label }, text)
  made.addEventListener('click', pressed)
  return made
}

/** Sets a text that has changed: what is said again is read out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/**
 * A name of a stranger to show: marks that turn the direction of text around could make `txt.exe` look like `exe.txt`.
 * Stands in a `<bdi>`, so that names which are written from the right leave what is beside them in order.
 */
export function nameOf(name: string): HTMLElement {
  return make('bdi', {}, plainName(name))
}

/** The same for a label. */
export function plainName(name: string): string {
  return name.replace(/[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes for people. */
export function bytesText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  const scaled = bytes / 1024 ** power
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${units[power]}`
}
