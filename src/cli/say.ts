// What the command tells people: one sentence for a failure, sizes in binary units, names that cannot harm a terminal.
// Writes to no stream except standard error, and only in `complain`.

import { BraidError } from 'braidwire'

/** What the library calls an option and a person types as a flag. The command has no flag for `servername`: there is another way. */
const flagWords: readonly (readonly [RegExp, string])[] = [
  [/say which one is meant \(option servername\)/, 'pin that certificate (--fingerprint, without --ca)'],
  [/\(options cert and key\)/, '(--cert and --key)'],
  [/\(option (ca|fingerprint)\)/g, '(--$1)'],
  [/(?<=^| )tls\.(ca|cert|fingerprint|key)(?=[ :]|$)/g, '--$1'],
  [/^the option tls (?=cannot)/, 'what --cert, --key or --ca hold '],
]

/** A failure with its exit code: 1, or 2 for a wrong command line. Its message is a whole sentence without full stop. */
export class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Prints the one sentence of a failed command. */
export function complain(sentence: string): void {
  process.stderr.write(`braid: ${printable(sentence)}\n`)
}

/** Text on one line, without what a terminal would obey: the other side may have chosen it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, '?')
}

/** A name as it stands in a sentence. */
export function quoted(name: string): string {
  return `"${printable(name)}"`
}

/** Why something failed, as a clause that fits behind a colon, in words of the command. */
export function clause(error: unknown): string {
  const text = error instanceof Error ? wordsOf(error) : String(error)
  const line = text.split('\n', 1)[0]!.trim().replace(/\.$/, '').replaceAll('. ', '; ')
  const start = /^[A-Z][a-z]/.test(line) ? line[0]!.toLowerCase() + line.slice(1) : line
  return start === '' ? 'it failed' : printable(start)
}

/** Only errors that are about options: in others a name may look like one. */
function wordsOf(error: Error): string {
  if (!(error instanceof BraidError) || !/^BRAID_(TLS|INVALID_INPUT)$/.test(error.code)) return error.message
  return flagWords.reduce((text, [option, flag]) => text.replace(option, flag), error.message)
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}

/** `512 B`, `1.5 MiB`. */
export function size(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024) return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`
    value /= 1024
  }
  return `${value.toFixed(1)} TiB`
}
