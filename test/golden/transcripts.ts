// Where the transcripts lie, and how a recorded session becomes text.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resumedScripts } from './resumed-scripts.ts'
import { scripts } from './scripts.ts'
import { ordinary } from './world.ts'

const all = { ...scripts, ...resumedScripts }

const folder = new URL('../../../test/golden/transcripts/', import.meta.url)

export function names(): string[] {
  return Object.keys(all)
}

/** Plays a session and returns its transcript. */
export function play(name: string): string {
  const script = all[name]
  if (script === undefined) throw new RangeError(`no session is called ${name}`)
  return `${script(ordinary).lines.join('\n')}\n`
}

export function read(name: string): string {
  return readFileSync(new URL(`${name}.txt`, folder), 'utf8')
}

export function write(name: string, transcript: string): void {
  writeFileSync(new URL(`${name}.txt`, folder), transcript)
}

/** Names of the transcripts that exist as files. */
export function stored(): string[] {
  return readdirSync(folder).map((file) => file.replace('.txt', ''))
}
