// What an attack is: data, and how its connections behave. The attacks themselves are in attacks.ts and the files it gathers.

import type { ListenOptions } from 'braidwire'
import { type Line, many } from './raw.ts'

/** What the attacked program may at most suffer. */
export interface Ceiling {
  /** Growth of what the program holds after a collection, while the attack goes on, in MiB. */
  readonly heldMiB: number
  /** Handlers alive at once. */
  readonly handlers?: number
  /** How the attacked side must have ended every hostile connection, by the name of a code; `silent`: without a word. Missing: it may go on. */
  readonly ends?: readonly string[]
  /** Within so many ms of being dialled. */
  readonly endsWithinMs?: Two<number>
  /** Bytes held of a session that is not yet authorised, in KiB. */
  readonly earlyKiB?: number
}

/** Full and quick form of a figure. */
export interface Two<T> {
  readonly full: T
  readonly quick: T
}

export interface Attack {
  /** `A1`, and a letter where one row of the table is attacked in several ways. */
  readonly id: string
  readonly name: string
  /** Options of the attacked listener. Default: its defaults. */
  readonly options?: Two<ListenOptions & { readonly slowToAuthorize?: boolean }>
  /** How long it goes on, in ms; 0: not in this form. */
  readonly lasts: Two<number>
  /** When what it makes the program hold is weighed, in parts of that time. Default 0.8. */
  readonly weighedAt?: number
  /** Connections at the same time. Default 1. */
  readonly lines?: Two<number>
  /** Dials again when a connection has ended, as long as it lasts. Default false. */
  readonly again?: boolean
  /** Reads what comes. Default true. */
  readonly reads?: boolean
  /** Behaves on one connection, its `index`-th; counts the frames it sent. Returning leaves the connection open until the time is over. */
  readonly play: (line: Line, count: (frames: number) => void, index: number) => Promise<void>
  /** The code that the `index`-th connection must be ended with, where each has its own. */
  readonly code?: (index: number) => number
  readonly ceiling: Ceiling
}

/** A greeting, then the same chunk of many frames again and again, until the connection ends. */
export function flood(
  greeting: Uint8Array,
  frames: number,
  make: (index: number) => readonly Uint8Array[],
): Attack['play'] {
  let chunk: Uint8Array | undefined
  return async (line, count) => {
    chunk ??= many(frames, make)
    await line.send(greeting)
    while (await line.send(chunk)) count(frames)
  }
}
