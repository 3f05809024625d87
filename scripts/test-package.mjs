// Proves the package as users get it: packs it, judges the tarball, installs it into an empty folder outside the project and
// uses it from there in every way it promises. The programs it runs are in test/package/.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { ensure, npm, root } from './ensure.mjs'

/** Far more than any step needs: a machine may be busy, and a registry far away. */
const STEP_MS = 300_000

ensure()
const folder = mkdtempSync(join(tmpdir(), 'braidwire-package-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'package.json'), '{ "private": true }')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const subpaths = Object.keys(manifest.exports).map((key) => key.replace(/^\./, manifest.name))

const tarball = pack()
await lint(tarball)
install(tarball)
touchAll({ without: 'streamx' })
const { streamx, '@types/node': node } = manifest.devDependencies
install(`streamx@${streamx}`, `@types/node@${node}`)
touchAll({})
useFromJavaScript()
useFromTypeScript()
await useFromBundler()

function pack() {
  const [{ filename, entryCount }] = JSON.parse(
    run(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder), root),
  )
  say(`packed: ${entryCount} files`)
  return join(folder, filename)
}

/** What the two judges of packages find: nothing, or this ends. */
async function lint(tarball) {
  const { buffer, byteOffset, byteLength } = readFileSync(tarball)
  const packed = { tarball: buffer.slice(byteOffset, byteOffset + byteLength) }
  const { messages, pkg } = await publint({ pack: packed, strict: true })
  assert.equal(messages.length, 0, messages.map((message) => formatMessage(message, pkg)).join('\n'))
  say('publint: clean')
  // ES modules only: what CommonJS does with them is tried below.
  run([process.execPath, binary('@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only'], root)
  say('attw: clean')
}

/** Into the empty folder, as a user would. */
function install(...packages) {
  run(npm('install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...packages), folder)
}

/** Every subpath by `import` and by `require`; without its package a view of that package says what it misses. */
function touchAll({ without }) {
  const program = (load) => `
    const failures = []
    for (const subpath of ${JSON.stringify(subpaths)}) {
      const missing = ${JSON.stringify(without ?? null)} !== null && subpath.endsWith('/${without}')
      try {
        if (Object.keys(await ${load}).length === 0) failures.push(subpath + ': exports nothing')
        if (missing) failures.push(subpath + ': loads without its package')
      } catch (error) {
        const told = missing && /${without}/.test(error.message) && /MODULE_NOT_FOUND/.test(error.code)
        if (!told) failures.push(subpath + ': ' + error.message)
      }
    }
    if (failures.length > 0) throw new Error(failures.join('\\n'))`
  const json = "(subpath, subpath.endsWith('.json') ? { with: { type: 'json' } } : {})"
  writeFileSync(join(folder, 'touch.mjs'), program(`import${json}`))
  writeFileSync(join(folder, 'touch.cjs'), `(async () => {${program('require(subpath)')}\n})()`)
  for (const file of ['touch.mjs', 'touch.cjs']) run([process.execPath, file], folder)
  say(`each of ${subpaths.length} subpaths by import and require${without ? `, ${without} not installed` : ''}`)
}

function useFromJavaScript() {
  for (const file of ['use.mjs', 'use.cjs']) tell(file, run([process.execPath, bring(file)], folder))
}

/** The libraries' own declarations are checked too: whoever does not skip that must find nothing wrong with ours. */
function useFromTypeScript() {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmitOnError: true, target: 'es2022' }
  const inNode = { lib: ['es2022'], types: ['node'] }
  const inPage = { lib: ['es2022', 'dom'], types: [] }
  const bundler = { module: 'esnext', moduleResolution: 'bundler' }
  compile('use.mts', 'node16', { ...strict, ...inNode, module: 'node16', moduleResolution: 'node16' })
  tell('use.mts', run([process.execPath, 'use.mjs'], folder))
  compile('use.mts', 'nodenext', { ...strict, ...inNode, module: 'nodenext', moduleResolution: 'nodenext' })
  compile('use.mts', 'bundler, for Node', { ...strict, ...inNode, ...bundler, customConditions: ['node'] })
  compile('page.mts', 'bundler, for a page', { ...strict, ...inPage, ...bundler })
  const modules = subpaths.filter((subpath) => !subpath.endsWith('.json'))
  const every = (names) => names.map((name, index) => `export * as s${index} from '${name}'\n`).join('')
  writeFileSync(join(folder, 'node.mts'), every(modules))
  check('node.mts', 'each subpath, for Node', { ...strict, ...inNode, module: 'node16', moduleResolution: 'node16' })
  writeFileSync(join(folder, 'any.mts'), every(modules.filter((subpath) => !subpath.endsWith('/node'))))
  check('any.mts', 'each subpath, for a page', { ...strict, ...inPage, ...bundler })
}

function compile(file, name, compilerOptions) {
  check(bring(file), name, compilerOptions)
}

function check(file, name, compilerOptions) {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  run([process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], folder)
  say(`${file} has the right types (${name})`)
}

async function useFromBundler() {
  const options = { bundle: true, format: 'esm', platform: 'browser', absWorkingDir: folder, logLevel: 'error' }
  await build({ ...options, entryPoints: ['page.mts'], outfile: 'page.bundle.mjs', target: 'es2022' })
  assert.ok(!readFileSync(join(folder, 'page.bundle.mjs'), 'utf8').includes('node:'), 'the bundle asks for Node')
  const printed = run([process.execPath, 'page.bundle.mjs'], folder)
  assert.equal(printed.trim(), 'hello page, a file')
  say('page.mts bundled for browsers, and run')
}

function bring(file) {
  cpSync(join(root, 'test/package', file), join(folder, file))
  return file
}

/** Where a package keeps one of its commands. */
function binary(name, command) {
  const home = join(root, 'node_modules', name)
  return join(home, JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).bin[command])
}

/** Runs a command to its end and hands back what it printed; ends the process with all of it if it fails. */
function run([command, ...args], cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: STEP_MS,
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (status === 0) return stdout
  process.stderr.write(`${stdout}${stderr}${error?.message ?? ''}\nfailed: ${[command, ...args].join(' ')}\n`)
  process.exit(1)
}

function tell(file, printed) {
  assert.notEqual(printed.trim(), '', `${file} printed nothing`)
  say(`${file}: ${printed.trim()}`)
}

function say(sentence) {
  console.log(`ok  ${sentence}`)
}
