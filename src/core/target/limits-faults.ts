import type { Abilities } from '../../base/abilities.ts'
import type { ProcessLimits, Service, Target } from '../model.ts'
import { type Lack, lacksOf } from './limits-lacks.ts'
import type { Fault } from './validate.ts'

/**
 * What a host with these abilities cannot enforce of what is required, and values that no host could. Where enforcement
 * is best-effort, the former is told with the unit instead, when it runs.
 */
export function limitFaults(target: Target, abilities: Abilities): readonly Fault[] {
  return Object.values(target.apps).flatMap((app) =>
    Object.values(app.services).flatMap((service) => serviceFaults(app.name, service, abilities)),
  )
}

function serviceFaults(app: string, service: Service, abilities: Abilities): readonly Fault[] {
  const faults = new Map<string, Fault>()
  for (const limits of allLimits(service)) {
    for (const lack of lacksOf(limits, abilities)) {
      if (limits.enforcement === 'best-effort' && !lack.isImpossible) continue
      const fault = { app, service: service.name, setting: `limits.${lack.setting}`, ...textOf(lack) }
      faults.set(`${fault.setting} ${fault.message}`, fault)
    }
  }
  return [...faults.values()]
}

function textOf({ message, hint, isImpossible }: Lack): Pick<Fault, 'message' | 'hint'> {
  if (isImpossible) return { message, hint }
  return { message, hint: `${hint}; or write \`enforcement: best-effort\` in \`x-holdfast.limits\` to go on without` }
}

/** Of the service and of those instances that have their own. */
function allLimits(service: Service): readonly ProcessLimits[] {
  const all = [service.process.limits, ...service.instances.map((one) => one.process?.limits ?? null)]
  return [...new Set(all)].filter((limits) => limits !== null)
}
