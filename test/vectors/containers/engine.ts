import type { CreateBody } from '../../../src/formats/container/create-body.ts'
import type { EngineJson } from '../../real/docker/engine-api.ts'
import type { DockerHost, ImageContent } from '../../real/docker/host.ts'
import { bodyOf, type ContainerVector, containerName, networks, otherContainerName } from './vectors.ts'

/** A real engine that has what the vectors need beside their containers. */
export interface VectorBed {
  /** The image that is made with this; the same for the same content. */
  image(content: ImageContent | undefined): Promise<EngineJson>
  /** Of the services whose namespaces are shared. */
  readonly containers: Readonly<Record<string, string>>
  /** Makes the container of a vector, and gives its id. */
  create(made: CreateBody): Promise<string>
  inspect(id: string): Promise<EngineJson>
}

export async function prepareVectors(host: DockerHost): Promise<VectorBed> {
  const { api } = host
  const images = new Map<string, Promise<EngineJson>>()
  const image = (content: ImageContent = {}): Promise<EngineJson> => {
    const key = JSON.stringify(content)
    const known = images.get(key)
    if (known !== undefined) return known
    const made = makeImage(host, content).then((id) => api.get(`/images/${id}/json`))
    images.set(key, made)
    return made
  }
  for (const [Name, more] of Object.entries(networks)) await api.post('/networks/create', { Name, ...more })
  const plain = await image({})
  const other = await api.post(`/containers/create?name=${otherContainerName}`, {
    Image: plain.Id,
    HostConfig: { IpcMode: 'shareable' },
  })
  await api.post(`/containers/${other.Id}/start`)
  return {
    image,
    containers: { db: other.Id },
    async create({ body, connects }) {
      const { Id } = await api.post(`/containers/create?name=${containerName}`, body)
      for (const { network, endpoint } of connects)
        await api.post(`/networks/${network}/connect`, { Container: Id, EndpointConfig: endpoint })
      return Id
    },
    inspect: (id) => api.get(`/containers/${id}/json`),
  }
}

/** An import takes no stop signal: the engine takes it from a container that the image is made of. */
async function makeImage({ api, importImage }: DockerHost, { stopSignal, ...content }: ImageContent): Promise<string> {
  const id = await importImage('shop/web:1', content)
  if (stopSignal === undefined) return id
  const container = (await api.post('/containers/create', { Image: id, StopSignal: stopSignal })).Id
  const image = await api.post(`/commit?container=${container}&repo=shop/web&tag=1`, {})
  await api.remove(`/containers/${container}?v=1`)
  return image.Id
}

/** Makes the container of a vector, has it looked at, and removes it with what came with it. */
export async function withContainerOf<Result>(
  { host, bed }: { readonly host: DockerHost; readonly bed: VectorBed },
  vector: ContainerVector,
  look: (found: { readonly image: EngineJson; readonly made: CreateBody; readonly inspect: EngineJson }) => Result,
): Promise<Awaited<Result>> {
  const image = await bed.image(vector.imageContent)
  const made = bodyOf(vector, { imageId: image.Id, containers: bed.containers })
  const id = await bed.create(made)
  try {
    return await look({ image, made, inspect: await bed.inspect(id) })
  } finally {
    await host.api.remove(`/containers/${id}?force=1&v=1`)
  }
}
