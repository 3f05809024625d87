// Run by node build/test/page/page.js (npm run test:page): the page of `braid serve --web` as a person uses it, in Chromium.

import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Download, Page } from 'playwright-core'
import { type Served, serve } from '../cli-harness.ts'
import { Link } from './link.ts'
import { drawn, type Folder, HOSTILE, pageOf, servedFolder, startChromium, sumOfDownload, Visit } from './visit.ts'

const AWAY_MS = 10_000
/** What a stream hands out at a time, at most. */
const PIECE_MAX = 256 * 1024
const LARGE = ['film.bin', 'music.bin', 'archive.bin']
const TOKEN = 'a token of more than sixteen bytes'

let folder: Folder
let server: Served
let browser: Browser

before(async () => {
  folder = await servedFolder()
  server = await serve([folder.path, '--web'])
  browser = await startChromium()
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  await folder?.remove()
})

async function visit(t: TestContext, options = {}): Promise<Visit> {
  const visit = await Visit.begin(browser, options)
  t.after(() => visit.end())
  return visit
}

/** A page behind a network of this many MiB a second. */
async function slowPage(t: TestContext, speed: number): Promise<{ link: Link; page: Page; visit: Visit }> {
  const link = await Link.begin(Number(new URL(pageOf(server.url)).port), speed)
  const visiting = await visit(t)
  t.after(() => link.close())
  const page = await visiting.open(`http://127.0.0.1:${link.port}/`)
  return { link, page, visit: visiting }
}

/** Presses what is called so. */
const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

async function select(page: Page, names: readonly string[]): Promise<void> {
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
}

/** The files that the browser is given, by name, once there are so many. */
function downloadsOf(page: Page, count: number): Promise<Map<string, Download>> {
  const found = new Map<string, Download>()
  return new Promise((resolve) => {
    page.on('download', (download) => {
      found.set(download.suggestedFilename(), download)
      if (found.size === count) resolve(found)
    })
  })
}

async function assertWhole(downloads: ReadonlyMap<string, Download>, names: readonly string[]): Promise<void> {
  assert.deepEqual([...downloads.keys()].sort(), [...names].sort())
  for (const [name, download] of downloads) assert.equal(await sumOfDownload(download), folder.sums.get(name), name)
}

const rowOf = (page: Page, name: string) => page.locator('#downloads li').filter({ hasText: name })
const progressOf = (page: Page, name: string): Promise<number> =>
  rowOf(page, name)
    .locator('progress')
    .evaluate((bar) => (bar as unknown as { value: number }).value)

/** Waits until something came of a file. */
async function underWay(page: Page, name: string): Promise<void> {
  while ((await progressOf(page, name)) === 0) await sleep(20)
}

test('several files at once, over one socket, with equal bytes', async (t) => {
  const page = await (await visit(t)).open(pageOf(server.url))
  let sockets = 0
  page.on('websocket', () => sockets++)
  await page.reload()
  await page.locator('#state').filter({ hasText: 'Connected' }).waitFor()
  const downloads = downloadsOf(page, LARGE.length)
  await select(page, LARGE)
  await page.getByRole('button', { name: /^Download 3 \(13\.0 MiB\)$/ }).click()
  await assertWhole(await downloads, LARGE)
  assert.equal(sockets, 1)
  await page.getByText('SHA-256 checked').nth(2).waitFor()
})

test('a download pauses, goes on, and is cancelled, while others run', async (t) => {
  const { link, page } = await slowPage(t, 1)
  const downloads = downloadsOf(page, 2)
  await select(page, LARGE)
  await press(page, 'Download 3 (13.0 MiB)')
  for (const name of LARGE) await underWay(page, name)
  await press(page, 'Pause film.bin')
  await rowOf(page, 'film.bin')
    .getByText(/^Paused at/)
    .waitFor()
  await press(page, 'Cancel archive.bin')
  await rowOf(page, 'archive.bin').getByText('Cancelled').waitFor()
  const paused = await progressOf(page, 'film.bin')
  link.hurry()
  await rowOf(page, 'music.bin').getByText('SHA-256 checked').waitFor()
  // The piece that was on its way may have come.
  const later = await progressOf(page, 'film.bin')
  assert.ok(later <= paused + PIECE_MAX, `what is paused stays where it is: ${paused}, then ${later}`)
  await press(page, 'Resume film.bin')
  await assertWhole(await downloads, ['film.bin', 'music.bin'])
  const again = downloadsOf(page, 1)
  await press(page, 'Try again archive.bin')
  await assertWhole(await again, ['archive.bin'])
  await press(page, 'Clear finished')
  await page.getByText('None yet').waitFor()
})

test('downloads survive a network that is away for ten seconds', async (t) => {
  const { link, page, visit } = await slowPage(t, 1)
  const downloads = downloadsOf(page, LARGE.length)
  await select(page, LARGE)
  await press(page, 'Download 3 (13.0 MiB)')
  for (const name of LARGE) await underWay(page, name)
  await visit.context.setOffline(true)
  link.cut()
  await page.getByText('Network away').waitFor()
  const before = await Promise.all(LARGE.map((name) => progressOf(page, name)))
  await sleep(AWAY_MS)
  assert.match((await page.locator('#state').textContent()) ?? '', /^Network away/)
  link.mend()
  link.hurry()
  await visit.context.setOffline(false)
  await page.locator('#state').filter({ hasText: 'Connected' }).waitFor()
  await assertWhole(await downloads, LARGE)
  for (const [at, name] of LARGE.entries()) {
    assert.ok(before[at]! > 0 && before[at]! < (await progressOf(page, name)), `${name} was under way when it happened`)
  }
})

test('a server that ends is told, and another is connected to again', async (t) => {
  const first = await serve([folder.path, '--web'])
  const { port } = new URL(pageOf(first.url))
  const page = await (await visit(t)).open(pageOf(first.url))
  assert.equal((await first.stop()).code, 0)
  await page.locator('#state').filter({ hasText: 'The server has ended' }).waitFor()
  const second = await serve([folder.path, '--web', '--listen', `ws://127.0.0.1:${port}`])
  t.after(() => second.stop())
  await press(page, 'Connect again')
  await page.locator('#state').filter({ hasText: 'Connected' }).waitFor()
  await page.getByRole('link', { name: 'Letters' }).click()
  await page.getByText('first letter.txt').waitFor()
})

test('folders are links, and the way back leads back', async (t) => {
  const page = await (await visit(t)).open(pageOf(server.url))
  await page.getByRole('link', { name: 'Letters' }).click()
  await page.getByRole('link', { name: 'from Ada' }).click()
  const odd = 'reply #b 100%.txt'
  await page.getByRole('button', { name: `Preview ${odd}` }).click()
  await page.getByText('Dear Ada').waitFor()
  await page.keyboard.press('Escape')
  await page.goBack()
  await page.getByText('first letter.txt').waitFor()
  await page.getByRole('link', { name: 'Top' }).click()
  await page.getByText('notes.txt').waitFor()
  await page.goto(`${pageOf(server.url)}#/none`)
  await page.getByText('Cannot show this folder').waitFor()
})

test('strangers write names and files: all of it is text, pictures are pictures', async (t) => {
  const page = await (await visit(t)).open(pageOf(server.url))
  const body = page.locator('#preview-body')
  for (const [name, text] of [
    ['notes.txt', 'Remember the milk.\nΚαλημέρα, 你好, שלום\n'],
    ['page.html', '<script>alert(1)</script><h1>not a page</h1>'],
    ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    [HOSTILE, 'harmless'],
  ] as const) {
    await press(page, `Preview ${name}`)
    await body.locator('pre').waitFor()
    assert.equal(await body.locator('pre').textContent(), text)
    await press(page, 'Close the preview')
  }
  await press(page, 'Preview harbour.png')
  const image = body.locator('img')
  await image.waitFor()
  await drawn(page, 480)
  assert.match((await image.getAttribute('src')) ?? '', /^blob:/)
  await press(page, 'Close the preview')
  await press(page, 'Preview broken.png')
  await body.getByText('cannot draw this picture').waitFor()
  await press(page, 'Close the preview')
  await press(page, 'Preview film.bin')
  await body.getByText('too much to look at here').waitFor()
  await press(page, 'Close the preview')
  await page.getByRole('button', { name: 'Preview ann\ufffdtxt.exe' }).waitFor()
  assert.equal(await page.locator('#entries img, #entries script').count(), 0)
})

test('two pages talk, and see who is there', async (t) => {
  const visiting = await visit(t)
  const [ada, bob] = [await visiting.open(pageOf(server.url)), await visiting.open(pageOf(server.url))]
  for (const page of [ada, bob]) await page.getByText('2 people here').waitFor()
  await ada.getByLabel('Name').fill('Ada')
  await ada.getByLabel('Message').fill('<b>is anybody here?</b>')
  await ada.keyboard.press('Enter')
  await bob.getByRole('log').getByText('<b>is anybody here?</b>').waitFor()
  await bob.getByLabel('Name').fill('Bob')
  await bob.getByLabel('Message').fill('I am')
  await press(bob, 'Send')
  const heard = ada.getByRole('log').locator('.said')
  await heard.filter({ hasText: 'I am' }).waitFor()
  assert.equal(await heard.filter({ hasText: 'I am' }).locator('.by').textContent(), 'Bob')
  await bob.close()
  await ada.getByText('only you are here').waitFor()
})

test('a token is asked for, a wrong one told, and one behind # taken', async (t) => {
  const guarded = await serve([folder.path, '--web'], { env: { ...process.env, BRAID_TOKEN: TOKEN } })
  t.after(() => guarded.stop())
  const visiting = await visit(t)
  const page = await visiting.open(pageOf(guarded.url), 'Token needed')
  assert.equal(await page.getByRole('heading', { name: 'Files' }).isVisible(), false)
  await page.getByLabel('Token', { exact: true }).fill('something else')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('That token is not right').waitFor()
  await page.getByLabel('Token', { exact: true }).fill(TOKEN)
  await press(page, 'Connect')
  await page.getByText('notes.txt').waitFor()
  const direct = await visiting.open(`${pageOf(guarded.url)}#token=${encodeURIComponent(TOKEN)}`)
  await direct.getByText('notes.txt').waitFor()
  assert.equal(new URL(direct.url()).hash, '')
})

test('over TLS it is wss', async (t) => {
  const secure = await serve([folder.path, '--web', '--dev'])
  t.after(() => secure.stop())
  assert.match(secure.url, /^wss:/)
  const page = await (await visit(t, { ignoreHTTPSErrors: true })).open(pageOf(secure.url))
  const downloads = downloadsOf(page, 1)
  await press(page, 'Download archive.bin')
  await assertWhole(await downloads, ['archive.bin'])
})

test('the connection shows what it does', async (t) => {
  const page = await (await visit(t)).open(pageOf(server.url))
  const figures = page.locator('#figures')
  await figures.getByText(/^\d+(\.\d)? ms$/).waitFor()
  await page.getByText(/of 32\.0 MiB$/).waitFor()
  await press(page, 'Download film.bin')
  await page.getByText('SHA-256 checked').waitFor()
  await figures
    .getByText(/^6\.\d MiB$/)
    .first()
    .waitFor()
})

test('all of it works by keyboard', async (t) => {
  const page = await (await visit(t)).open(pageOf(server.url))
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('document.activeElement.getAttribute("aria-label")')) === 'Preview notes.txt') break
  }
  await page.keyboard.press('Enter')
  await page.getByText('Remember the milk.').waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await page.evaluate('document.activeElement.getAttribute("aria-label")'), 'Preview notes.txt')
})
