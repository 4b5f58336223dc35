import { createEngineApi, type EngineApi, type EngineJson } from '../../test/real/docker/engine-api.ts'
import { type ContainersPeer, nowMs, type Service } from './peer.ts'

/**
 * No supervisor: exactly the calls that are needed, known beforehand, each as soon as what it needs is there. Nobody who has to
 * look first can be faster.
 */
export const engineCalls: ContainersPeer = {
  name: 'engine-calls',
  version: () => 'the Engine API from Node',
  async open({ socketPath, image }) {
    const api = createEngineApi(socketPath)
    const running = new Map<string, { readonly id: string; readonly version: string }>()
    return {
      roots: () => [],
      async apply(services) {
        const given = nowMs()
        if (running.size === 0) await install(api, image, services, running)
        else await change(api, image, services, running)
        return given
      },
      async restart(name) {
        const given = nowMs()
        await api.post(`/containers/${running.get(name)!.id}/restart`)
        return given
      },
      close: async () => {},
    }
  },
}

type Running = Map<string, { readonly id: string; readonly version: string }>

async function install(api: EngineApi, image: string, services: readonly Service[], running: Running): Promise<void> {
  const network = api.post('/networks/create', { Name: networkName })
  const started = new Map<string, Promise<void>>()
  // What is needed stands before what needs it.
  for (const service of services) {
    const bring = async (): Promise<void> => {
      const [id] = await Promise.all([create(api, image, service), network])
      await Promise.all(service.needs.map((name) => started.get(name)))
      await api.post(`/containers/${id}/start`)
      running.set(service.name, { id, version: service.version })
    }
    started.set(service.name, bring())
  }
  await Promise.all(started.values())
}

async function change(api: EngineApi, image: string, services: readonly Service[], running: Running): Promise<void> {
  const changed = services.filter((service) => running.get(service.name)?.version !== service.version)
  if (changed.length === 0) await look(api, running)
  await Promise.all(
    changed.map(async (service) => {
      const old = running.get(service.name)!.id
      await api.post(`/containers/${old}/stop`)
      await api.remove(`/containers/${old}`)
      const id = await create(api, image, service)
      await api.post(`/containers/${id}/start`)
      running.set(service.name, { id, version: service.version })
    }),
  )
}

/** What there is to know before one may say that nothing is to be done. */
async function look(api: EngineApi, running: Running): Promise<void> {
  await Promise.all([
    api.get(`/networks/${networkName}`),
    ...[...running.values()].map(({ id }) => api.get(`/containers/${id}/json`)),
  ])
}

const networkName = 'bench-calls'

async function create(api: EngineApi, image: string, { name, version }: Service): Promise<string> {
  const made: EngineJson = await api.post(`/containers/create?name=bench-calls-${name}`, {
    Image: image,
    Env: [`VERSION=${version}`],
    HostConfig: { NetworkMode: networkName, RestartPolicy: { Name: 'always' } },
  })
  return made.Id
}
