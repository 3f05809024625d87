// Compares counts with those recorded: what is beyond its tolerance, in which direction, and where in the code. Counts nothing.

import { type Counts, type FigureName, figureNames, figures, type Places } from './counts.ts'

/** A figure that differs by more than its tolerance. */
export interface Offence {
  readonly figure: FigureName
  readonly grew: boolean
  /** One sentence that names the path, and what changed at which places. */
  readonly sentence: string
}

/** Changes of a place below this are not told. */
const PLACE_LEAST = 0.01
const PLACES_TOLD = 5

/** How far a figure may be from what was recorded, when so many units were counted. */
export function allowed(figure: FigureName, recorded: number, units: number): number {
  const { tolerance, unit, all } = figures[figure]
  return Math.max(recorded * tolerance, unit, all / units)
}

export function judge(path: string, units: number, now: Counts, recorded: Counts): Offence[] {
  return figureNames.flatMap((figure) => {
    const [is, was] = [now.figures[figure], recorded.figures[figure]]
    const more = is - was
    if (Math.abs(more) <= allowed(figure, was, units)) return []
    const grew = more > 0
    const places = changes(figure, now, recorded, grew)
    const where = places.length === 0 ? '' : `; ${grew ? 'more' : 'less'} at ${places.join(', ')}`
    const sentence = `${path}: ${figures[figure].title} ${grew ? 'grew' : 'fell'} from ${told(was)} to ${told(is)}${where}`
    return [{ figure, grew, sentence }]
  })
}

/** The places that changed most in this direction, each with its change. Buffers are made where objects are. */
function changes(figure: FigureName, now: Counts, recorded: Counts, grew: boolean): string[] {
  const which = figure === 'calls' || figure === 'tokens' ? 'executed' : 'allocated'
  const column = figure === 'objects' || figure === 'calls' ? 0 : 1
  const at = (places: Places, name: string): number => places[name]?.[column] ?? 0
  const names = new Set([...Object.keys(now[which]), ...Object.keys(recorded[which])])
  return [...names]
    .map((name) => ({ name, more: at(now[which], name) - at(recorded[which], name) }))
    .filter(({ more }) => (grew ? more : -more) > PLACE_LEAST)
    .sort((one, other) => Math.abs(other.more) - Math.abs(one.more))
    .slice(0, PLACES_TOLD)
    .map(({ name, more }) => `${name} (${more > 0 ? '+' : ''}${told(more)})`)
}

/** For people: no more digits than can matter. */
export function told(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : Number(value.toFixed(2)).toString()
}
