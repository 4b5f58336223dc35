import type { YamlNode } from '../../formats/yaml.ts'
import type { Located, Origin, Place } from '../decoding.ts'
import { pathTo, type Setting } from './reading.ts'
import type { StateApp, StateService } from './state.ts'

/** The apps of a state, by what they are called here. */
export type Places = ReadonlyMap<string, StateApp>

/** Where a fault of the core was written. */
export function locateIn(places: Places, { app, service, setting }: Place, file: string): Located {
  const stateApp = places.get(app ?? '')
  if (stateApp === undefined) return { file, line: 1, column: 1, setting: '' }
  const stateService = stateApp.release?.services.find(({ name }) => name === service)
  if (stateService === undefined) return located(stateApp.setting)
  const dependency = /^dependsOn\.(.*)$/.exec(setting)?.[1]
  if (dependency === undefined) return located(stateService.setting)
  const dependencies = stateService.composition.get('depends_on') ?? stateService.composition.get('network_mode')
  return located(dependencies === null ? stateService.setting : (itemOf(dependencies, dependency) ?? dependencies))
}

function itemOf({ path, node }: Setting, name: string): Setting | null {
  if (node.kind === 'map') {
    const entry = node.entries.get(name)
    return entry === undefined ? null : { path: pathTo(path, name), node: entry.value }
  }
  if (node.kind !== 'list') return null
  const index = node.items.findIndex((item) => item.kind === 'scalar' && item.value === name)
  return index === -1 ? null : { path: `${path}[${index}]`, node: node.items[index]! }
}

function located({ path, node: { file, line, column } }: Setting): Located {
  return { file, line, column, setting: path }
}

/** Where a value was written that is printed at this path of keys of a Compose file; null: nobody wrote it. */
export function originIn(places: Places, app: string, [top, name, ...keys]: readonly string[]): Origin | null {
  const stateApp = places.get(app)
  if (stateApp === undefined) return null
  if (top === 'name') return originOf(childOf(stateApp.setting.node, 'name'))
  if (top === 'services' && name !== undefined) {
    const service = stateApp.release?.services.find((one) => one.name === name)
    return service === undefined ? null : originOf(findIn(service, keys))
  }
  const resources =
    top === 'volumes' ? stateApp.release?.volumes : top === 'networks' ? stateApp.release?.networks : null
  if (resources == null || name === undefined) return null
  return originOf(descend(resources.node.entries.get(name)?.value ?? null, keys))
}

/** The state's own fields count before those of the composition. */
function findIn({ setting, composition }: StateService, keys: readonly string[]): YamlNode | null {
  if (keys.length === 0) return setting.node
  const [key = '', ...rest] = keys
  return descend(childOf(setting.node, key), rest) ?? descend(composition.get(key)?.node ?? null, rest)
}

function descend(node: YamlNode | null, keys: readonly string[]): YamlNode | null {
  return keys.reduce<YamlNode | null>((found, key) => (found === null ? null : childOf(found, key)), node)
}

function childOf(node: YamlNode, key: string): YamlNode | null {
  if (node.kind === 'map') return node.entries.get(key)?.value ?? null
  return node.kind === 'list' ? (node.items[Number(key)] ?? null) : null
}

function originOf(node: YamlNode | null): Origin | null {
  return node === null ? null : { file: node.file, line: node.line, column: node.column, written: null }
}
