import { isInRange, parseVersion } from '../../formats/semver-range.ts'
import type { DeviceFacts } from './device-facts.ts'
import { fail, optional, type Reading, readFields, readText, type Setting, warn } from './reading.ts'

/** What a service needs of its device: every one of these, each of them one of several. */
export type Contract = readonly (readonly Requirement[])[]

interface Requirement {
  readonly type: RequirementType
  readonly slug: string | null
  readonly version: string | null
}

type RequirementType = (typeof requirementTypes)[number]

const requirementTypes = ['sw.supervisor', 'sw.l4t', 'sw.os', 'sw.kernel', 'hw.device-type', 'arch.sw'] as const

/** Reads a contract. What is wrong with it is told, and counts for nothing. */
export function readContract(reading: Reading, setting: Setting): Contract {
  const fields = readFields(reading, setting, '{"requires": [{"type": "sw.supervisor", "version": ">=10"}]}')
  if (fields === null) return []
  const type = optional(fields.get('type'), (one) => readText(reading, one, '"sw.container"'))
  if (type !== null && type !== 'sw.container') {
    fail(reading, fields.get('type')!, `'${type}' is no contract of a container`, 'write "sw.container"')
  }
  optional(fields.get('slug'), (one) => readText(reading, one, 'a text'))
  const requires = fields.get('requires')
  if (requires === null) return []
  const { node } = requires
  if (node.kind !== 'list') {
    fail(
      reading,
      requires,
      'a list of requirements is expected here',
      'write [{"type": "sw.supervisor", "version": ">=10"}]',
    )
    return []
  }
  return node.items.map((item, index) => readAlternatives(reading, { path: `${requires.path}[${index}]`, node: item }))
}

function readAlternatives(reading: Reading, setting: Setting): readonly Requirement[] {
  const fields = readFields(reading, setting, requirementForm)
  const or = fields?.get('or') ?? null
  if (or === null) return fields === null ? [] : (one(readRequirement(reading, setting)) ?? [])
  if (or.node.kind !== 'list' || or.node.items.length === 0) {
    fail(reading, or, 'a list of requirements is expected here', `write [${requirementForm}]`)
    return []
  }
  return or.node.items.flatMap(
    (item, index) => readRequirement(reading, { path: `${or.path}[${index}]`, node: item }) ?? [],
  )
}

const requirementForm = '{"type": "sw.supervisor", "version": ">=10"}'

function one<T>(value: T | null): readonly T[] | null {
  return value === null ? null : [value]
}

function readRequirement(reading: Reading, setting: Setting): Requirement | null {
  const fields = readFields(reading, setting, requirementForm)
  if (fields === null) return null
  const text = (key: string) => optional(fields.get(key), (value) => readText(reading, value, 'a text'))
  const [type, slug, version] = [text('type'), text('slug'), text('version')]
  const known = requirementTypes.find((name) => name === type)
  if (known === undefined) {
    const message = type === null ? 'this requirement has no type' : `'${type}' is no type of requirement`
    return fail(reading, fields.get('type') ?? setting, message, `write one of ${requirementTypes.join(', ')}`)
  }
  if (version !== null && isInRange({ numbers: [0, 0, 0], pre: [] }, version) === null) {
    return fail(
      reading,
      fields.get('version')!,
      `'${version}' is not a range of versions`,
      'write it as ">=1.2.3" or "^1.2"',
    )
  }
  const data = fields.get('data')
  if (data !== null) warn(reading, data, "'data' of a requirement is not compared", 'say it by slug or version')
  return { type: known, slug, version }
}

/** What of a contract this device does not meet, as phrases. */
export function unmetOf(contract: Contract, facts: DeviceFacts): readonly string[] {
  const offers = offersOf(facts)
  return contract
    .filter((alternatives) => alternatives.length > 0)
    .filter((alternatives) => !alternatives.some((requirement) => isMet(requirement, offers[requirement.type])))
    .map((alternatives) =>
      alternatives.map((requirement) => describe(requirement, offers[requirement.type])).join(', or '),
    )
}

interface OnOffer {
  readonly slug: string
  readonly version: string
}

/** null: this device has none of the kind. */
function offersOf(facts: DeviceFacts): Readonly<Record<RequirementType, OnOffer | null>> {
  return {
    'sw.supervisor': { slug: 'balena-supervisor', version: facts.supervisorVersion },
    'sw.l4t': facts.l4tVersion === null ? null : { slug: 'l4t', version: facts.l4tVersion },
    'sw.os': { slug: facts.os.slug, version: facts.os.version },
    'sw.kernel': { slug: 'linux', version: facts.kernelVersion },
    'hw.device-type': { slug: facts.deviceType, version: '' },
    'arch.sw': { slug: facts.arch, version: '' },
  }
}

/** Of what has a single kind its slug says nothing. */
const slugless: ReadonlySet<RequirementType> = new Set(['sw.supervisor', 'sw.l4t', 'sw.kernel'])

function isMet({ type, slug, version }: Requirement, offer: OnOffer | null): boolean {
  if (offer === null) return false
  if (slug !== null && !slugless.has(type) && slug !== offer.slug) return false
  if (version === null) return true
  const own = parseVersion(offer.version)
  return own !== null && isInRange(own, version) === true
}

function describe({ type, slug, version }: Requirement, offer: OnOffer | null): string {
  const wanted = [type, slug, version].filter((part) => part !== null).join(' ')
  if (offer === null) return `it needs ${wanted}, and this device has none`
  const has = [offer.slug, offer.version].filter((part) => part !== '').join(' ')
  return `it needs ${wanted}, and this device has ${has === '' ? 'none' : has}`
}
