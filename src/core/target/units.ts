import { hashData } from '../../base/hash.ts'
import type { ContainerSpec } from '../containers/model.ts'
import type { App, Dependency, ProcessSpec, Service, Target, UnitId, UnitSpec } from '../model.ts'
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

/** `app/service` of what a service of `app` depends on. */
export function neededKey(app: string, { app: other = app, service }: Pick<Dependency, 'app' | 'service'>): string {
  return `${other}/${service}`
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
  for (const { n, process, container, processName = null } of service.instances) {
    const unit = unitId(app.name, service.name, n)
    const before = known(app, service, unit)
    if (before !== undefined) {
      specs.set(unit, before)
      continue
    }
    const isShared = process === undefined && container === undefined
    if (isShared) shared ??= unitSpec(app, service, service)
    const own = isShared && shared !== null ? null : { ...service, ...instanceOf(service, process, container) }
    const spec = own === null ? shared! : unitSpec(app, service, own)
    specs.set(unit, processName === null ? spec : { ...spec, processName })
  }
}

function instanceOf(
  service: Service,
  process: Partial<ProcessSpec> | undefined,
  container: Partial<ContainerSpec> | undefined,
): Workload {
  const { container: shared } = service
  return {
    process: { ...service.process, ...process },
    ...(shared === undefined ? {} : { container: { ...shared, ...container } }),
  }
}

/** What is run. */
type Workload = Pick<UnitSpec, 'process' | 'container'>

/** What the engine changes in place replaces nothing. */
function containerHash({ image, settings }: ContainerSpec): string {
  return hashData({ image, of: { ...settings, restart: null } })
}

/** See UnitSpec.runHash. */
export function runHashOf({ process, container }: Workload): string {
  if (container !== undefined) return containerHash(container)
  // Who takes its output may change while it runs.
  return hashData(beyondPlain({ ...process, logger: null }, plainProcess))
}

function unitSpec(app: App, service: Service, workload: Workload): UnitSpec {
  const { process, container } = workload
  return {
    process,
    ...(container === undefined ? {} : { container }),
    runHash: runHashOf(workload),
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
