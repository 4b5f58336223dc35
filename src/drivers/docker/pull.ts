import { statfs } from 'node:fs/promises'
import type { EngineStep, PullProgress } from '../../core/containers/model.ts'
import { byteText } from '../../formats/byte-text.ts'
import { parseReference } from '../../formats/container/reference.ts'
import { EngineError, engineError, refusalInStream } from './engine-error.ts'
import { lookAtImage } from './look.ts'
import { createPullCount } from './pull-progress.ts'
import { registryAuth } from './registry-auth.ts'
import { textOf } from './shape.ts'
import { lookedAt, type StepContext, type StepOutcome } from './step-context.ts'

/** Of the file system of the engine: what else writes there must not find it full. */
const reserveBytes = 64 * 1024 * 1024
/** Without any line for this long a pull hangs: the engine tells of each layer some ten times a second. */
const stallMs = 60_000
/** Between two news of the progress. */
const progressEveryMs = 500

type PullStep = Extract<EngineStep, { kind: 'pull' }>

export interface PullMeans {
  /** Where HOME and DOCKER_CONFIG are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly tell: (progress: PullProgress) => void
  /** Shorter in tests. */
  readonly stallMs?: number
}

/** The engine keeps each layer that is complete, so that a pull that was broken off goes on from there. */
export async function pullImage(context: StepContext, step: PullStep, means: PullMeans): Promise<StepOutcome> {
  const { image } = step
  const { memory } = context
  memory.references.add(image)
  await checkRoom(context, step)
  const { registry, repository, tag, digest } = partsOf(image)
  const auth = await registryAuth(registry, means.environment)
  try {
    const name = registry === null ? repository : `${registry}/${repository}`
    await follow(context, { name, tag: digest ?? tag ?? 'latest', platform: step.platform, auth }, means)
  } catch (error) {
    throw told(image, engineError(error))
  }
  const outcome = await lookedAt(context, async () => ({
    images: [{ reference: image, image: await lookAtImage(context, image) }],
  }))
  if (outcome.news.images?.[0]?.image) return outcome
  const message = `the engine says that it has pulled ${image}, and does not have it afterwards`
  return { ...outcome, failure: { code: 'NOT_FOUND', message, retry: true } }
}

function partsOf(image: string): ReturnType<typeof parseReference> {
  try {
    const parts = parseReference(image)
    if (parts.repository !== '') return parts
  } catch (error) {
    throw new EngineError({ code: 'BAD_REQUEST', message: (error as Error).message, retry: false }, { cause: error })
  }
  const message = `${image} is the id of an image, and no registry is asked by id: name it, or load it into the engine`
  throw new EngineError({ code: 'BAD_REQUEST', message, retry: false })
}

async function follow(
  { client, signal, nowBootMs }: StepContext,
  asked: {
    readonly name: string
    readonly tag: string
    readonly platform: string | null
    readonly auth: string | null
  },
  means: PullMeans,
): Promise<void> {
  const { auth, ...query } = asked
  const patienceMs = means.stallMs ?? stallMs
  const options = { signal, registryAuth: auth, timeoutMs: patienceMs, idleMs: patienceMs }
  const { values } = await client.images.pull(query, options)
  const count = createPullCount()
  let toldBootMs = Number.NEGATIVE_INFINITY
  for await (const line of values) {
    const trouble = troubleIn(line)
    if (trouble !== null) throw refusalInStream(trouble)
    if (!count.take(line) || nowBootMs() - toldBootMs < progressEveryMs) continue
    toldBootMs = nowBootMs()
    means.tell(count.progress())
  }
}

/** A failure after the first line comes as a line. */
function troubleIn(line: unknown): string | null {
  return textOf(line, 'error')
}

function told(image: string, error: EngineError): EngineError {
  const { code, status, retry } = error
  const next = retry ? '; what is complete is kept, and the next try goes on from there' : ''
  const message = `${image} could not be pulled: ${error.message}${next}`
  return new EngineError({ code, ...(status === null ? {} : { status }), message, retry }, { cause: error })
}

async function checkRoom({ client, signal }: StepContext, { image, bytesExpected }: PullStep): Promise<void> {
  const { rootDirectory } = await client.info({ signal })
  const freeBytes = await freeBytesOf(rootDirectory)
  const neededBytes = bytesExpected + reserveBytes
  if (freeBytes === null || freeBytes >= neededBytes) return
  const size = bytesExpected > 0 ? `about ${byteText(bytesExpected)} and ` : ''
  const message =
    `${image} is not pulled: it needs ${size}${byteText(reserveBytes)} that are kept free, and ${rootDirectory} has ` +
    `${byteText(freeBytes)} left; make room there (\`docker system df\` tells what takes it)`
  throw new EngineError({ code: 'ENOSPC', message, retry: true })
}

/** null: the engine's files are somewhere where we do not see them. */
async function freeBytesOf(directory: string): Promise<number | null> {
  if (directory === '') return null
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return null
  }
}
