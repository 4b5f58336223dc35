import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { built, type Daemon, type Home, type StartOptions, withHome } from '../harness.ts'
import { until } from '../until.ts'
import type { EngineJson } from './engine-api.ts'
import { recordEvents } from './event-record.ts'
import { type DockerHost, type DockerHostOptions, noDocker, startDockerHost } from './host.ts'

/** A home whose daemon speaks to the test engine of its file. */
export interface ContainersHome extends Home {
  readonly host: DockerHost
  /** Writes the Compose file of an app as it is given; gives its path. */
  compose(app: string, services: Services, more?: object): string
  /** Starts the daemon on this engine, and resolves when it answers. */
  begin(sources: readonly string[], options?: StartOptions): Promise<Daemon>
  /** `holdfast up --wait`, which has to succeed. */
  up(): Promise<void>
  /** `holdfast up --wait=committed`: also the change has proved itself. */
  commit(): Promise<void>
  /** The same as `up` without waiting for what comes of it. */
  declareUp(): Promise<void>
  /** All containers made for a service by this home, as the engine describes them; running or not. */
  containers(name: string): Promise<readonly EngineJson[]>
  /** The one container of a service. */
  container(name: string): Promise<EngineJson>
  /** Resolves with it when it runs, is the only one, and is as asked for. */
  untilContainer(name: string, condition?: (container: EngineJson) => boolean): Promise<EngineJson>
  /** What was changed in the engine while `act` went on, as `container create app-web-1`, in order. */
  changesBy(act: () => Promise<unknown>): Promise<readonly string[]>
}

export type Services = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface Bed {
  /** The engine of this file; it is there in a test only. */
  host(): DockerHost
  test(name: string, body: (home: ContainersHome) => Promise<void>): void
}

/** Tests that share one engine, each with a home of its own; what one leaves in the engine the next one does not find. */
export function onEngine(name: string, options: DockerHostOptions, body: (bed: Bed) => void): void {
  describe(name, { skip: noDocker }, () => {
    let started: DockerHost | null = null
    const host = (): DockerHost => {
      assert.ok(started !== null, 'the engine is there in a test only')
      return started
    }
    before(async () => {
      await built()
      started = await startDockerHost(options)
      await started.importImage('plain:1')
    })
    after(() => started?.close())
    body({
      host,
      test(what, act) {
        test(what, async () => {
          try {
            await withHome((home) => act(withContainers(home, host())))
          } finally {
            await host().clear()
          }
        })
      },
    })
  })
}

export function withContainers(home: Home, host: DockerHost): ContainersHome {
  const succeed = async (...words: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await home.cli(...words)
    assert.equal(code, 0, `holdfast ${words.join(' ')}: ${stdout}${stderr}`)
  }
  const own: ContainersHome = {
    ...home,
    host,
    compose: (app, services, more = {}) =>
      home.write(`${app}.yaml`, JSON.stringify({ name: app, services, ...more }, null, 2)),
    begin: (sources, options = {}) =>
      home.start(sources, { ...options, environment: { DOCKER_HOST: host.url, ...options.environment } }),
    up: () => succeed('up', '--wait'),
    commit: () => succeed('up', '--wait=committed'),
    declareUp: () => succeed('up'),
    async containers(name) {
      const filters = JSON.stringify({
        label: [`io.holdfast.unit=${name.split('/').length === 2 ? `${name}/1` : name}`],
      })
      const found: EngineJson[] = await host.api.get(`/containers/json?${new URLSearchParams({ all: '1', filters })}`)
      const described = found.map(({ Id }) => host.api.get(`/containers/${Id}/json`).catch(() => null))
      // One may have gone between the list and the question.
      return (await Promise.all(described)).filter((each) => each !== null)
    },
    async container(name) {
      const found = await own.containers(name)
      assert.equal(found.length, 1, `${name} has ${found.length} containers: ${found.map((each) => each.Name)}`)
      return found[0]
    },
    async untilContainer(name, condition = () => true) {
      let last: readonly EngineJson[] = []
      const probe = async (): Promise<EngineJson | null> => {
        last = await own.containers(name)
        return last.length === 1 && last[0].State.Running && condition(last[0]) ? last[0] : null
      }
      return await until(`a running container of ${name}: ${condition}`, probe, { everyMs: 50 }).catch(
        async (cause: unknown) => {
          const seen = last.map(({ Name, State, Config }) => JSON.stringify({ Name, State, Config }))
          const told = await home.explain(name).catch(String)
          throw new Error(`${String(cause)}; there are ${seen}; explain says ${JSON.stringify(told)}`, { cause })
        },
      )
    },
    async changesBy(act) {
      const record = await recordEvents(host.api)
      try {
        await act()
        return (await record.events()).filter(({ Action }) => Action !== 'die').map(changeText)
      } finally {
        record.close()
      }
    },
  }
  return own
}

function changeText({ Type, Action, Actor }: EngineJson): string {
  return `${Type} ${Action} ${Actor.Attributes.name ?? Actor.ID}`
}

/** The command of a service that runs this text in a shell: a dollar sign is doubled in Compose files. */
export function shell(text: string): readonly string[] {
  return ['sh', '-c', text.replaceAll('$', () => '$$')]
}

/** What tells one run of a container from another. */
export function runOf({ Id, State }: EngineJson): string {
  return `${Id} ${State.StartedAt}`
}

export function environmentOf({ Config }: EngineJson): Readonly<Record<string, string>> {
  const entries: readonly string[] = Config.Env
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}
