// From paths as people type them to paths that are asked for, and to the places where files are put.

import { join, resolve } from 'node:path'
import { pathFault } from 'braidwire/file'
import { quoted, Refusal } from './say.ts'

/** One file to fetch and where it goes. */
export interface Job {
  readonly path: string
  readonly target: string
  /** In bytes, when the server has told it already. */
  readonly size?: number
}

/** A typed path as it is asked for: without a slash at its end, and '' for the served folder itself. */
export function servedPath(typed: string): string {
  const path = typed.replace(/(?<=[^/])\/+$/, '')
  return path === '.' ? '' : path
}

/** Where a file or folder of this path goes: under its last name. The served folder itself has none. */
export function targetOf(path: string, out: string): string {
  return path === '' ? out : join(out, path.slice(path.lastIndexOf('/') + 1))
}

/** Why the path cannot be fetched, whatever the server would say: it decides where this side writes. */
export function fetchFault(path: string): string | undefined {
  if (path === '') return undefined
  const fault = pathFault(path, process.platform === 'win32')
  return fault === undefined ? undefined : `the path ${fault}`
}

/**
 * Makes sure that no two files want the same place, and that no file stands where another needs a folder.
 *
 * @throws Refusal naming both.
 */
export function refuseCollisions(jobs: readonly Job[], folders: readonly string[]): void {
  const files = new Map<string, string>()
  for (const { path, target } of jobs) {
    const place = resolve(target)
    const other = files.get(place)
    if (other === path) throw new Refusal(`${quoted(path)} is asked for twice`)
    if (other !== undefined)
      throw new Refusal(`${quoted(other)} and ${quoted(path)} would both become ${quoted(target)}`)
    files.set(place, path)
  }
  const checked = new Set<string>()
  for (const target of [...folders, ...jobs.map((job) => resolve(job.target, '..'))]) {
    for (let place = resolve(target); !checked.has(place); place = resolve(place, '..')) {
      checked.add(place)
      const file = files.get(place)
      if (file !== undefined)
        throw new Refusal(`${quoted(file)} would become a file where a folder is needed: ${quoted(place)}`)
    }
  }
}
