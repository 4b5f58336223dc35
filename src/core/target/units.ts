import { hashData } from '../../base/hash.ts'
import type { App, Instance, ProcessSpec, Service, Target, UnitId, UnitSpec } from '../model.ts'
import { beyondPlain, plainProcess } from './plain.ts'

/** Every unit that a target declares, in the target's order, with its settings resolved. */
export function unitSpecs(target: Target): ReadonlyMap<UnitId, UnitSpec> {
  const specs = new Map<UnitId, UnitSpec>()
  for (const app of Object.values(target.apps)) addApp(specs, app)
  return specs
}

export function unitId(app: string, service: string, n: number): UnitId {
  return `${app}/${service}/${n}`
}

/** The parts of a unit id. App and service names hold no slash; the decoders see to it. */
export function unitParts(id: UnitId): { readonly app: string; readonly service: string; readonly n: number } {
  const [app = '', service = '', n = ''] = id.split('/')
  return { app, service, n: Number(n) }
}

function addApp(specs: Map<UnitId, UnitSpec>, app: App): void {
  for (const service of Object.values(app.services)) {
    const shared = unitSpec(service, service.process)
    for (const instance of service.instances) {
      const spec = instance.process === undefined ? shared : unitSpec(service, processOf(service, instance))
      specs.set(unitId(app.name, service.name, instance.n), spec)
    }
  }
}

function processOf(service: Service, instance: Instance): ProcessSpec {
  return { ...service.process, ...instance.process }
}

/** See UnitSpec.runHash. */
export function runHashOf(process: ProcessSpec): string {
  return hashData(beyondPlain(process, plainProcess))
}

function unitSpec(service: Service, process: ProcessSpec): UnitSpec {
  return {
    process,
    runHash: runHashOf(process),
    autostart: service.autostart,
    restart: service.restart,
    stop: service.stop,
    dependsOn: service.dependsOn,
    priority: service.priority,
    manualStop: service.manualStop,
    checks: service.checks,
    hooks: service.hooks,
    schedule: service.schedule,
    once: service.once,
  }
}
