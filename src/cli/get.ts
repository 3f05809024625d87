// `braid get`: files and folders to this disk, many at a time over one connection.
// First everything is listed and checked, then fetched; what fails is told in one sentence at the end.

import { mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fetchFile, listFiles } from 'braidwire/file'
import { fileSink } from 'braidwire/node'
import { type ArgsDef, type CommandDef, defineCommand } from 'citty'
import type { Arguments } from './arguments.ts'
import { type Connection, withConnection } from './dial.ts'
import { Failures } from './failures.ts'
import { fetchFault, type Job, refuseCollisions, servedPath, targetOf } from './paths.ts'
import { Progress } from './progress.ts'
import { count, Refusal } from './say.ts'
import { dialArgs } from './security.ts'

const streamsMax = 100
// A server could go on for ever; the plan of a whole transfer is kept.
const namesMax = 1_000_000

const args: ArgsDef = {
  url: { type: 'positional', description: 'Address of the server' },
  'path...': { type: 'positional', description: 'One or more files there' },
  recursive: { type: 'boolean', alias: 'r', description: 'Folders too, with all that is in them' },
  out: { type: 'string', alias: 'o', valueHint: 'dir', description: 'Where to put them (Default: .)' },
  ...dialArgs,
}

export const get: CommandDef = defineCommand({
  meta: { name: 'get', description: 'Fetch served files' },
  args,
  run: ({ data }) => run(data as Arguments),
})

interface Plan {
  readonly jobs: Job[]
  readonly folders: string[]
}

async function run(data: Arguments): Promise<void> {
  const { flags, values, positionals } = data
  const [, ...asked] = positionals
  const out = values.get('out')?.at(-1) ?? '.'
  const failures = new Failures()
  const progress = new Progress()
  let total = 0
  try {
    await withConnection(data, async (connection) => {
      const plan = await makePlan(connection, asked, out, flags.has('recursive'), failures)
      refuseCollisions(plan.jobs, plan.folders)
      await makeFolders(plan.folders, failures)
      total = plan.jobs.length + failures.count
      await fetchAll(connection, plan.jobs, failures, progress)
      if (connection.reason !== undefined) throw connection.reason
    })
  } finally {
    progress.stop()
  }
  if (failures.count > 0) throw new Refusal(failures.sentence(total))
  progress.report()
}

/** Asks the server what the folders hold, so that everything is known before the first byte is fetched. */
async function makePlan(
  connection: Connection,
  asked: readonly string[],
  out: string,
  recursive: boolean,
  failures: Failures,
): Promise<Plan> {
  const plan: Plan = { jobs: [], folders: [] }
  for (const typed of asked) {
    const path = servedPath(typed)
    const fault = fetchFault(path) ?? (path === '' && !recursive ? 'it is a folder' : undefined)
    if (fault !== undefined) failures.add(typed, fault)
    else if (!recursive) plan.jobs.push({ path, target: targetOf(path, out) })
    else await addListed(connection, path, typed, out, plan, failures)
  }
  return plan
}

async function addListed(
  { session, signal }: Connection,
  path: string,
  typed: string,
  out: string,
  plan: Plan,
  failures: Failures,
): Promise<void> {
  try {
    const listing = await listFiles(session, path, { recursive: true, signal })
    const base = targetOf(path, out)
    if (!listing.folder) {
      plan.jobs.push({ path, target: base, size: listing.size })
      return
    }
    const found: Plan = { jobs: [], folders: [base] }
    const prefix = path === '' ? '' : `${path}/`
    for await (const entry of listing.entries) {
      // Besides what crosses the wire as a path, the name must be harmless on this machine.
      const fault = fetchFault(entry.path)
      if (fault !== undefined) failures.add(entry.path, fault)
      else if (entry.folder) found.folders.push(join(base, entry.path))
      else found.jobs.push({ path: prefix + entry.path, target: join(base, entry.path), size: entry.size })
      const names = found.jobs.length + found.folders.length
      if (names > namesMax) throw new Refusal(`it holds more than ${count(namesMax, 'name')}`)
    }
    // Only now: half a listing would make half a folder.
    for (const job of found.jobs) plan.jobs.push(job)
    for (const place of found.folders) plan.folders.push(place)
    if (listing.skipped() > 0) failures.add(typed, `${count(listing.skipped(), 'name')} in it cannot be served`)
  } catch (error) {
    failures.add(typed, error)
  }
}

/** Folders are made beforehand only for the sake of empty ones; a file makes its own. */
async function makeFolders(folders: readonly string[], failures: Failures): Promise<void> {
  for (const folder of folders) {
    await makeFolder(folder).catch((error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EEXIST' || error.code === 'ENOTDIR'
      failures.add(folder, taken ? 'a file is in the place of the folder' : `cannot make the folder (${error.code})`)
    })
  }
}

/** Not by Node's `recursive`, which never ends in a folder that takes no names, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const make = (): Promise<unknown> =>
    mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
    })
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await make()
  })
}

async function fetchAll(
  { session, signal }: Connection,
  jobs: readonly Job[],
  failures: Failures,
  progress: Progress,
): Promise<void> {
  progress.start(jobs)
  let next = 0
  let lost: unknown
  const worker = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      if (lost !== undefined) {
        failures.add(job.path, lost)
        continue
      }
      const file = progress.file(job)
      try {
        const options = { signal, progress: file.moved }
        const { size } = await fetchFile(session, job.path, fileSink(job.target), options)
        file.done(size)
      } catch (error) {
        file.failed()
        // Whatever the end of the connection did to this one file, it is the end of the connection that is told.
        if (session.state === 'closed') lost ??= (await session.closed) ?? error
        failures.add(job.path, lost ?? error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(streamsMax, jobs.length) }, worker))
}
