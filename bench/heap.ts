// What typed calls allocate: every object of both sides counted, in one process, over a transport in memory.
// Counts do not depend on how busy the machine is. Knows Braidwire's own service only; measures no other library.

import { expose, wrap } from 'braidwire/rpc'
import { pair } from 'braidwire/test'
import { api } from './adapters/braidwire-rpc.ts'
import { allocations, type Site } from './allocations.ts'

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

function markdown(costs: readonly Cost[]): string {
  const lines = ['|  | objects | bytes | CPU µs |', '| --- | ---: | ---: | ---: |']
  for (const { title, objects, bytes, cpuUs } of costs)
    lines.push(`| ${title} | ${objects.toFixed(1)} | ${bytes.toFixed(0)} | ${cpuUs.toFixed(2)} |`)
  for (const { title, sites } of costs) {
    lines.push('', `${title}, where:`, '')
    for (const { name, line, objects, bytes } of sites.slice(0, SITES))
      lines.push(`- ${objects.toFixed(1)} objects, ${bytes.toFixed(0)} B: ${name}:${line}`)
  }
  return `${lines.join('\n')}\n`
}
