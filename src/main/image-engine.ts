import type { EngineFacts, ImageEngine, PresentImage } from '../cli/bundle/engine.ts'
import { createEngineClient, type EngineClient } from '../drivers/docker/client.ts'
import { EngineError, engineError, refusalInStream } from '../drivers/docker/engine-error.ts'
import { registryAuth } from '../drivers/docker/registry-auth.ts'
import { isObject, listOf, objectOf, textOf } from '../drivers/docker/shape.ts'
import { digestTagReference } from '../formats/container/digest-tag.ts'
import { normaliseReference, parseReference } from '../formats/container/reference.ts'
import { engineAddress } from './engine-address.ts'

/** A registry that says nothing for this long is given up. */
const pullIdleMs = 300_000

/** While it unpacks the engine is silent, and disks of small devices are slow. */
const loadIdleMs = 3_600_000

/** `socketPath` null: where the environment says. Nothing is connected before the first call. */
export function openImageEngine(options: {
  readonly socketPath: string | null
  readonly environment: Readonly<Record<string, string>>
  readonly warn: (text: string) => void
}): ImageEngine {
  const { environment, warn } = options
  const client = createEngineClient({ socketPath: options.socketPath ?? engineAddress(environment, warn).socketPath })
  return {
    socketPath: client.socketPath,
    about: () => aboutOf(client),
    async images() {
      const ids = new Set((await client.images.list({})).flatMap((one) => textOf(one, 'Id') ?? []))
      const images: PresentImage[] = []
      for (const id of ids) images.push(...listOfOne(await imageOf(client, id)))
      return images
    },
    async image(reference) {
      const standIn = digestTagReference(reference)
      return (await imageOf(client, reference)) ?? (standIn === null ? null : await imageOf(client, standIn))
    },
    pull: (reference, platform) => pull(client, { reference, platform, environment }),
    save: async (ids) => (await client.images.save(ids)).chunks,
    load: (chunks) => load(client, chunks),
    tag: (image, name) => client.images.tag(image, name),
    untag: (reference) => untag(client, reference),
    close: client.close,
  }
}

async function aboutOf(client: EngineClient): Promise<EngineFacts> {
  const [{ name }, { rootDirectory, isContainerdStore }] = await Promise.all([client.about(), client.info()])
  return { name, rootDirectory, takesParts: !isContainerdStore && name.startsWith('Docker') }
}

function listOfOne(image: PresentImage | null): readonly PresentImage[] {
  return image === null ? [] : [image]
}

/** null: it is not there, or went meanwhile. */
async function imageOf(client: EngineClient, reference: string): Promise<PresentImage | null> {
  try {
    return readPresent(await client.images.inspect(reference))
  } catch (error) {
    const { code } = engineError(error)
    if (code === 'NOT_FOUND' || code === 'BAD_REQUEST') return null
    throw error
  }
}

function readPresent(told: unknown): PresentImage {
  const fields = isObject(told) ? told : {}
  const texts = (value: unknown): readonly string[] => listOf(value).filter((one) => typeof one === 'string')
  const names = (value: unknown): readonly string[] => texts(value).filter((name) => !name.includes('<none>'))
  const id = textOf(told, 'Id') ?? ''
  const platform = [textOf(told, 'Os'), textOf(told, 'Architecture'), textOf(told, 'Variant')]
  return {
    // Podman leaves out the algorithm.
    id: id.startsWith('sha256:') ? id : `sha256:${id}`,
    references: names(fields.RepoTags).map(normalised),
    digests: names(fields.RepoDigests).map(normalised),
    platform: platform.filter((part) => part !== null && part !== '').join('/'),
    layers: texts(objectOf(told, 'RootFS').Layers),
  }
}

function normalised(name: string): string {
  try {
    return normaliseReference(name)
  } catch {
    // It is the engine's own, whatever we think of it.
    return name
  }
}

async function pull(
  client: EngineClient,
  asked: {
    readonly reference: string
    readonly platform: string | null
    readonly environment: Readonly<Record<string, string>>
  },
): Promise<void> {
  const { registry, repository, tag, digest } = parseReference(asked.reference)
  const name = registry === null ? repository : `${registry}/${repository}`
  const auth = await registryAuth(registry, asked.environment)
  const { values } = await client.images.pull(
    { name, tag: digest ?? tag ?? 'latest', platform: asked.platform },
    { registryAuth: auth, timeoutMs: pullIdleMs, idleMs: pullIdleMs },
  )
  for await (const line of values) refuseTrouble(line)
}

/** What our own side throws is told as it is, and not as a broken connection. */
async function load(client: EngineClient, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let own: { readonly error: unknown } | null = null
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks
    } catch (error) {
      own = { error }
      throw error
    }
  }
  try {
    const { values } = await client.images.load(watched(), { timeoutMs: loadIdleMs, idleMs: loadIdleMs })
    for await (const line of values) refuseTrouble(line)
  } catch (error) {
    const failed = own as { readonly error: unknown } | null
    throw failed === null ? error : failed.error
  }
}

function refuseTrouble(line: unknown): void {
  const trouble = textOf(line, 'error')
  if (trouble !== null) throw refusalInStream(trouble)
}

async function untag(client: EngineClient, reference: string): Promise<void> {
  try {
    await client.images.remove(reference, { isForced: false, noprune: false })
  } catch (error) {
    if (!(error instanceof EngineError) || (error.code !== 'NOT_FOUND' && error.code !== 'CONFLICT')) throw error
  }
}
