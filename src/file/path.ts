// Which paths may cross the wire, in one place for the side that asks, the side that serves and the side that writes.
// Judges text only: what the text leads to on a disk is the business of whoever opens it.

/** Longest path taken, in UTF-16 units: Linux's PATH_MAX, and well within the metadata of an OPEN. */
export const pathLengthMax = 4096

// Decoded once by some layer in between, these would become separators or an end of text. Everything else is literal.
const encodedSeparator = /%(2f|5c|00)/i
const deviceName = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\.|$)/i

/**
 * Why a path cannot be asked for, in words that follow "the path"; undefined when it can.
 *
 * A path is relative, its names are separated by `/`, and each is taken literally.
 *
 * @param windows also refuse what only Windows reads in a special way: drives, alternate streams, device names.
 *
 * @example
 * import { pathFault } from 'braidwire/file'
 * console.log(pathFault('a b#c%20.txt')) // undefined
 * console.log(pathFault('../secret')) // 'holds ".."'
 */
export function pathFault(path: string, windows = false): string | undefined {
  if (path === '') return 'is empty'
  if (path.length > pathLengthMax) return `is longer than ${pathLengthMax} characters`
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i)
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return 'holds a control character'
    if (unit === 0x5c) return 'holds a backslash'
  }
  const encoded = encodedSeparator.exec(path)
  if (encoded !== null) return `holds "${encoded[0]}"`
  if (path.startsWith('/')) return 'is absolute'
  for (const name of path.split('/')) {
    if (name === '') return 'holds an empty name'
    if (name === '.' || name === '..') return `holds "${name}"`
    if (windows && (name.includes(':') || deviceName.test(name) || /[. ]$/.test(name))) {
      return `holds "${name}", which Windows reads in a special way`
    }
  }
  return undefined
}

/** True when a name in the path begins with a dot. */
export function isHidden(path: string): boolean {
  return path.startsWith('.') || path.includes('/.')
}
