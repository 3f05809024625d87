// What the tests of the page have in common: a served folder with files of all kinds, Chromium, and pages in it that report every error and
// every violation of their policy. Not a test itself.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Download,
  type Page,
} from 'playwright-core'
import { scratch } from '../cli-harness.ts'

/** The system's, or the one CHROMIUM names. */
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const MiB = 1024 * 1024

/** A name that would be a program, were it read as HTML. */
export const HOSTILE = '<img src=x onerror=alert(1)>.txt'
/** Turns its own end around: shown raw, it looks like "annexe.txt". */
export const TURNED = 'ann\u202etxt.exe'

export interface Folder {
  readonly path: string
  /** SHA-256 of the large files, by name. */
  readonly sums: ReadonlyMap<string, string>
  remove(): Promise<void>
}

/** A folder to serve. */
export async function servedFolder(): Promise<Folder> {
  const { folder, remove } = await scratch()
  const path = join(folder, 'Summer 2026')
  await mkdir(join(path, 'Letters', 'from Ada'), { recursive: true })
  await mkdir(join(path, 'Pictures'))
  const sums = new Map<string, string>()
  for (const [name, mebibytes] of [
    ['film.bin', 6],
    ['music.bin', 4],
    ['archive.bin', 3],
  ] as const) {
    const bytes = randomBytes(mebibytes * MiB + 17)
    sums.set(name, sumOf(bytes))
    await writeFile(join(path, name), bytes)
  }
  await writeFile(join(path, 'notes.txt'), 'Remember the milk.\nΚαλημέρα, 你好, שלום\n')
  await writeFile(join(path, 'page.html'), '<script>alert(1)</script><h1>not a page</h1>')
  await writeFile(join(path, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
  await writeFile(join(path, 'harbour.png'), picture(480, 300))
  await writeFile(join(path, 'broken.png'), '<script>alert(1)</script>')
  await writeFile(join(path, HOSTILE), 'harmless')
  await writeFile(join(path, TURNED), 'harmless')
  await writeFile(join(path, 'Letters', 'first letter.txt'), 'Dear Bob')
  await writeFile(join(path, 'Letters', 'from Ada', 'reply #b 100%.txt'), 'Dear Ada')
  return { path, sums, remove }
}

export function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function sumOfDownload(download: Download): Promise<string> {
  return sumOf(await readFile(await download.path()))
}

export async function startChromium(): Promise<Browser> {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is missing: apt-get install -y --no-install-recommends chromium, or set CHROMIUM`)
  }
  // Root may not sandbox; what runs here is this project.
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] })
}

/** A browser's window with pages of its own, which must be closed. */
export class Visit {
  readonly context: BrowserContext
  /** Errors, violations of the policy, dialogs: a page has none. */
  readonly offences: string[] = []

  private constructor(context: BrowserContext) {
    this.context = context
  }

  static async begin(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ locale: 'en-GB', ...options })
    // A machine that tests may be busy.
    context.setDefaultTimeout(90_000)
    return new Visit(context)
  }

  /** Opens the page and waits until it is connected, or asks for a token. */
  async open(url: string, state = 'Connected'): Promise<Page> {
    const page = await this.context.newPage()
    page.on('pageerror', ({ message }) => this.offences.push(message))
    page.on('dialog', (dialog) => {
      this.offences.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('console', (message) => {
      // That a WebSocket could not be opened while the network was away, is so.
      const expected = message.text().startsWith('WebSocket connection to')
      if (message.type() === 'error' && !expected) this.offences.push(message.text())
    })
    await page.goto(url)
    await page.locator('#state').filter({ hasText: state }).waitFor()
    return page
  }

  async end(): Promise<void> {
    await this.context.close()
    assert.deepEqual(this.offences, [])
  }
}

/** Waits until the preview has drawn a picture of this width. A script that asks again by itself would be evaluated, which the policy forbids. */
export async function drawn(page: Page, width: number): Promise<void> {
  const image = page.locator('#preview-body img')
  const widthOf = () => image.evaluate((element) => (element as unknown as { naturalWidth: number }).naturalWidth)
  while ((await widthOf()) !== width) await sleep(20)
}

/** The page's address, of that of its WebSocket. */
export function pageOf(url: string): string {
  return `http${url.slice('ws'.length)}/`
}

/** A small PNG: evening sky over water. */
function picture(width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3
      const sun = Math.hypot(x - width / 2, y - height * 0.55) < 40 && y < height * 0.6
      const sky = y < height * 0.6
      const rgb = sun ? [255, 214, 120] : sky ? [240 - y / 2, 120 + y / 3, 90 + y / 2] : [20, 90 - (y - 180) / 3, 110]
      rows.set(
        rgb.map((part) => Math.round(part)),
        at,
      )
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), 8 + data.length)
  return out
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
