import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from '../../../formats/yaml.ts'
import { extraHostText, splitPair } from '../pairs.ts'
import { uniqueItems } from './unique.ts'

/** What merging may still make, so that chains of files cannot fill the memory. Below zero: it was too much. */
export interface Budget {
  nodes: number
}

/**
 * A value of a file with what another one says in its place, as Compose merges them: keys of maps one by one, lists one behind
 * the other, everything else replaced; with Compose's exceptions by place. `place` are the keys that lead to it.
 */
export function mergeNodes(base: YamlNode, over: YamlNode, place: readonly string[], budget: Budget): YamlNode {
  if (over.tag === 'override' || over.tag === 'reset') return over
  if (isNothing(over)) return base
  if (isNothing(base)) return over
  switch (ruleOf(place)) {
    case 'replaced':
      return over
    case 'pairs':
      return mergePairs(mapOfPairs(base), mapOfPairs(over), budget)
    case 'names':
      return mergeMaps(mapOfNames(base), mapOfNames(over), place, budget)
    case 'dependencies':
      return mergeMaps(mapOfNames(base, plainDependency), mapOfNames(over, plainDependency), place, budget)
    case 'texts':
      return joinLists(listOf(base), listOf(over), place, budget)
    case 'hosts':
      return joinLists(listOfHosts(base), listOfHosts(over), place, budget)
    case 'logging':
      return isSameDriver(base, over) ? mergeMaps(base, over, place, budget) : over
    case 'usual':
      if (base.kind === 'list' && over.kind === 'list') return joinLists(base, over, place, budget)
      return mergeMaps(base, over, place, budget)
  }
}

/** Without what only said that something is to be forgotten. */
export function withoutReset(map: YamlMap): YamlMap {
  const entries = new Map<string, YamlEntry>()
  for (const [key, entry] of map.entries)
    if (entry.value.tag !== 'reset') entries.set(key, { ...entry, value: withoutResetBelow(entry.value) })
  return { ...map, entries }
}

function withoutResetBelow(node: YamlNode): YamlNode {
  if (node.kind === 'map') return withoutReset(node)
  if (node.kind === 'scalar') return node
  return { ...node, items: node.items.filter(({ tag }) => tag !== 'reset').map(withoutResetBelow) }
}

type Rule = 'usual' | 'replaced' | 'pairs' | 'names' | 'dependencies' | 'texts' | 'hosts' | 'logging'

/** By the keys below a service; `*` stands for any. */
const serviceRules: Readonly<Record<string, Rule>> = {
  command: 'replaced',
  entrypoint: 'replaced',
  'healthcheck.test': 'replaced',
  'ulimits.*': 'replaced',
  'x-holdfast.*': 'replaced',
  environment: 'pairs',
  labels: 'pairs',
  annotations: 'pairs',
  sysctls: 'pairs',
  'build.args': 'pairs',
  'build.labels': 'pairs',
  'deploy.labels': 'pairs',
  depends_on: 'dependencies',
  networks: 'names',
  dns: 'texts',
  dns_search: 'texts',
  env_file: 'texts',
  label_file: 'texts',
  tmpfs: 'texts',
  extra_hosts: 'hosts',
  logging: 'logging',
}

function ruleOf([top, , ...keys]: readonly string[]): Rule {
  if (top === 'networks' || top === 'volumes') return keys.length === 1 && keys[0] === 'labels' ? 'pairs' : 'usual'
  if (top !== 'services' || keys.length === 0 || keys.length > 2) return 'usual'
  const [key, below] = keys
  return serviceRules[below === undefined ? key! : `${key}.${below}`] ?? anyRule(key!, below)
}

function anyRule(key: string, below: string | undefined): Rule {
  return below === undefined ? 'usual' : (serviceRules[`${key}.*`] ?? 'usual')
}

function mergeMaps(base: YamlNode, over: YamlNode, place: readonly string[], budget: Budget): YamlNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over
  budget.nodes -= base.entries.size + over.entries.size
  if (budget.nodes < 0) return base
  const entries = new Map<string, YamlEntry>(base.entries)
  for (const [key, entry] of over.entries) {
    const first = entries.get(key)
    // What is for other programs is not looked into.
    const isOthers = key.startsWith('x-') && key !== 'x-holdfast'
    if (first === undefined || isOthers) entries.set(key, entry)
    else entries.set(key, { ...entry, value: mergeNodes(first.value, entry.value, [...place, key], budget) })
  }
  return { ...over, entries }
}

/** A name without a value says something as well: it takes that of the environment. */
function mergePairs(base: YamlNode, over: YamlNode, budget: Budget): YamlNode {
  if (base.kind !== 'map' || over.kind !== 'map') return over
  budget.nodes -= base.entries.size + over.entries.size
  return budget.nodes < 0 ? base : { ...over, entries: new Map([...base.entries, ...over.entries]) }
}

function joinLists(base: YamlNode, over: YamlNode, place: readonly string[], budget: Budget): YamlNode {
  if (base.kind !== 'list' || over.kind !== 'list') return over
  budget.nodes -= base.items.length + over.items.length
  if (budget.nodes < 0) return base
  const list: YamlList = { ...over, items: [...base.items, ...over.items] }
  return place[0] === 'services' ? uniqueItems(list, place.slice(2)) : list
}

function isSameDriver(base: YamlNode, over: YamlNode): boolean {
  const [one, other] = [driverOf(base), driverOf(over)]
  return one === null || other === null || one === other
}

function driverOf(node: YamlNode): unknown {
  const driver = node.kind === 'map' ? node.entries.get('driver')?.value : undefined
  return driver?.kind === 'scalar' ? driver.value : null
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

// ---- the same in one form --------------------------------------------------------------------------------------

/** A list of NAME=value as a map; a name alone has no value. */
function mapOfPairs(node: YamlNode): YamlNode {
  if (node.kind !== 'list') return node
  const entries = new Map<string, YamlEntry>()
  for (const item of node.items) {
    if (item.kind !== 'scalar') return node
    const [name, value] = splitPair(textOf(item))
    const source = splitPair(item.source)[1]
    const { tag: _, ...at } = item
    entries.set(name, { ...positionOf(item), key: name, value: { ...at, value, source: source ?? '' } })
  }
  return { ...node, kind: 'map', entries }
}

/** A list of names as a map: `partOf` says of what. */
function mapOfNames(node: YamlNode, partOf: (item: YamlScalar) => YamlNode = nothingAt): YamlNode {
  if (node.kind !== 'list') return node
  const entries = new Map<string, YamlEntry>()
  for (const item of node.items) {
    if (item.kind !== 'scalar') return node
    const key = textOf(item)
    entries.set(key, { ...positionOf(item), key, value: partOf(item) })
  }
  return { ...node, kind: 'map', entries }
}

function nothingAt(item: YamlScalar): YamlNode {
  return { ...positionOf(item), kind: 'scalar', value: null, source: '' }
}

function plainDependency(item: YamlScalar): YamlNode {
  const at = positionOf(item)
  const started = 'service_started'
  const value: YamlNode = { ...at, kind: 'scalar', value: started, source: started }
  return { ...at, kind: 'map', entries: new Map([['condition', { ...at, key: 'condition', value }]]) }
}

function listOf(node: YamlNode): YamlNode {
  return node.kind === 'scalar' ? { ...positionOf(node), kind: 'list', items: [node] } : node
}

function listOfHosts(node: YamlNode): YamlNode {
  if (node.kind !== 'map') return node
  const items = [...node.entries.values()].flatMap(({ key, value }) =>
    (value.kind === 'list' ? value.items : [value]).map(
      (one): YamlNode =>
        one.kind === 'scalar'
          ? { ...one, value: extraHostText(key, textOf(one)), source: `${key}=${one.source}` }
          : one,
    ),
  )
  return { ...positionOf(node), kind: 'list', items }
}

function textOf({ value, source }: YamlScalar): string {
  return typeof value === 'string' ? value : source
}

function positionOf({ file, line, column }: YamlNode): Pick<YamlMap, 'file' | 'line' | 'column'> {
  return { file, line, column }
}
