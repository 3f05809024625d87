// Programs killed on the spot, again and again, in the middle of transfers: no broken file ever has its final name, the one that
// survives settles everything and leaks nothing.

import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../child.ts'
import { MIB, mib, type Row } from '../rows.ts'
import { Prng } from '../sim/prng.ts'
import type { Fault, Form } from './fault.ts'
import type { Weight } from './transfer.ts'

const SIZE = 3 * MIB
/** How long the survivor may take, in ms, to settle what was under way and to finish a transfer with the new one. */
const SETTLE_MS = 20_000

const program = new URL('./transfer.js', import.meta.url)

interface World {
  readonly folder: string
  readonly copies: string
  readonly sha256: string
  server: Child
  client: Child
  port: number
}

async function start(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'braid-kill-'))
  const served = join(folder, 'served')
  const copies = join(folder, 'copies')
  mkdirSync(served)
  mkdirSync(copies)
  const bytes = Buffer.alloc(SIZE)
  for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at)
  writeFileSync(join(served, 'file'), bytes)
  const server = new Child(program)
  const port = await server.ask<number>('serve', { folder: served, port: 0 })
  const client = new Child(program)
  await client.ask('fetch', { folder: copies, port })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { folder, copies, sha256, server, client, port }
}

/** Looks at all that has a final name, and removes it. Tells how many there were and how many are broken. */
function inspect({ copies, sha256 }: World): { whole: number; broken: number } {
  let [whole, broken] = [0, 0]
  for (const name of readdirSync(copies)) {
    if (name.startsWith('.braid-')) continue
    const path = join(copies, name)
    if (createHash('sha256').update(readFileSync(path)).digest('hex') === sha256) whole++
    else broken++
    rmSync(path)
  }
  return { whole, broken }
}

/** Kills one of the two and starts it anew; resolves when a transfer begun after that has come through. */
async function round(world: World, victim: 'server' | 'client'): Promise<void> {
  await world[victim].kill()
  world[victim] = new Child(program)
  if (victim === 'server') {
    await world.server.ask('serve', { folder: join(world.folder, 'served'), port: world.port })
  } else {
    // What a killed program leaves of a transfer has a name of its own, and is nobody's.
    for (const name of readdirSync(world.copies)) if (name.startsWith('.braid-')) rmSync(join(world.copies, name))
    await world.client.ask('fetch', { folder: world.copies, port: world.port })
  }
  const late = sleep(SETTLE_MS, 'late', { ref: false })
  if ((await Promise.race([world.client.ask('another'), late])) === 'late') throw new Error('no transfer came through')
}

/** The survivor is the same process over all rounds of one victim: what it leaks, it leaks again and again. */
export async function kill(victim: 'server' | 'client', rounds: number, prng: Prng): Promise<Omit<Row, 'id'>[]> {
  const world = await start()
  const survivor = victim === 'server' ? 'client' : 'server'
  let [whole, broken] = [0, 0]
  let before: Weight | undefined
  try {
    for (let at = 0; at < rounds; at++) {
      await sleep(prng.int(0, 120))
      await round(world, victim)
      const seen = inspect(world)
      whole += seen.whole
      broken += seen.broken
      // What is made once has been made by then.
      if (at === Math.floor(rounds / 4)) before = await world[survivor].ask<Weight>('weigh')
    }
    const after = await world[survivor].ask<Weight>('weigh')
    const { files, held } = before ?? after
    return [
      {
        what: `${victim} killed ${rounds} times`,
        measured: `${whole} files whole, ${broken} broken; the survivor saw ${
          Object.entries(after.failed)
            .map(([code, count]) => `${count} ${code}`)
            .join(', ') || 'no failure'
        }, ${after.pending} transfers pending, ${after.sessions} sessions`,
        ceiling: '0 broken; at most the present transfer, call and session',
        holds: broken === 0 && whole >= rounds && after.pending <= 2 && after.sessions <= 1,
      },
      {
        what: `left behind in the survivor by three quarters of them`,
        measured: `${after.files - files} files, ${mib(after.held - held)}`,
        ceiling: '8 files, 5 MiB',
        holds: after.files - files <= 8 && after.held - held <= 5 * MIB,
      },
    ]
  } finally {
    await world.client.kill()
    await world.server.kill()
    rmSync(world.folder, { recursive: true, force: true })
  }
}

async function killBoth(form: Form): Promise<Omit<Row, 'id'>[]> {
  const seed = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000)
  const rounds = form === 'full' ? 100 : 8
  console.log(`kill -9: seed ${seed}`)
  const prng = new Prng(seed)
  return [...(await kill('server', rounds, prng)), ...(await kill('client', rounds, prng))]
}

export const killFaults: readonly Fault[] = [{ id: 'kill', name: 'kill -9', run: killBoth }]
