import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ReleaseList, UnitItem } from '../../src/wire/api.ts'
import { type ContainersHome, runOf, withContainers } from './docker/bed.ts'
import type { EngineJson } from './docker/engine-api.ts'
import { type EventRecord, recordEvents } from './docker/event-record.ts'
import type { DockerHost } from './docker/host.ts'
import { type Daemon, withHome } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

/**
 * What the daemon crosses on the way through an install, an update, a hand-over, a change that is taken back and a purge of a
 * volume: the names of all boundaries, in order.
 */
export async function boundariesOfContainers(host: DockerHost): Promise<readonly string[]> {
  return await onHome(host, async (scene) => {
    const file = join(scene.home.directory, 'boundaries')
    const deaths = await runScenario(scene, { HOLDFAST_BOUNDARY_LOG: file })
    assert.equal(deaths, 0)
    return linesOf(file)
  })
}

/**
 * The same with a daemon that kills itself at its n-th boundary; an ordinary one has to bring it to its end. Gives the name of
 * the boundary, null when there was no n-th.
 */
export async function dieAmongContainers(host: DockerHost, n: number): Promise<string | null> {
  return await onHome(host, async (scene) => {
    const file = join(scene.home.directory, 'boundaries')
    const deaths = await runScenario(scene, { HOLDFAST_DIE_AT: String(n), HOLDFAST_BOUNDARY_LOG: file })
    return deaths === 0 ? null : (linesOf(file)[n - 1] ?? null)
  })
}

/** Several may go on at a time: each has an app of its own. */
function onHome<T>(host: DockerHost, act: (stage: Scene) => Promise<T>): Promise<T> {
  return withHome(async (home) => {
    const record = await recordEvents(host.api)
    try {
      return await act({ home: withContainers(home, host), app: basename(home.directory).toLowerCase(), record })
    } finally {
      record.close()
    }
  })
}

interface Scene {
  readonly home: ContainersHome
  readonly record: EventRecord
  readonly app: string
}

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

interface Stage extends Scene {
  readonly sources: readonly string[]
  daemon: Daemon
  deaths: number
}

interface Declared {
  readonly web: string
  readonly front: string
  readonly isBroken: boolean
}

function declare({ home, app }: Scene, { web, front, isBroken }: Declared): string {
  const service = (version: string) => ({
    image: 'plain:1',
    environment: { VERSION: version },
    // The engine tells the labels with its events.
    labels: { 'test.version': version },
    restart: 'unless-stopped',
    stop_grace_period: '2s',
  })
  return home.compose(
    app,
    {
      data: { ...service('only'), volumes: ['kept:/kept'] },
      web: {
        ...service(web),
        depends_on: ['data'],
        healthcheck: { test: ['CMD', isBroken ? 'false' : 'true'], interval: '200ms', retries: 1 },
      },
      front: { ...service(front), 'x-holdfast': { update: { strategy: 'hand-over', timeout: '1s' } } },
      own: { ...sleeper, depends_on: ['data'] },
    },
    {
      volumes: { kept: {} },
      'x-holdfast': { release: { healthy_for: '500ms', deadline: isBroken ? '6s' : '1m' } },
    },
  )
}

/** Gives how many daemons died. */
async function runScenario(scene: Scene, environment: Readonly<Record<string, string>>): Promise<number> {
  const { home, app } = scene
  const options = { environment: { DOCKER_HOST: home.host.url, ...environment } }
  const first: Declared = { web: 'first', front: 'first', isBroken: false }
  const sources = [declare(scene, first)]
  const stage: Stage = { ...scene, sources, daemon: home.launch(sources, options), deaths: 0 }
  await reach(stage, 'the install', first)
  const data = runOf(await home.container(`${app}/data`))
  const own = (await home.unit(`${app}/own`)).pid

  const second: Declared = { ...first, web: 'second' }
  await change(stage, second)
  await reach(stage, 'the update', second)

  const third: Declared = { ...second, front: 'second' }
  await change(stage, third)
  await reach(stage, 'the hand-over', third)

  await change(stage, { ...third, web: 'third', isBroken: true })
  await until('the broken one to be tried', async () => {
    revive(stage)
    return (await livesOf(stage)).starts.includes('web third')
  })
  await reach(stage, 'what was before the broken one', third)

  assert.equal(runOf(await home.container(`${app}/data`)), data, 'what did not change ran on all the time')
  assert.equal((await home.unit(`${app}/own`)).pid, own)
  const marker = join(home.host.dataRoot, 'volumes', `${app}_kept`, '_data/marker')
  writeFileSync(marker, 'precious')
  const asked = await say(stage, ['purge', '--yes', '--no-wait', `${app}/kept`])
  await until('the volume to be empty', () => {
    revive(stage)
    return !existsSync(marker)
  })
  await reach(stage, 'the container of the emptied volume', third)

  // A death over the end gives back what was ended: the next daemon starts it again.
  const { starts } = await livesOf(stage)
  const count = (start: string): number => starts.filter((each) => each === start).length
  assert.ok(
    count('data only') >= 2 && count('data only') <= 1 + asked,
    `once, and after each of ${asked} purges: ${starts}`,
  )
  for (const start of ['web first', 'front first', 'front second'])
    assert.equal(count(start), 1, `${start} was started once, and ${stage.deaths} died: ${starts}`)
  await end(stage)
  const { most } = await livesOf(stage)
  assert.deepEqual(most, { data: 1, web: 1, front: 2 }, 'no more than one at a time, and two in a hand-over')
  return stage.deaths
}

/** Everything runs as declared, each service in one container, and the app has nothing else. */
async function reach(stage: Stage, what: string, declared: Declared): Promise<void> {
  const { home } = stage
  let seen: unknown = null
  const probe = async (): Promise<boolean> => {
    revive(stage)
    const containers = await containersOf(stage)
    const units = await home.api.units().catch((): readonly UnitItem[] => [])
    seen = [containers.map(({ Names, State }) => ({ Names, State })), units]
    const versions = Object.fromEntries(
      containers
        .filter(({ State }) => State === 'running')
        .map(({ Labels }) => [serviceOf(Labels), Labels['test.version']]),
    )
    const isAll =
      versions.data === 'only' &&
      versions.web === declared.web &&
      versions.front === declared.front &&
      containers.length === 3
    return isAll && units.length === 4 && units.every((unit) => unit.state === 'running') && isCommitted(stage)
  }
  await until(what, probe, { everyMs: 50, timeoutMs: 60_000 }).catch((cause: unknown) => {
    throw new Error(`${String(cause)}; there is ${JSON.stringify(seen)}`, { cause })
  })
}

async function containersOf({ home, app }: Stage): Promise<readonly EngineJson[]> {
  const all: EngineJson[] = await home.host.api.get('/containers/json?all=1')
  return all.filter(({ Labels }) => isOf(app, Labels))
}

function isOf(app: string, labels: Readonly<Record<string, string>>): boolean {
  return labels['io.holdfast.unit']?.startsWith(`${app}/`) === true
}

/** Of `app/web/1`: web. */
function serviceOf(labels: Readonly<Record<string, string>>): string {
  return labels['io.holdfast.unit']?.split('/')[1] ?? ''
}

/** What is there is what a broken one is taken back to. */
async function isCommitted({ home }: Stage): Promise<boolean> {
  const { code, stdout } = await home.cli('releases', '-o', 'json')
  if (code !== 0) return false
  const { items }: ReleaseList = JSON.parse(stdout)
  return items.every(({ status }) => status === 'committed' || status === 'reverted')
}

async function change(stage: Stage, declared: Declared): Promise<void> {
  declare(stage, declared)
  await say(stage, ['up'])
}

/** Says it until it is answered: who was asked may die over it. Gives how often. */
async function say(stage: Stage, words: readonly string[]): Promise<number> {
  let attempts = 0
  let last = ''
  const isAnswered = async (): Promise<boolean> => {
    revive(stage)
    attempts += 1
    const { code, stderr } = await stage.home.cli(...words)
    last = stderr
    return code === 0
  }
  await until(`an answer to ${words}`, isAnswered).catch((cause: unknown) => {
    throw new Error(`${String(cause)}; it said ${last}`, { cause })
  })
  return attempts
}

function revive(stage: Stage): void {
  const ended = stage.daemon.ended()
  if (ended === null) return
  assert.deepEqual(ended, { code: null, signal: 'SIGKILL' }, 'the daemon ends only where it is told to die')
  stage.deaths += 1
  stage.daemon = stage.home.launch(stage.sources, { environment: { DOCKER_HOST: stage.home.host.url } })
}

/** ^C until one daemon ends in order, and nothing of it runs. */
async function end(stage: Stage): Promise<void> {
  for (;;) {
    stage.daemon.kill('SIGINT')
    const exit = await stage.daemon.exit
    if (exit.code === 0) break
    revive(stage)
    await until('the next daemon to answer', () => stage.home.api.info().catch(() => null))
  }
  // The engine tells of an end a moment before it lists it.
  await until('the containers to have ended', async () => {
    const all = await containersOf(stage)
    return all.every((each) => each.State !== 'running')
  })
}

interface Lives {
  /** `web second`, in order. */
  readonly starts: readonly string[]
  /** By service, the most that ran at a time. */
  readonly most: Readonly<Record<string, number>>
}

/** As the engine saw it: its events are the witness, whatever we believe. */
async function livesOf({ record, app }: Stage): Promise<Lives> {
  const starts: string[] = []
  const most: Record<string, number> = {}
  const running = new Map<string, string>()
  for (const { Type, Action, Actor } of await record.events()) {
    if (Type !== 'container' || !isOf(app, Actor.Attributes)) continue
    const service = serviceOf(Actor.Attributes)
    if (Action === 'die') running.delete(Actor.ID)
    if (Action !== 'start') continue
    starts.push(`${service} ${Actor.Attributes['test.version']}`)
    running.set(Actor.ID, service)
    const count = [...running.values()].filter((each) => each === service).length
    most[service] = Math.max(most[service] ?? 0, count)
  }
  return { starts, most }
}
