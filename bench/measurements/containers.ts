import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DockerHost, noDocker, startDockerHost } from '../../test/real/docker/host.ts'
import { type EngineRelay, startEngineRelay } from '../../test/real/docker/relay.ts'
import { dockerCompose } from '../containers/docker-compose.ts'
import { engineCalls } from '../containers/engine-calls.ts'
import { type ContainersPeer, type ContainersSupervisor, nowMs, type Service } from '../containers/peer.ts'
import { us } from '../containers/us.ts'
import { type Watch, watchContainers } from '../containers/watch.ts'
import { activityOf, pass, residentMb } from '../observe.ts'
import { attemptMany, type Figure, type Measurement } from '../result.ts'

export const containerPeers: readonly ContainersPeer[] = [us, dockerCompose, engineCalls]

const rounds = 5
const many = 30
/** Start-up is over and its garbage collected, and the containers count as stable. */
const settleMs = 15_000
const windowMs = 60_000
const quietMsMax = 50
const residentMbMax = 75

/** Containers on a real engine: how long what a person waits for takes, and what is done when nothing happens. */
export const containers: Measurement = async ({ containerPeers: peers }) => {
  if (noDocker !== false) {
    console.error(`containers: ${noDocker}`)
    return []
  }
  const host = await startDockerHost()
  try {
    await host.importImage('bench:latest')
    const figures: Figure[] = []
    for (const peer of peers) figures.push(...(await changes(host, peer)))
    if (peers.includes(us)) figures.push(...(await idle(host)))
    return figures.map((figure) => ({ ...figure, table: 'containers' }))
  } finally {
    await host.close()
  }
}

// ---- what is waited for ----------------------------------------------------------------------------------------

interface Stage {
  readonly supervisor: ContainersSupervisor
  readonly watch: Watch
}

/** What is done in one round, one after the other: the first brings up what the next ones change. */
const acts: readonly { readonly what: string; readonly limitMs?: number; act(stage: Stage): Promise<number> }[] = [
  {
    what: 'two services installed',
    act: ({ supervisor, watch }) => timeTo(watch, { starts: 2, removals: 0 }, () => supervisor.apply(two('first'))),
  },
  {
    what: 'nothing to do: until that is known',
    limitMs: quietMsMax,
    act: async ({ supervisor }) => {
      const given = await supervisor.apply(two('first'))
      return nowMs() - given
    },
  },
  {
    what: 'environment of one of two changed',
    act: ({ supervisor, watch }) => timeTo(watch, { starts: 1, removals: 1 }, () => supervisor.apply(two('second'))),
  },
  {
    what: 'one restarted',
    act: ({ supervisor, watch }) => timeTo(watch, { starts: 1, removals: 0 }, () => supervisor.restart('web')),
  },
]

async function changes(host: DockerHost, peer: ContainersPeer): Promise<readonly Figure[]> {
  const times = new Map<string, number[]>()
  const note = (what: string, ms: number): void => void times.set(what, [...(times.get(what) ?? []), ms])
  let failure: unknown = null
  try {
    for (let round = 0; round < rounds; round += 1) {
      await onGround(host, peer, async (stage) => {
        for (const { what, act } of acts) note(what, await act(stage))
      })
      await onGround(host, peer, async ({ supervisor, watch }) => {
        note(thirtyUp, await timeTo(watch, { starts: many, removals: 0 }, () => supervisor.apply(thirty)))
      })
      await onGround(host, peer, async ({ supervisor, watch }) => {
        const { applyByCommandLine: apply } = supervisor
        if (apply === undefined) return
        note(byCommand, await timeTo(watch, { starts: 2, removals: 0 }, () => apply(two('first'))))
        const given = await apply(two('first'))
        note(quietByCommand, nowMs() - given)
      })
    }
  } catch (error) {
    failure = error
  }
  const wanted = [...acts, { what: thirtyUp }, ...(peer === us ? [{ what: byCommand }, { what: quietByCommand }] : [])]
  return await Promise.all(
    wanted.map(({ what, ...more }) => {
      const limit = 'limitMs' in more && peer === us ? (more.limitMs ?? null) : null
      return attemptMany({ what, peer: peer.name, unit: 'ms', limit, note: '' }, async () => {
        const found = times.get(what) ?? []
        if (found.length < rounds && failure !== null) throw failure
        return found
      })
    }),
  )
}

const thirtyUp = `${many} services up`
const byCommand = 'two services installed by the command `holdfast up`'
const quietByCommand = 'nothing to do, by the command `holdfast up`'

async function timeTo(
  watch: Watch,
  expected: Parameters<Watch['until']>[0],
  give: () => Promise<number>,
): Promise<number> {
  watch.forget()
  const [given, done] = await Promise.all([give(), watch.until(expected)])
  return done - given
}

/** One that runs, and one that needs it and is changed by the version. */
function two(version: string): readonly Service[] {
  return [
    { name: 'data', version: 'first', needs: [] },
    { name: 'web', version, needs: ['data'] },
  ]
}

const thirty: readonly Service[] = Array.from({ length: many }, (_, index) => ({
  name: `unit-${index}`,
  version: 'first',
  needs: [],
}))

async function onGround(
  host: DockerHost,
  peer: ContainersPeer,
  measure: (stage: Stage) => Promise<void>,
  socketPath = host.socketPath,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hfb-'))
  const watch = await watchContainers(host.socketPath)
  try {
    const supervisor = await peer.open({ directory, socketPath, image: 'bench:latest' })
    try {
      await measure({ supervisor, watch })
    } finally {
      await supervisor.close()
    }
  } finally {
    watch.close()
    await host.clear()
    rmSync(directory, { recursive: true, force: true })
  }
}

// ---- when nothing happens --------------------------------------------------------------------------------------

async function idle(host: DockerHost): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hfb-'))
  const relay = await startEngineRelay(host.socketPath, directory)
  const values = { calls: Number.NaN, percent: Number.NaN, residentMb: Number.NaN }
  let failure: unknown = null
  try {
    await onGround(host, us, async (stage) => void Object.assign(values, await idleOf(stage, relay)), relay.socketPath)
  } catch (error) {
    failure = error
  } finally {
    await relay.close()
    rmSync(directory, { recursive: true, force: true })
  }
  const rows = [
    [`idle with ${many} containers: calls of the engine in a minute`, 'calls', values.calls, null],
    [`idle with ${many} containers: share of one core`, '%', values.percent, 0.1],
    [`resident memory with ${many} containers`, 'MB', values.residentMb, residentMbMax],
  ] as const
  return await Promise.all(
    rows.map(([what, unit, value, limit]) =>
      attemptMany({ what, peer: 'us', unit, limit, note: `over ${windowMs / 1_000} s` }, async () => {
        if (failure !== null) throw failure
        return [value]
      }),
    ),
  )
}

async function idleOf({ supervisor, watch }: Stage, relay: EngineRelay) {
  await timeTo(watch, { starts: many, removals: 0 }, () => supervisor.apply(thirty))
  await pass(settleMs)
  const before = activityOf(supervisor.roots())
  relay.forget()
  await pass(windowMs)
  const after = activityOf(supervisor.roots())
  return {
    calls: relay.requests().length * (60_000 / windowMs),
    percent: Number(after.cpuNs - before.cpuNs) / 1e4 / windowMs,
    residentMb: residentMb(supervisor.roots()),
  }
}
