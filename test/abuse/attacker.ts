// The program that attacks: plays one attack against a port and keeps what it did, then does the same, byte for byte and in the
// same time, to a plain sink. `node build/test/abuse/attacker.js`

import { setTimeout as sleep } from 'node:timers/promises'
import { answer } from '../child.ts'
import type { Attack } from './attack.ts'
import { attacks } from './attacks.ts'
import { type Deed, type End, Line } from './raw.ts'

/** What became of an attack. */
export interface Outcome {
  readonly lines: number
  readonly frames: number
  readonly bytes: number
  /** How its connections ended, by code, `silent` or `open` (still, when the time was over), and how many. */
  readonly ends: Readonly<Record<string, number>>
  /** Longest that a connection lived which the other side ended, in ms. */
  readonly slowestEndMs: number
  /** Where the answer to a connection is known before: those that were answered otherwise, as `index: code`. */
  readonly wrong: readonly string[]
}

/** How long an attack that is made once may take to be ended, in ms. */
const ONCE_MS = 10_000

let deeds: Deed[] = []

interface Play {
  readonly id: string
  readonly port: number
  readonly form: 'full' | 'quick'
  /** On each connection once, reading, until the other side ends it. */
  readonly once?: boolean
}

async function play({ id, port, form, once = false }: Play): Promise<Outcome> {
  const attack = attacks.find((each) => each.id === id) as Attack
  const begun = performance.now()
  const ends: Record<string, number> = {}
  const living = new Set<Line>()
  const wrong: string[] = []
  let frames = 0
  let lines = 0
  let bytes = 0
  let slowestEndMs = 0
  const over = () => performance.now() - begun >= (once ? ONCE_MS : attack.lasts[form])
  const attackOnce = async (): Promise<End> => {
    const index = lines++
    const note = (deed: Omit<Deed, 'at' | 'line'>) =>
      deeds.push({ at: performance.now() - begun, line: index, ...deed })
    const line = new Line(port, note, once || attack.reads !== false)
    living.add(line)
    const count = (more: number) => {
      frames += more
    }
    void attack.play(line, count, index)
    const end = await line.ended
    living.delete(line)
    bytes += line.bytes
    const how = end.own ? 'open' : (end.code ?? 'silent')
    ends[how] = (ends[how] ?? 0) + 1
    const code = attack.code?.(index)
    if (!end.own && code !== undefined && end.code !== code) wrong.push(`${index}: ${how}`)
    if (!end.own) slowestEndMs = Math.max(slowestEndMs, end.ms)
    return end
  }
  const again = async () => {
    do await attackOnce()
    while (attack.again === true && !once && !over())
  }
  const timer = setInterval(() => {
    if (over()) for (const line of living) line.end()
  }, 50)
  const all: Promise<void>[] = []
  for (let at = 0; at < (attack.lines?.[form] ?? 1); at++) {
    all.push(again())
    // No faster than a program can take them: what waits to be accepted is nobody's yet.
    if (at % 100 === 99) await sleep(60)
  }
  await Promise.all(all)
  clearInterval(timer)
  return { lines, frames, bytes, ends, slowestEndMs, wrong }
}

/** The same deeds at the same times, to somebody who only eats. */
async function replay({ port }: { port: number }): Promise<void> {
  const lines = new Map<number, Line>()
  const begun = performance.now()
  for (const { at, line, bytes, ended } of deeds) {
    const wait = at - (performance.now() - begun)
    if (wait > 2) await sleep(wait)
    if (bytes !== undefined) await lines.get(line)?.send(bytes)
    else if (ended === true) lines.get(line)?.end()
    else lines.set(line, new Line(port, () => {}))
  }
  for (const line of lines.values()) line.end()
  deeds = []
}

answer({ play, replay })
