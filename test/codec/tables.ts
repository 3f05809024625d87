// Reads docs/PROTOCOL.md itself: sections, tables and codes, so that document, codec and vectors cannot drift apart.

import { readFileSync } from 'node:fs'

/** The whole document. */
export const specification: string = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8')

/** The text of a section by its number: `5.3` is that subsection alone, `5` all of it. */
export function section(number: string): string {
  const depth = number.includes('.') ? '###' : '##'
  const escaped = number.replace('.', '\\.')
  const found = new RegExp(`^${depth} ${escaped}\\.? [^\\n]*\\n([^]*?)(?=^${depth} |^## |(?![^]))`, 'm').exec(
    specification,
  )
  if (found?.[1] === undefined) throw new RangeError(`docs/PROTOCOL.md has no section ${number}`)
  return found[1]
}

/** The rows of a section's tables, cells trimmed, without heads. A `\|` in a cell is a bar. */
export function rows(number: string): string[][] {
  const lines = section(number)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  const body = lines.filter((line, at) => !/^\|[-|]+\|$/.test(line) && !/^\|[-|]+\|$/.test(lines[at + 1] ?? ''))
  return body.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.replaceAll('\\|', '|').trim()),
  )
}

/** The code spans of a cell. */
export function spans(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), (match) => match[1] as string)
}

/** Section 9: code names by their number. */
export function codeTable(): Map<number, string> {
  const pairs = section('9').matchAll(/\b(\d+) ([A-Z][A-Z_]+)\b/g)
  return new Map(Array.from(pairs, (match) => [Number(match[1]), match[2] as string]))
}
