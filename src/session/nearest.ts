// The registered name somebody may have meant. Its cost is bounded: a stranger chooses the name and may ask often.

/** Slips of the fingers (a letter more, less, or another) up to which two names are taken for the same. */
const SLIPS_MAX = 2
/** Longer names get no suggestion; more names than these are not looked at. */
const CHARS_MAX = 64
const NAMES_MAX = 1000

/** The one of `names` that is nearest to `name`, if it is near enough to be worth a question. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > CHARS_MAX) return undefined
  let slips = Math.min(SLIPS_MAX, Math.floor(name.length / 2))
  let best: string | undefined
  let left = NAMES_MAX
  for (const candidate of names) {
    if (left-- === 0) break
    if (Math.abs(candidate.length - name.length) > slips) continue
    if (candidate.toLowerCase() === name.toLowerCase()) return candidate
    const distance = slipsBetween(name, candidate, slips)
    if (distance > slips) continue
    best = candidate
    slips = distance - 1
  }
  return best
}

/** Levenshtein's distance within a band of `most` around the diagonal; `most` + 1 when it is more. */
function slipsBetween(a: string, b: string, most: number): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = new Array<number>(b.length + 1).fill(most + 1)
    current[0] = row
    let least = row
    for (let column = Math.max(1, row - most); column <= Math.min(b.length, row + most); column++) {
      const other = a.charCodeAt(row - 1) === b.charCodeAt(column - 1) ? 0 : 1
      const value = Math.min(above[column - 1]! + other, above[column]! + 1, current[column - 1]! + 1, most + 1)
      current[column] = value
      if (value < least) least = value
    }
    if (least > most) return most + 1
    above = current
  }
  return above[b.length]!
}
