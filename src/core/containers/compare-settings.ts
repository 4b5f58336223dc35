import { type Asked, askedAt } from './compare-asked.ts'
import { asSet, compareRecord, type Finding, isSame } from './compare-difference.ts'
import { isOtherNamespace, namespaceWord } from './compare-networks.ts'
import { capabilityWord, deviceWord, hostWord, portWord, restartWord, securityWords } from './compare-words.ts'
import type { ContainerSettings } from './model.ts'

export interface SettingsScene {
  readonly declared: ContainerSettings
  readonly told: ContainerSettings
  readonly asked: Asked
  /** The present container of each service that a namespace is shared with, by service. */
  readonly containers: Readonly<Record<string, string>>
}

/** What neither the image nor networks and mounts have a part in, except for limits that can be changed in place. */
export function compareSettings(scene: SettingsScene): readonly Finding[] {
  return [
    ...comparePlain(scene),
    ...compareFilled(scene),
    ...compareNamespaces(scene),
    ...compareRecords(scene),
    ...compareLogging(scene),
  ]
}

// ---- one word for each setting -----------------------------------------------------------------------------------

type Words = { readonly [Field in keyof ContainerSettings]?: (value: ContainerSettings[Field]) => unknown }

const asItIs = (value: unknown) => value
const asUnordered = (values: readonly unknown[]) => asSet(values)
const numberWord = (value: number | null) => value || null

/** What the engine tells as it was given; what is not declared is not told either. */
const plain: Words = {
  domainname: asItIs,
  isTty: asItIs,
  isStdinOpen: asItIs,
  ports: (ports) => asSet(ports.map(portWord)),
  dns: asItIs,
  dnsOptions: asUnordered,
  dnsSearch: asItIs,
  extraHosts: (hosts) => asSet(hosts.map(hostWord)),
  capAdd: (words) => asSet(words.map(capabilityWord)),
  capDrop: (words) => asSet(words.map(capabilityWord)),
  devices: (devices) => asSet(devices.map(deviceWord)),
  deviceCgroupRules: asUnordered,
  deviceRequests: asUnordered,
  groupAdd: asUnordered,
  securityOptions: (options) => asSet(securityWords(options)),
  isPrivileged: asItIs,
  isReadOnly: asItIs,
  init: (isInit) => isInit ?? false,
  uts: asItIs,
  usernsMode: asItIs,
  memorySwappiness: asItIs,
  isOomKillDisabled: asItIs,
  oomScoreAdj: numberWord,
  cpuRealtimePeriodUs: numberWord,
  cpuRealtimeRuntimeUs: numberWord,
  blkioWeightDevices: asUnordered,
  blkioDeviceReadBps: asUnordered,
  blkioDeviceWriteBps: asUnordered,
  blkioDeviceReadIops: asUnordered,
  blkioDeviceWriteIops: asUnordered,
}

export function wordOf(settings: ContainerSettings, field: keyof ContainerSettings, words: Words): unknown {
  return (words[field] as (value: unknown) => unknown)(settings[field])
}

function comparePlain({ declared, told }: SettingsScene): readonly Finding[] {
  return (Object.keys(plain) as (keyof ContainerSettings)[]).flatMap((field) => {
    const [is, shouldBe] = [wordOf(told, field, plain), wordOf(declared, field, plain)]
    return isSame(is, shouldBe) ? [] : [{ field, is: told[field], shouldBe: declared[field] }]
  })
}

export function compareRestart({ declared, told }: SettingsScene): readonly Finding[] {
  const [is, shouldBe] = [restartWord(told.restart), restartWord(declared.restart)]
  return isSame(is, shouldBe) ? [] : [{ field: 'restart', is, shouldBe, how: 'update' }]
}

// ---- what the engine fills in --------------------------------------------------------------------------------------

const filled = ['cgroupNamespace', 'cgroupParent', 'runtime', 'shmBytes'] as const

/** Nothing declared, whatever the engine put there is right, unless the container was once asked for something else. */
function compareFilled({ declared, told, asked }: SettingsScene): readonly Finding[] {
  return filled.flatMap((field) => {
    const isRight = declared[field] === null ? askedAt(asked, field) === undefined : declared[field] === told[field]
    return isRight ? [] : [{ field, is: told[field], shouldBe: declared[field] }]
  })
}

/** By itself the engine makes a space for messages of its own, which others may join or not. */
const ownIpc: readonly (string | null)[] = [null, 'private', 'shareable']

function compareNamespaces({ declared, told, asked, containers }: SettingsScene): readonly Finding[] {
  return (['ipc', 'pid'] as const).flatMap((field) => {
    const [is, wish, before] = [told[field], declared[field], askedAt(asked, field)]
    const shouldBe = wish === null ? null : namespaceWord(wish, containers)
    const isElse = before !== undefined && before !== wish
    const isOwn = is === null || (field === 'ipc' && ownIpc.includes(is))
    const isRight = shouldBe === null || is === null ? isOwn && shouldBe === null : !isOtherNamespace(shouldBe, is)
    return is === shouldBe || (isRight && !isElse) ? [] : [{ field, is, shouldBe }]
  })
}

function compareLogging({ declared, told, asked }: SettingsScene): readonly Finding[] {
  const finding = { field: 'logging', is: told.logging, shouldBe: declared.logging }
  const before = askedAt(asked, 'logging')
  if (before !== undefined && !isSame(before, declared.logging)) return [finding]
  if (declared.logging === null) return []
  const options = told.logging?.options ?? {}
  // The engine may have defaults for options too.
  const isThere = Object.entries(declared.logging.options).every(([name, value]) => options[name] === value)
  return told.logging?.driver === declared.logging.driver && isThere ? [] : [finding]
}

// ---- by name -----------------------------------------------------------------------------------------------------

/** Of these an engine has defaults of its own. */
const filledRecords = ['annotations', 'ulimits', 'storageOptions'] as const

function compareRecords({ declared, told, asked }: SettingsScene): readonly Finding[] {
  const findings = [...compareRecord('sysctls', { is: told.sysctls, shouldBe: declared.sysctls })]
  for (const field of filledRecords) {
    const differences = compareRecord(field, { is: told[field], shouldBe: declared[field] })
    const isOurs = (finding: Finding) => finding.shouldBe !== null || askedAt(asked, finding.field) !== undefined
    findings.push(...differences.filter(isOurs))
  }
  return findings
}
