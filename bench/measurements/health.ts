import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { activityOf, childrenNs, pass, supervisorPids } from '../observe.ts'
import { withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Figure, type Measurement } from '../result.ts'

const count = 200
const intervalSeconds = 10
/** All are healthy, stable, and spread over the interval. */
const settleMs = 25_000
const watchedMs = 30_000

/** What 200 units with a check every 10 s cost, for each kind of check. The checks' own processes count as ours. */
export const health: Measurement = async ({ peers }) => {
  if (!peers.some((peer) => peer.name === 'us')) return []
  const figures: Figure[] = []
  using server = await listen()
  const probes = {
    exec: { exec: ['/bin/true'] },
    tcp: { tcp: `127.0.0.1:${server.port}` },
    http: { http: `http://127.0.0.1:${server.port}/` },
  }
  for (const [kind, probe] of Object.entries(probes)) {
    const what = `${count} units, each checked every ${intervalSeconds} s (${kind}): share of one core`
    const note = `over ${watchedMs / 1_000} s`
    figures.push(
      await attempt({ what, peer: 'us', unit: '%', n: 1, limit: null, note }, () =>
        withSupervisor(us, async (supervisor, site) => {
          await supervisor.up(count, { readiness: { ...probe, interval: `${intervalSeconds}s` } })
          await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
          await pass(settleMs)
          const pids = supervisorPids(supervisor.roots(), site.notesPath)
          const childrenBefore = childrenNs(supervisor.roots())
          const before = activityOf(pids)
          await pass(watchedMs)
          const own = activityOf(pids).cpuNs - before.cpuNs
          const total = own + childrenNs(supervisor.roots()) - childrenBefore
          return Number(total) / 1e4 / watchedMs
        }),
      ),
    )
  }
  return figures
}

/** Answers every request, and takes every connection. */
async function listen(): Promise<Disposable & { readonly port: number }> {
  const server = createServer((_, response) => response.end('ok'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.dispose]: () => server.close() }
}
