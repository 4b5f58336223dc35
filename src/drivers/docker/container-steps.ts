import { AssertionFailure } from '../../base/assert.ts'
import { homeLabel, specLabel, unitLabel } from '../../core/containers/marks.ts'
import type { EngineStep } from '../../core/containers/model.ts'
import { containerCreateBody } from '../../formats/container/create-body.ts'
import { containerUpdateBody } from '../../formats/container/update-body.ts'
import { EngineError, engineError } from './engine-error.ts'
import { nameInEngine, newsOfContainer, shortId } from './look.ts'
import { explainPort } from './port-holder.ts'
import { numberOf, objectOf, textOf } from './shape.ts'
import {
  doneWith,
  failedWith,
  hasLabels,
  ifThere,
  isMarked,
  labelsOf,
  lookedAt,
  type StepContext,
  type StepOutcome,
} from './step-context.ts'

type Step<Kind extends EngineStep['kind']> = Extract<EngineStep, { kind: Kind }>
type Connect = ReturnType<typeof containerCreateBody>['connects'][number]

export async function createContainer(context: StepContext, step: Step<'create-container'>): Promise<StepOutcome> {
  const { client, homeId, signal, memory } = context
  const { spec, imageId, containers } = step
  const { apiVersion } = await client.about({ signal })
  const marks = { [homeLabel]: homeId, [unitLabel]: step.unit, [specLabel]: step.specHash }
  const { connects, ...made } = written(spec, { imageId, marks, containers, apiVersion })
  // By its name, which people look for in `docker ps`; should it mean another image by now, the comparison by id tells.
  const body = { ...made.body, Image: await nameInEngine(context, spec.image) }
  const name = spec.containerName
  let id: string
  let joined: ReadonlySet<string> = new Set()
  try {
    const answer = await client.containers.create({ name, platform: spec.platform, body }, { signal })
    id = answer.id
    for (const warning of answer.warnings)
      context.warn(`the container ${name} was made with a warning of the engine: ${warning}`)
  } catch (error) {
    const failure = engineError(error)
    if (!isNameTaken(failure)) throw failure
    const holder = await ifThere(client.containers.inspect(name, { signal }))
    if (holder === null) throw failure
    if (!isLeftOver(holder, marks)) throw nameTaken(name, holder)
    id = textOf(holder, 'Id') ?? name
    joined = new Set(Object.keys(objectOf(objectOf(holder, 'NetworkSettings'), 'Networks')))
  }
  memory.containers.add(id)
  const failure = await connectAll(context, { id, connects, joined })
  if (failure !== null) return await failedWith(context, failure, () => newsOfContainer(context, id))
  return await lookedAt(context, () => newsOfContainer(context, id))
}

/** What this engine cannot be asked for is a failure of this step. */
function written(...asked: Parameters<typeof containerCreateBody>): ReturnType<typeof containerCreateBody> {
  try {
    return containerCreateBody(...asked)
  } catch (error) {
    if (error instanceof AssertionFailure) throw error
    throw new EngineError({ code: 'BAD_REQUEST', message: (error as Error).message, retry: false }, { cause: error })
  }
}

/** Started already is as good as started. Whatever happens, one look tells what the container is like afterwards. */
export async function startContainer(context: StepContext, step: Step<'start-container'>): Promise<StepOutcome> {
  const { client, signal } = context
  const look = () => newsOfContainer(context, step.id)
  try {
    await client.containers.start(step.id, { signal })
  } catch (error) {
    return await failedWith(context, await explainPort(context, engineError(error)), look)
  }
  return await lookedAt(context, look)
}

/** By its own signal and patience, as a person would have it stopped. Not running is as good as stopped. */
export async function stopContainer(context: StepContext, step: Step<'stop-container'>): Promise<StepOutcome> {
  const { client, signal } = context
  const look = () => newsOfContainer(context, step.id)
  try {
    const described = await ifThere(client.containers.inspect(step.id, { signal }))
    const graceSeconds = numberOf(objectOf(described, 'Config'), 'StopTimeout') ?? engineGraceSeconds
    if (described !== null) await client.containers.stop(step.id, { graceSeconds }, { signal })
  } catch (error) {
    const failure = engineError(error)
    if (failure.code !== 'NOT_FOUND') return await failedWith(context, failure, look)
  }
  return await lookedAt(context, look)
}

/** The engine's own default. */
const engineGraceSeconds = 10

export async function renameContainer(context: StepContext, step: Step<'rename-container'>): Promise<StepOutcome> {
  const { client, signal } = context
  const look = () => newsOfContainer(context, step.id)
  try {
    await client.containers.rename(step.id, step.name, { signal })
  } catch (error) {
    const holder = await ifThere(client.containers.inspect(step.name, { signal }))
    const failure = engineError(error)
    if (holder === null) return await failedWith(context, failure, look)
    const isDone = textOf(holder, 'Id') === step.id
    if (!isDone) return await failedWith(context, nameTaken(step.name, holder), look)
  }
  return await lookedAt(context, look)
}

export async function updateContainer(context: StepContext, step: Step<'update-container'>): Promise<StepOutcome> {
  const { client, signal } = context
  const look = () => newsOfContainer(context, step.id)
  try {
    const warnings = await client.containers.update(step.id, containerUpdateBody(step.settings), { signal })
    for (const warning of warnings)
      context.warn(`the container ${shortId(step.id)} was changed with a warning of the engine: ${warning}`)
  } catch (error) {
    return await failedWith(context, engineError(error), look)
  }
  return await lookedAt(context, look)
}

export async function removeContainer(context: StepContext, step: Step<'remove-container'>): Promise<StepOutcome> {
  const { client, signal, memory } = context
  const { id, isForced } = step
  const described = await ifThere(client.containers.inspect(id, { signal }))
  if (described !== null) {
    if (!mayRemove(context, id, described)) throw foreign(id, described)
    try {
      await client.containers.remove(id, { isForced, withAnonymousVolumes: true }, { signal })
    } catch (error) {
      const failure = engineError(error)
      const isUnderWay = failure.code === 'CONFLICT' && /already in progress/i.test(failure.message)
      if (isUnderWay) await untilRemoved(context, id)
      const left =
        isUnderWay || failure.code === 'NOT_FOUND'
          ? await ifThere(client.containers.inspect(id, { signal }))
          : described
      if (left !== null) return await failedWith(context, failure, () => newsOfContainer(context, id))
    }
  }
  memory.containers.delete(id)
  memory.adopted.delete(id)
  return doneWith(context, { containersGone: [id] })
}

const removalMs = 60_000

/** Somebody else removes it. What goes wrong here, the look that follows tells. */
async function untilRemoved({ client, signal }: StepContext, id: string): Promise<void> {
  const timeout = AbortSignal.timeout(removalMs)
  await client.containers.wait(id, 'removed', { signal: AbortSignal.any([signal, timeout]) }).catch(engineError)
}

/** Podman answers the same with another status. */
function isNameTaken(error: EngineError): boolean {
  return error.status !== null && (error.code === 'CONFLICT' || /name .*already in use/i.test(error.message))
}

/** Made by this very step, whose answer was lost: nobody else makes containers with these marks. */
function isLeftOver(described: unknown, marks: Readonly<Record<string, string>>): boolean {
  const isNew = textOf(objectOf(described, 'State'), 'Status') === 'created'
  return isNew && hasLabels(labelsOf(objectOf(described, 'Config')), marks)
}

function mayRemove({ memory, homeId }: StepContext, id: string, described: unknown): boolean {
  const labels = labelsOf(objectOf(described, 'Config'))
  if (labels[homeLabel] !== undefined) return isMarked(labels, homeId)
  return memory.adopted.has(id) || labels['io.balena.supervised'] !== undefined
}

/** All but the first network: before API 1.44 a container is made with one. null: done; else it is gone again, if it can be. */
async function connectAll(
  { client, signal }: StepContext,
  made: { readonly id: string; readonly connects: readonly Connect[]; readonly joined: ReadonlySet<string> },
): Promise<EngineError | null> {
  const { id, connects, joined } = made
  try {
    for (const { network, endpoint } of connects) {
      if (joined.has(network)) continue
      await client.networks.connect(network, { Container: id, EndpointConfig: endpoint }, { signal })
    }
    return null
  } catch (error) {
    const failure = engineError(error)
    await client.containers.remove(id, { isForced: false, withAnonymousVolumes: true }, { signal }).catch(engineError)
    return failure
  }
}

function nameTaken(name: string, holder: unknown): EngineError {
  const id = shortId(textOf(holder, 'Id') ?? '')
  const message = `the name ${name} is taken by the container ${id}${ownerText(labelsOf(objectOf(holder, 'Config')))}; remove or rename that one`
  return new EngineError({ code: 'CONFLICT', status: 409, message, retry: true })
}

function foreign(id: string, described: unknown): EngineError {
  const message = `the container ${shortId(id)} is not ours to remove${ownerText(labelsOf(objectOf(described, 'Config')))}`
  return new EngineError({ code: 'CONFLICT', message, retry: false })
}

/** Whose it is, as its labels tell. */
function ownerText(labels: Readonly<Record<string, string>>): string {
  const unit = labels[unitLabel]
  if (labels[homeLabel] !== undefined)
    return ` of a Holdfast home (${labels[homeLabel]}${unit ? `, unit ${unit}` : ''})`
  const project = labels['com.docker.compose.project']
  if (project !== undefined)
    return ` of the Compose project ${project} (service ${labels['com.docker.compose.service'] ?? '?'})`
  const supervised = labels['io.balena.service-name']
  if (supervised !== undefined) return ` of another supervisor (service ${supervised})`
  return ', which somebody else made'
}
