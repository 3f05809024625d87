// Every limit has one name in code, statistics and papers: what docs/SECURITY.md lists is what can be seen, and nothing is missing.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { listen } from 'braidwire'
import { events, expose } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { root } from './sources.ts'

const paper = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')

/** The rows of a section's tables whose first cell is a name in code type: name and default. */
function rowsBelow(text: string, heading: string): [string, string][] {
  const from = text.indexOf(`\n${heading}\n`)
  assert.ok(from >= 0, heading)
  const level = heading.indexOf(' ')
  const to = text.slice(from + heading.length + 2).search(new RegExp(`^#{1,${level}} `, 'm'))
  const section = to < 0 ? text.slice(from) : text.slice(from, from + heading.length + 2 + to)
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+?) \|/gm)].map((row) => [row[1]!, row[2]!])
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  s: 1000,
}

/** `64 KiB` as 65,536, `10 s` as 10,000 ms, `none` as Infinity. */
function meant(words: string): number {
  if (words === 'none') return Number.POSITIVE_INFINITY
  const [number, unit = ''] = words.split(' ')
  return Number(number!.replaceAll(',', '')) * (units[unit] ?? Number.NaN)
}

/** What a session shows that exposes an API and declares a topic, and what a listener shows. */
async function shown(): Promise<{ session: Map<string, number>; listener: Map<string, number> }> {
  // pair() itself lets a day of silence pass.
  const [a, b] = pair({ idleTimeoutMs: 45_000 })
  expose(a, { hello: () => 'hello' })
  events(a, 'topic')
  await a.ping()
  const session = Object.entries(a.stats().limits).map(([name, { max }]) => [name, max] as const)
  await Promise.all([a.close(), b.close()])
  const server = await listen('tcp://127.0.0.1:0', () => {})
  const listener = Object.entries(server.stats().limits).map(([name, { max }]) => [name, max] as const)
  await server.close()
  return { session: new Map(session), listener: new Map(listener) }
}

test('docs/SECURITY.md lists the limits that can be seen, with their defaults, and no other', async () => {
  const text = paper('SECURITY.md')
  const { session, listener } = await shown()
  const listed = (...headings: string[]): Map<string, number> =>
    new Map(headings.flatMap((heading) => rowsBelow(text, heading)).map(([name, words]) => [name, meant(words)]))
  const inOrder = (limits: Map<string, number>) => [...limits].sort()
  assert.deepEqual(inOrder(listed('### Of all sessions of a process')), inOrder(listener))
  const ofSession = listed('### Of one session', '### Of typed calls and events of one session')
  assert.deepEqual(inOrder(ofSession), inOrder(session))
})

test('every numeric option of a session can be seen as a limit', async () => {
  const { bounds } = (await import('#dist/engine/options.js')) as { bounds: object }
  const { sessionBounds } = (await import('#dist/session/options.js')) as { sessionBounds: object }
  const { session } = await shown()
  const missing = [...Object.keys(bounds), ...Object.keys(sessionBounds)].filter((name) => !session.has(name))
  assert.deepEqual(missing, [])
})

/** What the rows of section 8 of docs/PROTOCOL.md are called. */
const ofProtocol: Readonly<Record<string, readonly string[]>> = {
  'preface and HELLO': ['helloTimeoutMs', 'helloBytes'],
  'OPEN, CALL, REPLY, META, RESET, GOAWAY, HELLO or a header begun and not complete': ['slowFrameMs'],
  'silence of the peer; a transport that takes no byte': ['idleTimeoutMs', 'writeTimeoutMs'],
  'names numbered per direction': ['methodNames'],
  'reason, name': ['reasonBytes', 'nameBytes'],
  'glitch tokens': ['glitchTokens'],
  'frames that cross an end': ['forgivenFrames'],
}

test('every limit of docs/PROTOCOL.md can be seen', async () => {
  const text = paper('PROTOCOL.md')
  const section = text.slice(text.indexOf('\n## 8. Limits'), text.indexOf('\n## 9. Codes'))
  const rows = [...section.matchAll(/^\| (.+?) \| .+ \|$/gm)].map((row) => row[1]!).filter((name) => name !== 'limit')
  assert.deepEqual(rows, Object.keys(ofProtocol))
  const { session } = await shown()
  for (const names of Object.values(ofProtocol)) for (const name of names) assert.ok(session.has(name), name)
})
