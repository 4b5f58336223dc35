import type { ContainerSpec } from '../../../core/containers/model.ts'
import { processBytesMax } from '../../../core/limits.ts'
import type { Instance, Service } from '../../../core/model.ts'
import { type Context, error, type Setting } from '../values.ts'
import { instanceLabels } from './container.ts'
import type { Link, Scene } from './scene.ts'

/** The services of an app with what only all of them together tell: aliases that others have for them, and their instances. */
export function finishServices(
  context: Context,
  services: readonly Service[],
  { scene, at }: { readonly scene: Scene; readonly at: Setting },
): readonly Service[] {
  const byName = new Map(services.map((service) => [service.name, service]))
  for (const link of scene.links) addLink(context, byName, link)
  let bytesLeft = processBytesMax
  return [...byName.values()].map((service) => {
    const { container } = service
    if (container === undefined) return service
    // Each of several has settings of its own.
    if (service.instances.length > 1) bytesLeft -= JSON.stringify(container).length * service.instances.length
    if (bytesLeft < 0) {
      const message = `the settings of all containers come to more than ${processBytesMax} bytes with those of ${service.name}`
      error(context, at, message, 'write a smaller scale')
      return { ...service, instances: [] }
    }
    return { ...service, instances: service.instances.map(({ n }) => instanceOf(scene.app, service, container, n)) }
  })
}

/** The alias is a name of the other service on the networks that both have. */
function addLink(context: Context, services: Map<string, Service>, { from, to, alias, at }: Link): void {
  const [one, other] = [services.get(from), services.get(to)]
  if (one?.container === undefined || other === undefined) return
  if (other.container === undefined) {
    error(context, at, `'${to}' is a process of this host, and links lead to containers`, 'write it below depends_on')
    return
  }
  if (alias === null) return
  const shared = new Set(one.container.settings.networks.map(({ network }) => network))
  const { container } = other
  const networks = container.settings.networks.map((join) =>
    shared.has(join.network) && !join.aliases.includes(alias) ? { ...join, aliases: [...join.aliases, alias] } : join,
  )
  services.set(to, { ...other, container: { ...container, settings: { ...container.settings, networks } } })
}

/** All but the first have names and labels of their own. */
function instanceOf(app: string, { name }: Service, { settings }: ContainerSpec, n: number): Instance {
  if (n === 1) return { n }
  const labels = { ...settings.labels, ...instanceLabels(app, name, n) }
  return { n, container: { containerName: `${app}-${name}-${n}`, settings: { ...settings, labels } } }
}
