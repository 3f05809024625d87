// The attacks in full, or some of them, or quickly, with figures: `node build/test/abuse/run.js [A1 A6 ...] [--quick]`.

import { parseArgs } from 'node:util'
import { Table } from '../rows.ts'
import { attacks } from './attacks.ts'
import { judge, tryAttack } from './trial.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const form = values.quick ? 'quick' : 'full'
/** `A1` means A1b as well. */
const wanted = (id: string) => positionals.length === 0 || positionals.some((name) => id.replace(/[a-z]$/, '') === name || id === name)

const table = new Table()
for (const attack of attacks.filter(({ id }) => wanted(id))) {
  table.add(...judge(attack, form, await tryAttack(attack, form)))
}
table.end()
