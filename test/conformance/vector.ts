// The vectors as data: their types, how they are read, and how their hex becomes bytes. README.md describes the format.

import { readdirSync, readFileSync } from 'node:fs'
import { encodeFrame, PREFACE } from '../codec/frames.ts'
import { concat, fromHex, toHex } from '../codec/hex.ts'
import { encodeVarint } from '../codec/varint.ts'
import { expandStates, type StateTable } from './states.ts'

/** Bytes: hex with macros, or hex repeated, `<i>` in it standing for a counter as a varint. */
export type Piece =
  | string
  | { readonly repeat: number; readonly hex: string; readonly from?: number; readonly step?: number }
export type Value = string | number | boolean | null
/** Fields that must be as given; what is not named may be anything. */
export type Pattern = Readonly<Record<string, Value | readonly string[]>>
/** What a local application does. `do` names it; the rest are its arguments. `repeat`: so often, `<i>` counting from 0. */
export type Command = { readonly do: string } & Readonly<Record<string, Value | Piece>>

export interface Expect {
  readonly out?: 'silence' | readonly Pattern[]
  readonly close?: number | null
  readonly reason?: string
  readonly ended?: boolean
  readonly closed?: string | null
  readonly events?: readonly Pattern[]
  readonly never?: readonly string[]
  readonly absent?: readonly string[]
  readonly anyOrder?: boolean
  readonly sent?: Readonly<Record<string, Sent>>
  readonly sentTotal?: number
  readonly maxPayload?: number
  readonly granted?: Readonly<Record<string, number>>
  readonly limit?: number
}

/** What must have been sent on a stream: payload, whether its half was ended with FIN, message ends, credit used at most. */
export interface Sent {
  readonly size?: number
  readonly bytes?: string
  readonly fin?: boolean
  readonly eoms?: number
  readonly costMax?: number
}

export type Step =
  | { readonly in: Piece | readonly Piece[] }
  | { readonly advance: number }
  | { readonly local: Command | readonly Command[] }
  | { readonly times: number; readonly steps: readonly Step[] }
  | { readonly expect: Expect }

export interface Vector {
  readonly name: string
  readonly rule: string | readonly string[]
  readonly role: 'listener' | 'dialer' | 'symmetric'
  readonly options?: Readonly<Record<string, number | string>>
  readonly gate?: boolean
  readonly resume?: boolean
  /** A listener that takes no more sessions: the reason in its CLOSE. */
  readonly full?: string
  readonly steps: readonly Step[]
  readonly expect: Expect
}

/** A rule of docs/PROTOCOL.md that vectors stand for, with the words that state it. */
export interface Rule {
  readonly id: string
  readonly section: string
  readonly quote: string
}

const folder = new URL('../../../test/conformance/', import.meta.url)

/** All vectors, by the file they stand in. */
export function readVectors(): Map<string, Vector[]> {
  const files = readdirSync(new URL('vectors/', folder)).filter((name) => name.endsWith('.json'))
  const byFile = files.sort().map((name): [string, Vector[]] => [name, readJson(`vectors/${name}`) as Vector[]])
  return new Map([...byFile, ['states.json', expandStates(readStates())]])
}

/** Every frame in every state. */
export function readStates(): StateTable {
  return readJson('states.json') as StateTable
}

export function readRules(): Rule[] {
  return readJson('rules.json') as Rule[]
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8'))
}

/** One or several as several. */
export function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

/** Macros that stand for the same bytes in every vector. */
const fixed: Readonly<Record<string, Uint8Array>> = {
  $preface: PREFACE,
  $hello: encodeFrame({ type: 'HELLO', flags: [], fields: { entries: '0=0101' } }),
  $able: encodeFrame({ type: 'HELLO', flags: [], fields: { entries: '0=0101 7=01' } }),
  $ticket: new Uint8Array(16).fill(7),
  $secret: new Uint8Array(32).fill(9),
}

/** The bytes of pieces; `dynamic` knows the macros that depend on what the subject said before. */
export function expand(pieces: Piece | readonly Piece[], dynamic: (macro: string) => Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = []
  for (const piece of list(pieces)) {
    if (typeof piece !== 'string') {
      const same = piece.hex.includes('<i>') ? undefined : fromHex(piece.hex)
      for (let at = 0; at < piece.repeat; at++) {
        const counter = same === undefined ? toHex(encodeVarint((piece.from ?? 0) + at * (piece.step ?? 1))) : ''
        chunks.push(same ?? fromHex(piece.hex.replaceAll('<i>', counter)))
      }
      continue
    }
    for (const word of piece.split(/\s+(?=\$)|(?<=\$[a-z]+)\s+/)) {
      if (!word.startsWith('$')) chunks.push(fromHex(word))
      else chunks.push(fixed[word] ?? dynamic(word))
    }
  }
  return concat(chunks)
}
