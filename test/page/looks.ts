// Run by node build/test/page/looks.js (npm run test:page): how the page looks, in light and dark, on a desk and a phone: photographs to
// look at in build/page, and what axe finds wrong for people who see, hear or move otherwise: nothing.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { type Served, serve } from '../cli-harness.ts'
import { root } from '../sources.ts'
import { Link } from './link.ts'
import { drawn, type Folder, pageOf, servedFolder, startChromium, Visit } from './visit.ts'

const INTO = join(root, 'build', 'page')
const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } }

let folder: Folder
let server: Served
let browser: Browser

before(async () => {
  await mkdir(INTO, { recursive: true })
  folder = await servedFolder()
  server = await serve([folder.path, '--web'])
  browser = await startChromium()
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  await folder?.remove()
})

async function photograph(page: Page, name: string, fullPage = true): Promise<void> {
  await page.screenshot({ path: join(INTO, `${name}.png`), fullPage })
  const { wide, room } = (await page.evaluate(
    '({ wide: document.documentElement.scrollWidth, room: document.documentElement.clientWidth })',
  )) as { wide: number; room: number }
  assert.ok(wide <= room, `${name}: ${wide} px wide in ${room}`)
  await page.evaluate(axe.source)
  const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] }
  const violations = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  assert.deepEqual(violations, [], name)
}

/** Downloads in every state, and a few words. */
async function furnish(page: Page, link: Link): Promise<void> {
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  link.hurry()
  await press('Download archive.bin')
  await page.getByText('SHA-256 checked').waitFor()
  link.slow(0.3)
  await press('Download music.bin')
  await press('Download film.bin')
  await page.getByText(/^\d.*of 6\.0 MiB/).waitFor()
  await press('Pause film.bin')
  await page.getByLabel('Name').fill('Ada')
  for (const text of ['The photographs are in Pictures.', 'And the letters in the folder above them.']) {
    await page.getByLabel('Message').fill(text)
    await press('Send')
    await page.getByRole('log').getByText(text).waitFor()
  }
  await page.getByRole('checkbox', { name: 'Select notes.txt' }).check()
  await page
    .getByText(/iB\/s$/)
    .first()
    .waitFor()
}

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${size}, ${colorScheme}`, async (t) => {
      const link = await Link.begin(Number(new URL(pageOf(server.url)).port), 3)
      const visit = await Visit.begin(browser, { viewport, colorScheme, reducedMotion: 'reduce' })
      t.after(async () => {
        await visit.end()
        link.close()
      })
      const page = await visit.open(`http://127.0.0.1:${link.port}/`)
      const name = `${size}-${colorScheme}`
      await furnish(page, link)
      await photograph(page, name)
      link.cut()
      await page.getByText('Network away').waitFor()
      await photograph(page, `${name}-away`)
      link.mend()
      link.hurry()
      await page.locator('#state').filter({ hasText: 'Connected' }).waitFor()
      await page.getByRole('button', { name: 'Preview harbour.png' }).click()
      await drawn(page, 480)
      await photograph(page, `${name}-preview`, false)
    })
  }
}

test('asking for a token', async (t) => {
  const guarded = await serve([folder.path, '--web'], { env: { ...process.env, BRAID_TOKEN: 'wrong for all' } })
  const visit = await Visit.begin(browser, { viewport: SIZES.phone })
  t.after(async () => {
    await visit.end()
    await guarded.stop('SIGKILL')
  })
  const page = await visit.open(pageOf(guarded.url), 'Token needed')
  await page.getByLabel('Token', { exact: true }).fill('something else')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('That token is not right').waitFor()
  await photograph(page, 'token')
})
