// The command line itself: help, version, and every wrong usage with its one sentence.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { braid, braidPath, follow, type Outcome, scratch, version } from './cli-harness.ts'

let folder = ''
let remove = async () => {}
before(async () => {
  ;({ folder, remove } = await scratch())
})
after(() => remove())

function assertUsage({ code, stdout, stderr }: Outcome, pattern: RegExp): void {
  assert.equal(stdout, '')
  assert.match(stderr, /^braid: [^\n]+\n$/)
  assert.match(stderr, pattern)
  assert.equal(code, 2)
}

test('braid --version prints the version of the package', async () => {
  for (const option of ['--version', '-v']) {
    assert.deepEqual(await braid([option]), { code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
  }
})

test('braid --help names every command', async () => {
  const { code, stdout, stderr } = await braid(['--help'])
  assert.equal(code, 0)
  assert.equal(stderr, '')
  for (const name of ['serve', 'ls', 'cat', 'get']) assert.match(stdout, new RegExp(`^ +${name} `, 'm'))
})

test('each command has help without colours in a pipe', async () => {
  for (const [name, option] of Object.entries({ serve: '--insecure', ls: '--long', cat: 'PATH', get: '--recursive' })) {
    const { code, stdout, stderr } = await braid([name, '--help'])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    assert.ok(stdout.includes(option), name)
    assert.ok(!stdout.includes('\u001b'), name)
  }
})

test('a wrong command line is one sentence and exit code 2', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /which command/],
    [['fetch'], /there is no command "fetch"/],
    [['constructor'], /there is no command "constructor"/],
    [['\u001b[31m'], /there is no command "\?\[31m"/],
    [['serve'], /dir is missing/],
    [['serve', '.', 'there'], /"there" is too much/],
    [['serve', '.', '--listen'], /--listen needs a value/],
    [['serve', '.', '--verbose'], /there is no option "--verbose"/],
    [['ls'], /url is missing/],
    [['ls', 'u', 'a', 'b'], /"b" is too much/],
    [['cat', 'u'], /path is missing/],
    [['get', 'u'], /path is missing/],
    [['get', 'u', 'a', '-o'], /-o needs a value/],
    [['get', 'u', 'a', '-x'], /there is no option "-x"/],
  ]
  await Promise.all(wrong.map(async ([args, pattern]) => assertUsage(await braid(args), pattern)))
})

test('output that cannot be written is a failure, not a success', async () => {
  for (const option of ['--help', '--version']) {
    // Standard output is a file that may hold nothing.
    const command = `unset NODE_V8_COVERAGE; ulimit -f 0; exec "${process.execPath}" "${braidPath}" ${option} 2>&1 >"${join(folder, 'full')}"`
    const { code, stdout } = await follow(spawn('bash', ['-c', command])).outcome
    assert.match(stdout, /^braid: cannot write the output: [^\n]+\n$/)
    assert.equal(code, 1)
  }
})

test('an address other machines can reach needs TLS and a token, or --insecure', async () => {
  const urls = [
    'tcp://0.0.0.0:0',
    'tcp://[::]:0',
    'tcp://192.0.2.1:0',
    'tcp://example.com:0',
    'tcp://127.0.0.1.example.com:0',
  ]
  await Promise.all(urls.map(async (url) => assertUsage(await braid(['serve', '.', '--listen', url]), /--insecure/)))
})
