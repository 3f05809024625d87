// What typed calls allocate: every object of both sides counted, in one process, over a transport in memory.
// Counts do not depend on how busy the machine is. Knows Braidwire's own service only; measures no other library.

import { type HeapProfiler, Session as Inspector } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expose, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { api } from './adapters/braidwire-rpc.ts'

const WARM_CALLS = 30_000
const CALLS = 4_000
const IN_FLIGHT = 16
const ITEMS = 2_000
const SITES = 12

/** What one unit of work, a call or an item, costs. */
interface Cost {
  readonly title: string
  readonly objects: number
  readonly bytes: number
  readonly cpuUs: number
  /** Where the objects are made, most of them first. */
  readonly sites: readonly Site[]
}

interface Site {
  readonly name: string
  readonly objects: number
  readonly bytes: number
}

/** Counts for calls of 64 B and items of 100 B, as Markdown. */
export async function heap(): Promise<string> {
  const [server, client] = pair()
  expose(server, api)
  const remote = wrap<typeof api>(client)
  const body = new Uint8Array(64).fill(0x61)
  const calls = (count: number): Promise<void> => inTurn(count, () => remote.echo(body))
  const items = async (count: number): Promise<void> => {
    for await (const _item of remote.ticks(count, 100) as unknown as AsyncIterable<Uint8Array>);
  }
  const costs = [
    await measure('call of 64 B', calls, WARM_CALLS, CALLS),
    await measure('item of 100 B', items, WARM_CALLS, ITEMS),
  ]
  await client.close()
  return markdown(costs)
}

async function inTurn(count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

async function measure(
  title: string,
  work: (count: number) => Promise<void>,
  warm: number,
  count: number,
): Promise<Cost> {
  await work(warm)
  const before = process.cpuUsage()
  await work(warm)
  const { user, system } = process.cpuUsage(before)
  const sites = await allocations(() => work(count))
  const objects = sites.reduce((sum, site) => sum + site.objects, 0) / count
  const bytes = sites.reduce((sum, site) => sum + site.bytes, 0) / count
  const each = sites.map((site) => ({ ...site, objects: site.objects / count, bytes: site.bytes / count }))
  return { title, objects, bytes, cpuUs: (user + system) / warm, sites: each }
}

/** Every allocation while `work` runs, also of what is collected meanwhile: at an interval of one byte nothing is left out. */
async function allocations(work: () => Promise<void>): Promise<Site[]> {
  const inspector = new Inspector()
  inspector.connect()
  await inspector.post('HeapProfiler.enable')
  await inspector.post('HeapProfiler.startSampling', {
    samplingInterval: 1,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
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

function bySite(profile: Profile): Site[] {
  const names = new Map<number, string>()
  const visit = (node: Node, caller: string): void => {
    const name = nameOf(node.callFrame, caller)
    names.set(node.id, name)
    for (const child of node.children) visit(child, name)
  }
  visit(profile.head as Node, '')
  const sites = new Map<string, { name: string; objects: number; bytes: number }>()
  for (const { nodeId, size } of profile.samples) {
    const name = names.get(nodeId) ?? ''
    const site = sites.get(name) ?? { name, objects: 0, bytes: 0 }
    site.objects++
    site.bytes += size
    sites.set(name, site)
  }
  return [...sites.values()].sort((one, other) => other.bytes - one.bytes)
}

/** Functions of the language are named with whoever called them. */
function nameOf(
  { functionName, url, lineNumber }: HeapProfiler.SamplingHeapProfileNode['callFrame'],
  caller: string,
): string {
  if (url === '') return `${functionName} < ${caller}`
  const file = url.startsWith('file:')
    ? relative(process.cwd(), fileURLToPath(url))
    : url.slice(url.lastIndexOf('/') + 1)
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`
}

function markdown(costs: readonly Cost[]): string {
  const lines = ['|  | objects | bytes | CPU µs |', '| --- | ---: | ---: | ---: |']
  for (const { title, objects, bytes, cpuUs } of costs)
    lines.push(`| ${title} | ${objects.toFixed(1)} | ${bytes.toFixed(0)} | ${cpuUs.toFixed(2)} |`)
  for (const { title, sites } of costs) {
    lines.push('', `${title}, where:`, '')
    for (const { name, objects, bytes } of sites.slice(0, SITES))
      lines.push(`- ${objects.toFixed(1)} objects, ${bytes.toFixed(0)} B: ${name}`)
  }
  return `${lines.join('\n')}\n`
}
