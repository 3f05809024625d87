// How large Braidwire is in a browser, minified and compressed, and that nothing of Node got in.
// Fails when the core is larger than promised: a raised limit needs a reason in its commit.

import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ensure, root } from './ensure.mjs'

const KiB = 1024

/** What an application imports, and how large that may be, in bytes. */
const bundles = [
  {
    name: 'engine, session and memory transport',
    code: "export { startSession, connectSession } from 'braidwire'; export { memory } from 'braidwire/transport/memory'",
    // Resumption, liveness and the Budget took it from 30, pacing by a model of the path and streams that cost little at rest from
    // 38: what keeps sessions alive and apart belongs to them.
    max: 41 * KiB,
  },
  // Entries of transports and views: each with a limit of its own. What a view shares with the core counts here once more.
  { name: 'web view', code: "export * from 'braidwire/web'", max: 4 * KiB },
  { name: 'streamx view, without streamx', code: "export * from 'braidwire/streamx'", max: 4 * KiB },
  { name: 'everything of the default entry', code: "export * from 'braidwire'" },
  {
    name: 'default entry, expose and wrap',
    code: "export * from 'braidwire'; export { expose, wrap } from 'braidwire/rpc'",
  },
  { name: 'default entry and all of rpc', code: "export * from 'braidwire'; export * from 'braidwire/rpc'" },
  { name: 'default entry and peer', code: "export * from 'braidwire'; export * from 'braidwire/peer'" },
  { name: 'default entry and file', code: "export * from 'braidwire'; export * from 'braidwire/file'" },
]

ensure()
let failed = false
for (const { name, code, max } of bundles) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    // Neither the conditions nor the modules of Node: an import of `node:` fails the build.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // What a user brings along.
    external: ['streamx'],
    logLevel: 'error',
  }).catch(() => process.exit(1))
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => path.startsWith('dist/node/') || path.startsWith('dist/cli/'),
  )
  const bytes = outputFiles[0].contents
  const packed = gzipSync(bytes, { level: 9 }).length
  const limit = max === undefined ? '' : `, at most ${(max / KiB).toFixed(1)}`
  console.log(
    `${name}: ${(bytes.length / KiB).toFixed(1)} KiB minified, ${(packed / KiB).toFixed(2)} KiB compressed${limit}`,
  )
  if (foreign.length > 0) fail(`${name} holds code for Node: ${foreign.join(', ')}`)
  if (max !== undefined && packed > max) fail(`${name} is too large`)
}
if (failed) process.exit(1)

function fail(sentence) {
  failed = true
  console.error(sentence)
}
