// What a contender costs before it does anything: the time a fresh process takes to import it, and its size in a bundle.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Contender } from '../adapter.ts'
import { median } from '../sample.ts'
import type { Probe } from '../workload.ts'

/** Seen from build/bench/workloads. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PEERS = fileURLToPath(new URL('../../../bench/peers', import.meta.url))
const IMPORTS = 7
const KiB = 1024

const run = promisify(execFile)

export const load: Probe = {
  columns: [
    { name: 'importMs', title: 'import, ms', better: 'less', headline: true },
    { name: 'bundleKib', title: 'bundle, minified and gzipped, KiB', better: 'less', headline: true },
  ],

  async probe({ packages, imports = packages ?? [], bundle = everything(imports) }: Contender) {
    const folder = packages === undefined ? ROOT : PEERS
    const times: number[] = []
    for (let count = 0; count < IMPORTS; count++) times.push(await importMs(imports, folder))
    const builtIn = imports.every((name) => name.startsWith('node:'))
    return { importMs: median(times), bundleKib: builtIn ? Number.NaN : (await packedBytes(bundle, folder)) / KiB }
  },
}

function everything(modules: readonly string[]): string {
  return modules.map((name, index) => `export * as m${index} from '${name}'`).join('\n')
}

async function importMs(modules: readonly string[], folder: string): Promise<number> {
  const awaits = modules.map((name) => `await import('${name}')`).join('\n')
  const code = `const begun = performance.now()\n${awaits}\nprocess.stdout.write(String(performance.now() - begun))\nprocess.exit(0)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder }).catch(
    ({ stderr = '' }: { stderr?: string }) => {
      throw new Error(/^\w*Error.*$/m.exec(stderr)?.[0] ?? `importing ${modules.join(' and ')} failed`)
    },
  )
  return Number(stdout)
}

/** For Node, because the others need its modules; what Node has itself is not counted. */
async function packedBytes(code: string, folder: string): Promise<number> {
  // Here, because every process of the benchmark loads this file.
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['*.node'],
    logLevel: 'error',
  })
  return (await promisify(gzip)(outputFiles[0]!.contents, { level: 9 })).length
}
