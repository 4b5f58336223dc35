import { hashData } from '../../base/hash.ts'
import type { App, ProcessSpec, Service, Target, UnitId, UnitSpec } from '../model.ts'
import { beyondPlain, plainProcess } from './plain.ts'

/** Every unit that a target declares, in the target's order, with its settings resolved. */
export function unitSpecs(target: Target): ReadonlyMap<UnitId, UnitSpec> {
  return unitSpecsAgain(target, () => undefined)
}

/** The same, where `known` answers what is resolved already: of thousands of services one has changed. */
export function unitSpecsAgain(
  target: Target,
  known: (app: App, service: Service, unit: UnitId) => UnitSpec | undefined,
): ReadonlyMap<UnitId, UnitSpec> {
  const specs = new Map<UnitId, UnitSpec>()
  for (const app of Object.values(target.apps)) {
    for (const service of Object.values(app.services)) addService(specs, { app, service, known })
  }
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

function addService(
  specs: Map<UnitId, UnitSpec>,
  {
    app,
    service,
    known,
  }: {
    readonly app: App
    readonly service: Service
    readonly known: (app: App, service: Service, unit: UnitId) => UnitSpec | undefined
  },
): void {
  let shared: UnitSpec | null = null
  for (const { n, process, processName = null } of service.instances) {
    const unit = unitId(app.name, service.name, n)
    const before = known(app, service, unit)
    if (before !== undefined) {
      specs.set(unit, before)
      continue
    }
    if (process === undefined) shared ??= unitSpec(app, service, service.process)
    const spec =
      process === undefined && shared !== null ? shared : unitSpec(app, service, { ...service.process, ...process })
    specs.set(unit, processName === null ? spec : { ...spec, processName })
  }
}

/** See UnitSpec.runHash. */
export function runHashOf(process: ProcessSpec): string {
  // Who takes its output may change while it runs.
  return hashData(beyondPlain({ ...process, logger: null }, plainProcess))
}

function unitSpec(app: App, service: Service, process: ProcessSpec): UnitSpec {
  return {
    process,
    runHash: runHashOf(process),
    autostart: service.autostart,
    autostartAgain: service.autostartAgain,
    restart: service.restart,
    stop: service.stop,
    retire: service.retire,
    signalScripts: service.signalScripts,
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
