// Builds the page of `braid serve --web` from examples/browser into dist/web, from where the command and the published package have it:
// nobody needs a bundler to serve it. Runs after the compiler.

import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const from = join(root, 'examples/browser')
const into = join(root, 'dist/web')

mkdirSync(into, { recursive: true })
for (const file of ['index.html', 'icon.svg']) copyFileSync(join(from, file), join(into, file))
await build({
  entryPoints: [join(from, 'page.ts'), join(from, 'style.css')],
  outdir: into,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  // A license with every copy of what is not ours.
  legalComments: 'eof',
  logLevel: 'error',
})
