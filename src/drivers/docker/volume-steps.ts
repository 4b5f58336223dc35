import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineStep } from '../../core/containers/model.ts'
import { volumeCreateBody } from '../../formats/container/volume.ts'
import { engineError } from './engine-error.ts'
import { newsOfVolume } from './look.ts'
import { doneWith, failedWith, lookedAt, type StepContext, type StepOutcome } from './step-context.ts'

type Step<Kind extends EngineStep['kind']> = Extract<EngineStep, { kind: Kind }>

/** One of that name and driver that is there already is left as it is: the news tell whose it is. */
export async function createVolume(context: StepContext, step: Step<'create-volume'>): Promise<StepOutcome> {
  const { client, homeId, signal } = context
  const look = () => newsOfVolume(context, step.spec.engineName)
  try {
    await client.volumes.create(volumeCreateBody(step.spec, { [homeLabel]: homeId }), { signal })
  } catch (error) {
    return await failedWith(context, engineError(error), look)
  }
  return await lookedAt(context, look)
}

/** With all that is in it: the core asks for that only where somebody said so. */
export async function removeVolume(context: StepContext, step: Step<'remove-volume'>): Promise<StepOutcome> {
  const { client, signal } = context
  try {
    await client.volumes.remove(step.name, { signal })
  } catch (error) {
    const failure = engineError(error)
    if (failure.code !== 'NOT_FOUND') return await failedWith(context, failure, () => newsOfVolume(context, step.name))
  }
  return doneWith(context, { volumesGone: [step.name] })
}
