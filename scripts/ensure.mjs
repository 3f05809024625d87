// Makes the project ready to run: installs its dependencies when they are missing or not those of the lockfile, then
// builds. Uses nothing but Node, because it runs before anything is installed.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Installs and builds what is needed; says so on standard error. Ends the process with a sentence when that fails. */
export function ensure() {
  if (!isInstalled('')) install('installing dependencies (npm ci)', ['--include=dev'])
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], 'the build failed')
  run(process.execPath, [join(root, 'scripts/page.mjs')], 'the build of the page failed')
}

/** Installs the packages the benchmark compares with. */
export function ensurePeers() {
  ensureFolder('bench/peers', 'the other libraries')
}

/** Installs the runtimes that tests and benchmark are run on besides this Node, those there are for this platform. */
export function ensureRuntimes() {
  ensureFolder('test/runtimes/packages', 'the other runtimes, about 900 MB')
}

/** Installs packages in a folder of their own; their install scripts do not run. */
function ensureFolder(folder, what) {
  if (isInstalled(folder)) return
  install(`installing ${what} (npm ci --prefix ${folder})`, ['--prefix', folder, '--ignore-scripts'])
}

function install(sentence, options) {
  say(sentence)
  const [command, ...args] = npm('ci', ...options, '--no-audit', '--no-fund', '--loglevel=error')
  run(command, args, 'npm ci failed')
}

/** The command line that runs npm, the same npm this runs under if it does. */
export function npm(...args) {
  const program = process.env.npm_execpath
  return program?.endsWith('.js') ? [process.execPath, program, ...args] : ['npm', ...args]
}

/** Runs a command in the project's folder, its output on standard error. */
function run(command, args, failure) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (status === 0) return
  say(error === undefined ? `${failure}; see above` : `${failure}: ${error.message}`)
  process.exit(1)
}

/** True when a folder's node_modules holds exactly what its package-lock.json asks for, as far as this platform needs it. */
function isInstalled(folder) {
  const wanted = packages(join(folder, 'package-lock.json'))
  const installed = packages(join(folder, 'node_modules/.package-lock.json'))
  if (wanted === undefined || installed === undefined) return false
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const there = installed[path]
    if (there === undefined && entry.optional === true) continue
    if (there?.version !== entry.version || there?.integrity !== entry.integrity) return false
    if (!existsSync(join(root, folder, path, 'package.json'))) return false
  }
  return true
}

function packages(lockfile) {
  try {
    return JSON.parse(readFileSync(join(root, lockfile), 'utf8')).packages
  } catch {
    return undefined
  }
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`)
}
