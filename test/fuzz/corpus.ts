// The committed inputs: one file a target, one input a line, in hex. They reach every block any run has reached.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fromHex, toHex } from '../codec/hex.ts'

const folder = new URL('../../../test/fuzz/corpus/', import.meta.url)
const fileOf = (target: string): URL => new URL(`${target}.hex`, folder)

export function readCorpus(target: string): Uint8Array[] {
  if (!existsSync(fileOf(target))) return []
  const text = readFileSync(fileOf(target), 'utf8')
  return text === '' ? [] : text.trimEnd().split('\n').map(fromHex)
}

/** Shortest first, so that a change of few inputs is a change of few lines. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map(toHex).sort((one, other) => one.length - other.length || (one < other ? -1 : 1))
  writeFileSync(fileOf(target), lines.map((line) => `${line}\n`).join(''))
}
