// A copy of the compiled project in a folder of its own, where code may be broken: the project's own files never change.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../sources.ts'

/** What compiled tests read besides code. */
const data = ['test', 'docs', 'examples', 'node_modules']
const code = ['dist', 'build/test']

export class Copy {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'braid-mutation-'))

  constructor() {
    const isCode = (path: string) => !/\.(map|ts|tsbuildinfo)$/.test(path)
    for (const part of code) cpSync(join(root, part), join(this.folder, part), { recursive: true, filter: isCode })
    for (const part of data) symlinkSync(join(root, part), join(this.folder, part), 'junction')
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'))
    process.once('exit', () => this.remove())
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  /** Lets work see other texts in place of some files; afterwards they are what they were. */
  async with<T>(texts: ReadonlyMap<string, string>, work: () => Promise<T>): Promise<T> {
    const before = [...texts.keys()].map((path) => [path, this.read(path)] as const)
    for (const [path, text] of texts) writeFileSync(join(this.folder, path), text)
    try {
      return await work()
    } finally {
      for (const [path, text] of before) writeFileSync(join(this.folder, path), text)
    }
  }

  /** Compiled tests of a folder, or the one file that is named. */
  tests(place: string): string[] {
    if (place.endsWith('.js') || place.startsWith('seeds:')) return [place]
    return readdirSync(join(this.folder, place))
      .filter((name) => name.endsWith('.test.js'))
      .sort()
      .map((name) => `${place}/${name}`)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
