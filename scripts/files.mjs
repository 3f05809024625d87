// Finds the compiled test files, for every script that runs them.

import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './ensure.mjs'

// Where the compiled tests lie, and where their sources are.
const places = [
  ['dist', 'src'],
  ['build/test', 'test'],
  ['build/bench', 'bench'],
]

/** Compiled test files, in a fixed order. One whose source is gone is left over from an earlier build. */
export function testFiles() {
  return places.flatMap(([built, sources]) =>
    readdirSync(join(root, built), { recursive: true })
      .filter((name) => name.endsWith('.test.js'))
      .filter((name) => existsSync(join(root, sources, name.replace(/js$/, 'ts'))))
      .map((name) => relative(process.cwd(), join(root, built, name)))
      .sort(),
  )
}
