#!/usr/bin/env node
// The command `braid`: finds the subcommand, prints help, and turns every outcome into one sentence and an exit code.
// Does no work of its own.

import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from 'citty'
import { readArguments, wrong } from './arguments.ts'
import { cat } from './cat.ts'
import { get } from './get.ts'
import { ls } from './ls.ts'
import { clause, complain, quoted, Refusal } from './say.ts'
import { serve } from './serve.ts'

const commands = new Map(Object.entries({ serve, ls, cat, get }))

const braid = defineCommand({
  meta: {
    name: 'braid',
    version: packageVersion(),
    description: 'Serve a folder and fetch from it: any number of files at a time over one connection',
  },
  subCommands: Object.fromEntries(commands),
})

// What went wrong is told once: what fails after that has nothing to add.
let told = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has had enough: no reason to complain.
  if (error.code === 'EPIPE') process.exit(0)
  if (told) return
  finish(new Refusal(`cannot write the output: ${clause(error)}`))
})
process.stderr.on('error', () => {})
process.on('uncaughtException', finish)
process.on('unhandledRejection', finish)

main(process.argv.slice(2)).then(() => finish(undefined), finish)

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rawArgs] = argv
  if (name === undefined) throw wrong('which command? There are serve, ls, cat and get, and braid --help tells more')
  if (name === '--version' || name === '-v') return print(`${packageVersion()}\n`)
  if (name === '--help' || name === '-h') return print(await usage(braid))
  const command = commands.get(name)
  if (command === undefined) throw wrong(`there is no command ${quoted(name)}: there are serve, ls, cat and get`)
  if (wantsHelp(rawArgs)) return print(await usage(command, braid))
  const data = readArguments(rawArgs, command.args as ArgsDef)
  await runCommand(command, { rawArgs, data })
}

function wantsHelp(rawArgs: readonly string[]): boolean {
  const end = rawArgs.indexOf('--')
  const own = end === -1 ? rawArgs : rawArgs.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

async function usage(command: CommandDef, parent?: CommandDef): Promise<string> {
  const text = `${await renderUsage(command, parent)}\n`
  return process.stdout.isTTY ? text : stripVTControlCharacters(text)
}

function print(text: string): void {
  process.stdout.write(text)
}

/** Says what there is to say and ends the process when the output has gone. */
function finish(error: unknown): void {
  if (error !== undefined) {
    told = true
    complain(error instanceof Refusal ? error.message : clause(error))
    // Also for a runtime that ends by itself, because it never says how the last write went.
    process.exitCode = Math.max(Number(process.exitCode ?? 0), error instanceof Refusal ? error.exitCode : 1)
  }
  // Output that could not be written is no success. Its `error` event may come after this is told: in Node right behind, in Bun
  // a turn later.
  process.stdout.write('', () => setImmediate(() => setImmediate(() => process.exit())))
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
