// Publishing benchmark results: marker comments, refusals in sentences, plots, and that the papers hold what is published.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { root } from '../test/sources.ts'
import { bars } from './plot-bars.ts'
import { curves } from './plot-lines.ts'
import { compose, PAPERS, publish, replaced } from './report-papers.ts'
import { curveTable } from './report-plots.ts'
import { fileText } from './report-record.ts'
import { sampleRun } from './report-sample.ts'

const README = 'README.md'
const PERFORMANCE = 'docs/PERFORMANCE.md'
const TRANSPORTS = 'docs/TRANSPORTS.md'
const plot = {
  title: 'cost of a call',
  x: 'streams',
  y: 'µs',
  series: [
    {
      name: 'idle <beside>',
      points: [
        [1, 2],
        [1000, 3],
      ] as const,
    },
    { name: 'busy', points: [[1000, 4]] as const },
  ],
}
const curveFile = JSON.stringify({ date: '2026-01-02', node: 'v20', cpu: 'Abacus', cores: 2, plots: [plot] })

function marked(...names: readonly string[]): string {
  return names.map((name) => `before\n\n<!-- bench: ${name} -->\n<!-- /bench: ${name} -->\n\nafter\n`).join('')
}

/** A project with nothing but papers, and a file of curves to publish. */
function project(t: TestContext, performance: string): { folder: string; given: string } {
  const folder = mkdtempSync(join(tmpdir(), 'braidwire-papers-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'docs'))
  writeFileSync(join(folder, README), marked('short'))
  writeFileSync(join(folder, PERFORMANCE), performance)
  writeFileSync(join(folder, TRANSPORTS), marked('transports.json'))
  const given = join(folder, 'scale.json')
  writeFileSync(given, curveFile)
  return { folder, given }
}

test('what stands between markers is replaced, once and for all', () => {
  const once = replaced('a.md', marked('one', 'two'), 'two', 'text\n')
  assert.equal(once, `${marked('one')}before\n\n<!-- bench: two -->\n\ntext\n\n<!-- /bench: two -->\n\nafter\n`)
  assert.equal(replaced('a.md', once, 'two', 'text'), once)
  assert.equal(
    replaced('a.md', once, 'two', 'other $1'),
    once.replace('text', () => 'other $1'),
  )
})

test('a marker that is missing, double or in the wrong place is told in a sentence', () => {
  const begin = '<!-- bench: one -->'
  const end = '<!-- /bench: one -->'
  const [double, open, shut] = [begin + end + begin + end, begin + end + begin, begin + end + end]
  for (const paper of ['', begin, end, end + begin, begin + begin + end, double, open, shut]) {
    assert.throws(() => replaced('a.md', paper, 'one', ''), {
      message: `a.md needs the lines ${begin} and ${end}, once each and in this order: between them stands what is generated.`,
    })
  }
})

test('curves are published with a copy, a plot and a table; again nothing changes', (t) => {
  const { folder, given } = project(t, marked('scale.json', 'rpc.json'))
  const written = ['docs/PERFORMANCE.md', 'docs/bench/scale-1.svg', 'docs/bench/scale.json']
  assert.deepEqual(publish(folder, [given]).sort(), written)
  assert.deepEqual(publish(folder, [given]), [])
  assert.deepEqual(publish(folder, []), [])
  const paper = readFileSync(join(folder, PERFORMANCE), 'utf8')
  assert.ok(paper.includes('![cost of a call: µs against streams](./bench/scale-1.svg)\n\n**cost of a call** (µs)'))
  assert.ok(paper.endsWith(marked('rpc.json')), 'a block without results stays')
})

test('a plot of what is no longer published goes', (t) => {
  const { folder, given } = project(t, marked('scale.json'))
  publish(folder, [given])
  writeFileSync(given, JSON.stringify({ ...JSON.parse(curveFile), plots: [] }))
  publish(folder, [given])
  assert.deepEqual(readdirSync(join(folder, 'docs/bench')), ['scale.json'])
})

test('nothing is written when a marker is missing', (t) => {
  const { folder, given } = project(t, marked('rpc.json'))
  assert.throws(() => publish(folder, [given]), /^Error: docs\/PERFORMANCE\.md needs the lines/)
  assert.equal(existsSync(join(folder, 'docs/bench')), false)
})

test('what is no measurement is refused in a sentence', () => {
  const run = sampleRun()
  const { columns: _, ...old } = run.rows.bulk!
  const profiled = { ...run, plan: { ...run.plan, flags: ['--cpu-prof'] } }
  const refusals: [text: string, sentence: RegExp][] = [
    ['{', /^a\.json is not JSON\.$/],
    ['{}', /^a\.json is not what this benchmark writes/],
    [JSON.stringify({ ...run, rows: { bulk: old } }), /^a\.json is not what .* run it again\.$/],
    [JSON.stringify(profiled), /^a\.json was measured under a profiler \(--cpu-prof\), .* run it without\.$/],
    [
      JSON.stringify({ ...run, plan: { ...run.plan, rounds: 2 } }),
      /^a\.json has too few rounds \(2\) .* at least 3\.$/,
    ],
  ]
  for (const [text, message] of refusals)
    assert.throws(() => compose(new Map([['a.json', text]]), new Map()), { message })
  assert.throws(() => publish(root, ['gone.json']), { message: 'There is no file gone.json.' })
})

test('the README needs a whole run', () => {
  const papers = new Map(PAPERS.map((path) => [path, marked('short', 'goals', 'a.json')]))
  assert.throws(() => compose(new Map([['a.json', fileText(sampleRun())]]), papers), /^Error: No run has all rows/)
})

test('a table of curves has a dash where one was not measured', () => {
  assert.deepEqual(curveTable(plot).split('\n').slice(2, 6), [
    '| streams | idle <beside> | busy |',
    '| ---: | ---: | ---: |',
    '| 1 | 2 | – |',
    '| 1,000 | 3 | 4 |',
  ])
})

test('an axis over a hundred times and more is logarithmic, another begins at 0', () => {
  const ticks = [...curves(plot).matchAll(/<text [^>]*class="dim"[^>]*>([\d.,]+)</g)].map((match) => match[1])
  assert.deepEqual(ticks, ['0', '1', '2', '3', '4', '1', '10', '100', '1,000'])
})

test('plots escape their names, and draw what there is', () => {
  assert.ok(curves(plot).includes('>idle &lt;beside&gt;<'))
  const nothing = { ...plot, series: [{ name: 'none', points: [] }] }
  assert.ok(!/NaN|Infinity/.test(curves(nothing)))
  const drawn = bars('a & b', [
    {
      title: 'row',
      bars: [
        { name: 'ours', value: 10, rounds: [8, 12], ours: true },
        { name: 'none', value: null, rounds: [], ours: false },
      ],
    },
  ])
  assert.ok(drawn.includes('a &amp; b') && !/NaN|Infinity/.test(drawn))
  assert.deepEqual(
    [...drawn.matchAll(/class="(ours|bar|range)"/g)].map((match) => match[1]),
    ['ours', 'range'],
  )
})

test('the papers and plots are those of the published results', () => {
  const folder = join(root, 'docs/bench')
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const results = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
  const papers = new Map(PAPERS.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  for (const [path, text] of compose(results, papers))
    assert.ok(readFileSync(join(root, path), 'utf8') === text, `${path} is out of date: npm run bench:papers`)
})

test('runs on several runtimes are published as one table, with a ratio for each', (t) => {
  const { folder } = project(t, marked('runtimes.json'))
  const run = sampleRun(['net', 'braidwire'])
  const runtimes = [
    { title: 'Node', version: '20.0.0', run },
    { title: 'Bun', version: '1.0.0', run: { ...run, rows: { calls: run.rows.calls! } } },
  ]
  const given = join(folder, 'runtimes.json')
  writeFileSync(given, JSON.stringify({ date: run.date, cpu: run.cpu, cores: 2, runtimes }))
  publish(folder, [given])
  const lines = readFileSync(join(folder, PERFORMANCE), 'utf8').split('\n')
  assert.ok(lines.includes('|  | Node 20.0.0 | Bun 1.0.0 |'))
  const [ours, ratio] = ['| MiB/s, Braidwire |', '| Braidwire ÷ plain sockets |'].map((begin) =>
    lines.find((line) => line.startsWith(begin)),
  )
  const { net, braidwire } = run.rows.bulk!.contenders
  const median = ({ mibPerS }: typeof net & object): number => mibPerS!.median!
  assert.equal(ours, `| MiB/s, Braidwire | ${Math.round(median(braidwire!)).toLocaleString('en-US')} | – |`)
  assert.match(ratio!, /^\| Braidwire ÷ plain sockets \| \d[\d.]*( \(!\))? \| – \|$/)
  assert.ok(median(net!) > 0)
})

test('pairs are published in the paper about transports, each beside what it is measured against', (t) => {
  const { folder } = project(t, marked('goals'))
  const run = sampleRun(['net', 'braidwire'])
  const { bulk } = run.rows
  const goals = [{ by: 'braidwire', against: 'net', column: 'mibPerS', atLeast: 0.9 }] as const
  const given = join(folder, 'transports.json')
  writeFileSync(given, fileText({ ...run, rows: { bulk: { ...bulk!, goals } } }))
  assert.deepEqual(publish(folder, [given]).sort(), ['docs/TRANSPORTS.md', 'docs/bench/transports.json'])
  const rows = readFileSync(join(folder, TRANSPORTS), 'utf8').split('\n')
  const found = rows.find((line) => line.startsWith('| Braidwire |'))
  assert.match(found!, /^\| Braidwire \| [\d,.]+ \| plain sockets \| [\d,.]+ \| [\d.]+( \(!\))? \| 0\.9 \|$/)
})
