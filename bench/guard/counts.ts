// What is counted on a hot path, for one unit of work, and how much each figure may differ from the recorded one.
// Types and constants; counts nothing itself.

/** A slab of the engine: buffers come in pieces of that size, so that a single byte can decide whether one more is begun. */
const SLAB_BYTES = 65_536

/**
 * Figures of one unit of work. `tolerance` is a share of what is recorded. Whatever that is, a unit may differ by `unit`, and all
 * counted units together by `all`.
 */
export const figures = {
  /**
   * Objects made on the heap by optimised code, or kept there. V8 decides when it has seen enough to optimise: some dozens of
   * objects in all go by the machine, which weighs where a unit makes hardly one.
   */
  objects: { title: 'objects', tolerance: 0.005, unit: 0.02, all: 0 },
  bytes: { title: 'heap bytes', tolerance: 0.005, unit: 4, all: 0 },
  /** Bytes of array buffers, which lie outside the heap. */
  buffers: { title: 'buffer bytes', tolerance: 0.002, unit: 0, all: SLAB_BYTES },
  /** Functions begun and tokens of code passed, without optimisation. */
  calls: { title: 'functions', tolerance: 0.001, unit: 0, all: 0 },
  tokens: { title: 'tokens', tolerance: 0.001, unit: 0, all: 0 },
} as const

export type FigureName = keyof typeof figures

export const figureNames = Object.keys(figures) as FigureName[]

export type Figures = Readonly<Record<FigureName, number>>

/** A place in the code with the two figures it is part of: objects and bytes, or functions and tokens. */
export type Places = Readonly<Record<string, readonly [number, number]>>

/** Everything counted of one path. */
export interface Counts {
  readonly figures: Figures
  readonly allocated: Places
  readonly executed: Places
}

/** What a counting process was asked for, and its answer. */
export type Part = 'heap' | 'code'
export type HeapCounts = Pick<Figures, 'objects' | 'bytes'> & Pick<Counts, 'allocated'>
export type CodeCounts = Pick<Figures, 'buffers' | 'calls' | 'tokens'> & Pick<Counts, 'executed'>
