// What the papers say of reliability beside what the code and the suites have: defaults, commands, attacks and their bounds, and
// links that lead somewhere.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { listen } from 'braidwire'
import { pair } from 'braidwire/test'
import { Tickets } from '#dist/session/tickets.js'
import { attacks } from './abuse/attacks.ts'
import { filesBelow, root } from './sources.ts'

const papers = new Map(
  filesBelow('')
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)
const paper = (name: string): string => papers.get(name) as string

/** The cells of every row of a table that has this head, up to the next empty line. */
function table(name: string, head: string): string[][] {
  const text = paper(name)
  const from = text.indexOf(`| ${head} |\n`)
  assert.ok(from >= 0, `${name}: no table with the head ${head}`)
  const lines = text.slice(from).split('\n\n')[0]!.trimEnd().split('\n').slice(2)
  return lines.map((line) => line.slice(2, -2).split(' | '))
}

const units: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, s: 1000 }

/** `64 KiB` as 65,536, `10 s` as 10,000 ms. */
function meant(words: string): number {
  const [number, unit = ''] = words.split(' ')
  return Number(number!.replaceAll(',', '')) * (units[unit] ?? Number.NaN)
}

/** What each limit is by default, by its name. */
async function defaults(): Promise<Map<string, number>> {
  // pair() itself lets a day of silence pass.
  const [a, b] = pair({ idleTimeoutMs: 45_000 })
  const server = await listen('tcp://127.0.0.1:0', () => {})
  const shown = { ...a.stats().limits, ...server.stats().limits }
  await Promise.all([a.close(), b.close(), server.close()])
  const known = new Map(Object.entries(shown).map(([name, { max }]) => [name, max]))
  return known.set('keepMs', new Tickets().keepMs)
}

test('the defaults of limits are the same in the readme, in docs/RELIABILITY.md and in the code', async () => {
  const known = await defaults()
  const rows = [
    ...table('README.md', 'option | default | bounds'),
    ...table('docs/RELIABILITY.md', 'option | default | what it watches | when it is over'),
    ...table('docs/RELIABILITY.md', 'option | of | default | meaning').map(([name, , value]) => [name, value]),
  ]
  const checked: string[] = []
  for (const [cell, value] of rows) {
    const names = [...(cell as string).matchAll(/`(\w+)`/g)].map((match) => match[1] as string)
    const values = (value as string).split(', ')
    for (const [index, name] of names.entries()) {
      if (!known.has(name)) continue
      assert.equal(meant(values[index] ?? (values[0] as string)), known.get(name), name)
      checked.push(name)
    }
  }
  for (const name of ['idleTimeoutMs', 'writeTimeoutMs', 'replayBytes', 'keepMs', 'detached', 'detachedBytes']) {
    assert.ok(checked.includes(name), name)
  }
})

/** Where the suite behind a script has the names of its parts. */
const suites: Readonly<Record<string, string>> = {
  sweep: 'test/sweeps',
  faults: 'test/strain',
  abuse: 'test/abuse',
  fuzz: 'test/fuzz',
}

test('every part of a suite that a paper tells to run is one', () => {
  const unknown: string[] = []
  let parts = 0
  for (const [name, text] of papers) {
    for (const [whole, script, words] of text.matchAll(/`npm run (\w+) -- ([^`]+)`/g)) {
      const folder = suites[script as string]
      if (folder === undefined) continue
      const code = filesBelow(folder)
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(join(root, path), 'utf8'))
        .join('\n')
      for (const part of words!
        .split(/(?:^| )-/)[0]!
        .split(' ')
        .filter((word) => word !== '')) {
        parts++
        if (!new RegExp(`'${part}'|^  ${part}: \\{`, 'm').test(code)) unknown.push(`${name}: ${whole}`)
      }
    }
  }
  assert.deepEqual(unknown, [])
  assert.ok(parts > 10, `${parts} parts`)
})

test('docs/SECURITY.md has every attack with its bound, and how it must end', () => {
  const rows = table('docs/SECURITY.md', '| attack | what happens | bound on memory | also in').map(
    ([id, , happens, bound]) => ({ id: id?.replace(/\W/g, ''), happens: happens as string, bound: bound as string }),
  )
  const ids = [...new Set(attacks.map(({ id }) => id.replace(/[a-z]$/, '')))]
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
  )
  for (const { id, happens, bound } of rows) {
    const forms = attacks.filter((attack) => attack.id.replace(/[a-z]$/, '') === id).map(({ ceiling }) => ceiling)
    assert.match(bound, new RegExp(`^${Math.max(...forms.map(({ heldMiB }) => heldMiB))} MiB\\b`), id)
    const codes = forms.flatMap(({ ends }) => ends ?? []).filter((code) => code !== 'silent')
    for (const code of codes) assert.ok(happens.includes(`\`${code}\``), `${id}: ${code}`)
  }
})

/** As a page shows a heading in its address. */
function anchor(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '')
  return words.trim().replaceAll(' ', '-')
}

test('links between the papers lead to a heading that is there', () => {
  const dead: string[] = []
  for (const [name, text] of papers) {
    for (const [, target] of text.matchAll(/\]\(([^)\s:]*\.md(?:#[^)\s]*)?|#[^)\s]*)\)/g)) {
      const [file, heading] = target!.split('#') as [string, string | undefined]
      const other = papers.get(file === '' ? name : join(dirname(name), file))
      const headings = [...(other ?? '').matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1] as string))
      if (other === undefined || (heading !== undefined && !headings.includes(heading))) dead.push(`${name}: ${target}`)
    }
  }
  assert.deepEqual(dead, [])
})
