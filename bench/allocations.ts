// What a piece of work allocates, and where: every object, also those collected meanwhile. Knows nothing of what the work is.

import { type HeapProfiler, Session as Inspector } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One place in the code, and the objects made there. */
export interface Site {
  /** Function and file, without a line: the same as long as nobody renames it. */
  readonly name: string
  /** Of the function; 0 where there is none. */
  readonly line: number
  readonly objects: number
  readonly bytes: number
}

/**
 * Objects made while `work` runs, by place, most bytes first: at an interval of one byte nothing is left out. `all` of them, or
 * only those `kept`, that are still held at its end: then it must collect what is not. What lies outside the heap, the bytes of
 * array buffers, is not seen.
 */
export async function allocations(work: () => Promise<void>, which: 'all' | 'kept' = 'all'): Promise<Site[]> {
  const inspector = new Inspector()
  inspector.connect()
  await inspector.post('HeapProfiler.enable')
  await inspector.post('HeapProfiler.startSampling', {
    samplingInterval: 1,
    includeObjectsCollectedByMajorGC: which === 'all',
    includeObjectsCollectedByMinorGC: which === 'all',
  } as HeapProfiler.StartSamplingParameterType)
  await work()
  const { profile } = await inspector.post('HeapProfiler.stopSampling')
  inspector.disconnect()
  return bySite(profile as Profile)
}

/** What the inspector tells beyond its declared types. */
interface Node extends HeapProfiler.SamplingHeapProfileNode {
  readonly id: number
  readonly children: Node[]
}
interface Profile extends HeapProfiler.SamplingHeapProfile {
  readonly samples: readonly { readonly nodeId: number; readonly size: number }[]
}

type Place = Pick<Site, 'name' | 'line'>

function bySite(profile: Profile): Site[] {
  const places = new Map<number, Place>()
  const visit = (node: Node, caller: Place): void => {
    const place = placeOf(node.callFrame, caller)
    places.set(node.id, place)
    for (const child of node.children) visit(child, place)
  }
  const nowhere: Place = { name: '', line: 0 }
  visit(profile.head as Node, nowhere)
  const sites = new Map<string, { name: string; line: number; objects: number; bytes: number }>()
  for (const { nodeId, size } of profile.samples) {
    const place = places.get(nodeId) ?? nowhere
    const key = `${place.name}:${place.line}`
    const site = sites.get(key) ?? { ...place, objects: 0, bytes: 0 }
    site.objects++
    site.bytes += size
    sites.set(key, site)
  }
  return [...sites.values()].sort((one, other) => other.bytes - one.bytes)
}

/** Functions of the language are named with whoever called them. */
function placeOf(
  { functionName, url, lineNumber }: HeapProfiler.SamplingHeapProfileNode['callFrame'],
  caller: Place,
): Place {
  if (url === '') return { name: `${functionName} < ${caller.name}`, line: caller.line }
  return { name: nameOf(functionName, url), line: lineNumber + 1 }
}

/** How people find a function. */
export function nameOf(functionName: string, url: string): string {
  return `${functionName === '' ? '(anonymous)' : functionName} ${fileOf(url)}`
}

/** From the working directory, or from node_modules, wherever that is; of Node's own modules the last part. */
export function fileOf(url: string): string {
  if (!url.startsWith('file:')) return url.slice(url.lastIndexOf('/') + 1)
  const path = relative(process.cwd(), fileURLToPath(url)).replaceAll('\\', '/')
  const packages = path.lastIndexOf('node_modules/')
  return packages < 0 ? path : path.slice(packages)
}
