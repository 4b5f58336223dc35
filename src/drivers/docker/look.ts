import { homeLabel } from '../../core/containers/marks.ts'
import type {
  EngineContainer,
  EngineImage,
  EngineLook,
  EngineNetwork,
  EngineNews,
  EngineVolume,
} from '../../core/containers/model.ts'
import { digestTagReference } from '../../formats/container/digest-tag.ts'
import { readImage } from '../../formats/container/image.ts'
import { readContainer } from '../../formats/container/inspect.ts'
import { readNetwork } from '../../formats/container/network.ts'
import { readVolume } from '../../formats/container/volume.ts'
import { engineError } from './engine-error.ts'
import { textOf } from './shape.ts'
import { hasLabels, ifThere, labelsOf, reading, type StepContext } from './step-context.ts'

/** Descriptions asked for at a time. */
const inspectsMax = 8

export interface Observed {
  readonly containers: readonly EngineContainer[] | null
  readonly networks: readonly EngineNetwork[] | null
  readonly volumes: readonly EngineVolume[] | null
  readonly images: NonNullable<EngineNews['images']>
}

export async function lookAtEngine(context: StepContext, look: EngineLook): Promise<Observed> {
  for (const reference of look.images) context.memory.references.add(reference)
  if (!look.isEverything) {
    return { containers: null, networks: null, volumes: null, images: await lookAtImages(context, look.images) }
  }
  context.memory.references.clear()
  for (const reference of look.images) context.memory.references.add(reference)
  context.memory.adopts = look.adopts.filter((labels) => Object.keys(labels).length > 0)
  const [containers, networks, volumes, images] = await Promise.all([
    lookAtContainers(context),
    lookAtNetworks(context),
    lookAtVolumes(context),
    lookAtImages(context, look.images),
  ])
  return { containers, networks, volumes, images }
}

/** null: it is not there. */
export async function lookAtContainer(context: StepContext, id: string): Promise<EngineContainer | null> {
  const described = await ifThere(context.client.containers.inspect(id, { signal: context.signal }))
  return described === null ? null : readingContainer(context, described)
}

/** The same as news. */
export async function newsOfContainer(context: StepContext, id: string): Promise<EngineNews> {
  const container = await lookAtContainer(context, id)
  return container === null ? { containersGone: [id] } : { containers: [container] }
}

function readingContainer(context: StepContext, described: unknown): EngineContainer {
  const id = textOf(described, 'Id') ?? ''
  context.memory.containers.add(id)
  return reading(`the container ${shortId(id)}`, () => readContainer(described, context.homeId))
}

/** null: the engine does not have it; what is no reference at all is said by the pull. */
export async function lookAtImage(context: StepContext, reference: string): Promise<EngineImage | null> {
  try {
    const described = await ifThere(context.client.images.inspect(reference, { signal: context.signal }))
    const standIn = described === null ? digestTagReference(reference) : null
    if (standIn !== null) return await lookAtImage(context, standIn)
    return described === null ? null : reading(`the image ${reference}`, () => readImage(described))
  } catch (error) {
    if (engineError(error).code === 'BAD_REQUEST') return null
    throw error
  }
}

/** What the engine knows it by: loaded instead of pulled, an image has a tag that stands for its digest. */
export async function nameInEngine({ client, signal }: StepContext, reference: string): Promise<string> {
  const standIn = digestTagReference(reference)
  if (standIn === null) return reference
  return (await ifThere(client.images.inspect(reference, { signal }))) === null ? standIn : reference
}

export async function lookAtImages(
  context: StepContext,
  references: readonly string[],
): Promise<NonNullable<EngineNews['images']>> {
  return await inParallel([...new Set(references)], async (reference) => ({
    reference,
    image: await lookAtImage(context, reference),
  }))
}

export async function newsOfNetwork(context: StepContext, name: string): Promise<EngineNews> {
  const described = await ifThere(context.client.networks.inspect(name, { signal: context.signal }))
  if (described === null) return { networksGone: [name] }
  return { networks: [reading(`the network ${name}`, () => readNetwork(described, context.homeId))] }
}

export async function newsOfVolume(context: StepContext, name: string): Promise<EngineNews> {
  const described = await ifThere(context.client.volumes.inspect(name, { signal: context.signal }))
  if (described === null) return { volumesGone: [name] }
  return { volumes: [reading(`the volume ${name}`, () => readVolume(described, context.homeId))] }
}

export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}

async function lookAtContainers(context: StepContext): Promise<readonly EngineContainer[]> {
  const { client, homeId, memory, signal } = context
  const sets = [{ [homeLabel]: homeId }, ...memory.adopts]
  const lists = await Promise.all(
    sets.map(async (labels) => {
      const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) }
      const listed = await client.containers.list(filters, { signal })
      // Not every engine wants all of several labels.
      return listed.filter((one) => hasLabels(labelsOf(one), labels)).flatMap((one) => textOf(one, 'Id') ?? [])
    }),
  )
  const [ours, ...adopted] = lists
  memory.containers.clear()
  memory.adopted.clear()
  for (const id of adopted.flat()) memory.adopted.add(id)
  const ids = [...new Set([...(ours ?? []), ...adopted.flat()])]
  const containers = await inParallel(ids, (id) => lookAtContainer(context, id))
  return containers.filter((container) => container !== null)
}

async function lookAtNetworks({ client, homeId, signal }: StepContext): Promise<readonly EngineNetwork[]> {
  const listed = await client.networks.list({}, { signal })
  return listed.map((one) => reading(`the network ${textOf(one, 'Name')}`, () => readNetwork(one, homeId)))
}

async function lookAtVolumes({ client, homeId, signal }: StepContext): Promise<readonly EngineVolume[]> {
  const listed = await client.volumes.list({}, { signal })
  return listed.map((one) => reading(`the volume ${textOf(one, 'Name')}`, () => readVolume(one, homeId)))
}

/** In the order of `from`. The first failure is thrown once none is under way any more. */
async function inParallel<From, To>(from: readonly From[], work: (one: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = new Array(from.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < from.length) {
      const at = next++
      results[at] = await work(from[at]!)
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(inspectsMax, from.length) }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return results
}
