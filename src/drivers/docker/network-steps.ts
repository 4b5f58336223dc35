import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineStep } from '../../core/containers/model.ts'
import { networkCreateBody } from '../../formats/container/network.ts'
import { EngineError, engineError } from './engine-error.ts'
import { newsOfNetwork } from './look.ts'
import { objectOf, textOf } from './shape.ts'
import {
  doneWith,
  failedWith,
  ifThere,
  isMarked,
  labelsOf,
  lookedAt,
  type StepContext,
  type StepOutcome,
} from './step-context.ts'

type Step<Kind extends EngineStep['kind']> = Extract<EngineStep, { kind: Kind }>

/** The engine may have several networks of one name, so one that is there is looked for first. */
export async function createNetwork(context: StepContext, step: Step<'create-network'>): Promise<StepOutcome> {
  const { client, homeId, signal } = context
  const name = step.spec.engineName
  const listed = await client.networks.list({ name: [name] }, { signal })
  const present = listed.find((one) => textOf(one, 'Name') === name)
  const look = () => newsOfNetwork(context, name)
  if (present !== undefined && !isMarked(labelsOf(present), homeId)) {
    const message = `the network ${name} is there already, and somebody else made it; declare it \`external\`, or give it another name`
    return await failedWith(context, new EngineError({ code: 'CONFLICT', message, retry: true }), look)
  }
  if (present === undefined)
    await client.networks.create(networkCreateBody(step.spec, { [homeLabel]: homeId }), { signal })
  return await lookedAt(context, look)
}

export async function removeNetwork(context: StepContext, step: Step<'remove-network'>): Promise<StepOutcome> {
  const { client, homeId, signal } = context
  const { id, name } = step
  const described = await ifThere(client.networks.inspect(id, { signal }))
  const look = () => newsOfNetwork(context, name)
  if (described === null) return await lookedAt(context, look)
  if (!isMarked(labelsOf(described), homeId)) {
    const message = `the network ${name} was made by somebody else and stays`
    return await failedWith(context, new EngineError({ code: 'CONFLICT', message, retry: false }), look)
  }
  try {
    await client.networks.remove(id, { signal })
  } catch (error) {
    const failure = engineError(error)
    if (failure.code !== 'NOT_FOUND') return await failedWith(context, inUse(name, failure, described), look)
  }
  return doneWith(context, { networksGone: [name] })
}

/** Docker answers 403 while containers are joined to it. */
function inUse(name: string, error: EngineError, described: unknown): EngineError {
  if (!/active endpoints|in use|associated containers/i.test(error.message)) return error
  const containers = objectOf(described, 'Containers')
  const names = Object.values(containers).flatMap((one) => textOf(one, 'Name') ?? [])
  const who = names.length === 0 ? '' : ` by ${names.join(', ')}`
  return new EngineError(
    { code: 'CONFLICT', message: `the network ${name} is in use${who}`, retry: true },
    { cause: error },
  )
}
