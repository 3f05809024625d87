// The corpus once more: every input that ever reached new code, and every one that ever broke something. `npm run fuzz` explores.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Prng } from '../sim/prng.ts'
import { readCorpus } from './corpus.ts'
import { mutate } from './mutate.ts'
import { targets } from './targets.ts'

const MUTATED = 300

for (const [name, target] of Object.entries(targets)) {
  test(`${name}: the corpus breaks nothing, and neither do a few inputs made of it`, () => {
    const corpus = readCorpus(name)
    assert.ok(corpus.length > 0, 'no corpus is committed')
    for (const input of [...corpus, ...target.seeds()]) target.run(input)
    const prng = new Prng(1)
    const tokens = target.tokens()
    for (let round = 0; round < MUTATED; round++) target.run(mutate(corpus, tokens, prng))
  })
}
