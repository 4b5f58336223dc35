import { hashData } from '../../base/hash.ts'
import type { App, ProcessSpec, Service, Target, UnitId, UnitSpec } from '../model.ts'
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
    const shared = unitSpec(app, service, service.process)
    for (const { n, process, processName = null } of service.instances) {
      const spec = process === undefined ? shared : unitSpec(app, service, { ...service.process, ...process })
      specs.set(unitId(app.name, service.name, n), processName === null ? spec : { ...spec, processName })
    }
  }
}

/** See UnitSpec.runHash. */
export function runHashOf(process: ProcessSpec): string {
  return hashData(beyondPlain(process, plainProcess))
}

function unitSpec(app: App, service: Service, process: ProcessSpec): UnitSpec {
  return {
    process,
    runHash: runHashOf(process),
    autostart: service.autostart,
    restart: service.restart,
    stop: service.stop,
    dependsOn: service.dependsOn,
    appPriority: app.priority,
    priority: service.priority,
    processName: null,
    manualStop: service.manualStop,
    checks: service.checks,
    hooks: service.hooks,
    schedule: service.schedule,
    once: service.once,
    labels: service.labels,
  }
}
