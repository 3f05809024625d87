// Reads a command line strictly: what citty would let pass or guess at is a wrong usage here, said in one sentence.
// Knows citty's description of arguments, and no command.

import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { quoted, Refusal } from './say.ts'

/** A command line that fits its command. */
export interface Arguments {
  /** Options that are switches and were given. */
  readonly flags: ReadonlySet<string>
  /** Every value of the options that take one, in order. */
  readonly values: ReadonlyMap<string, string[]>
  readonly positionals: readonly string[]
}

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple: true
}

/**
 * Takes a command line apart. Positional arguments that `definition` requires must be there; the last one may stand for
 * several if its name ends in `...`.
 *
 * @throws Refusal with exit code 2.
 */
export function readArguments(rawArgs: readonly string[], definition: ArgsDef): Arguments {
  const options = optionsOf(definition)
  const { tokens } = parseArgs({ args: [...rawArgs], options, strict: false, allowPositionals: true, tokens: true })
  const flags = new Set<string>()
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw wrong(`there is no option ${quoted(token.rawName)}`)
    if (option.type === 'boolean') {
      if (token.value !== undefined) throw wrong(`the option ${token.rawName} takes no value`)
      flags.add(token.name)
    } else {
      if (isMissing(token.value, token.inlineValue)) throw wrong(`the option ${token.rawName} needs a value`)
      values.set(token.name, [...(values.get(token.name) ?? []), token.value!])
    }
  }
  checkPositionals(positionals, definition)
  return { flags, values, positionals }
}

/** A wrong command line. */
export function wrong(message: string): Refusal {
  return new Refusal(message, 2)
}

/** `-o -r` is a forgotten value; `-o=-r` and `--out=-r` mean it. */
function isMissing(value: string | undefined, inline: boolean | undefined): boolean {
  return value === undefined || value === '' || (inline !== true && value.length > 1 && value.startsWith('-'))
}

function optionsOf(definition: ArgsDef): Record<string, Option> {
  const options: Record<string, Option> = {}
  for (const [name, argument] of Object.entries(definition)) {
    if (argument.type === 'positional') continue
    const type = argument.type === 'boolean' ? 'boolean' : 'string'
    const short = 'alias' in argument ? argument.alias : undefined
    options[name] = { type, multiple: true, ...(typeof short === 'string' ? { short } : {}) }
  }
  return options
}

function checkPositionals(given: readonly string[], definition: ArgsDef): void {
  const expected = Object.entries(definition).filter(([, argument]) => argument.type === 'positional')
  for (const [at, [name, argument]] of expected.entries()) {
    if (given[at] === undefined && argument.required !== false) throw wrong(`${name.replace('...', '')} is missing`)
    if (given[at] === '' && argument.required !== false) throw wrong(`${name.replace('...', '')} is empty`)
  }
  const last = expected.at(-1)?.[0]
  if (given.length > expected.length && !last?.endsWith('...'))
    throw wrong(`${quoted(given[expected.length]!)} is too much`)
}
