import type { YamlNode } from '../../formats/yaml.ts'
import { isLegacyList, readLegacyApps } from './legacy-apps.ts'
import {
  type Fields,
  fail,
  failMissing,
  isTruthy,
  optional,
  optionalFields,
  type Reading,
  readBoolean,
  readFields,
  readInteger,
  readText,
  type Setting,
  settingOf,
  warn,
} from './reading.ts'
import type { DeviceState, StateApp, StateRelease, StateService } from './state.ts'

/**
 * Reads a target state in any of its forms: version 3 (by the uuid of the device), version 2 (`local`), and what preloaded images
 * bring along (`apps`, by uuid or by id; or a list, as long ago). `uuid`: that of this device; null: not known yet; undefined: any.
 * null: nothing of it can be understood.
 */
export function readState(reading: Reading, root: YamlNode, uuid: string | null | undefined): DeviceState | null {
  const setting: Setting = { path: '', node: root }
  if (isLegacyList(root)) return { uuid: null, name: null, config: {}, apps: readLegacyApps(reading, setting) }
  const fields = readFields(reading, setting, 'a target state: {"<uuid of the device>": {"name", "config", "apps"}}')
  if (fields === null) return null
  const local = fields.get('local')
  if (local !== null) return readLocal(reading, fields, local)
  if (fields.get('apps') !== null) return readDevice(reading, fields, null)
  return readByUuid(reading, fields, uuid)
}

function readByUuid(reading: Reading, fields: Fields, uuid: string | null | undefined): DeviceState | null {
  const records = fields.entries.map((entry) => settingOf('', entry))
  const [first] = records
  const top = { path: '', node: fields.node }
  if (first === undefined) {
    return fail(
      reading,
      top,
      'there is no device in this state',
      'write {"<uuid of the device>": {"name", "config", "apps"}}',
    )
  }
  for (const entry of fields.entries) checkName(reading, settingOf('', entry), entry.key, 'the uuid of a device')
  if (uuid === undefined) return records.map((record) => readRecord(reading, record, null))[0] ?? null
  const own = uuid === null ? null : fields.get(uuid)
  if (own !== null) return readRecord(reading, own, uuid)
  if (uuid !== null) {
    const named = fields.entries.slice(0, 3).map(({ key }) => key)
    const message = `this state is for ${named.join(', ')}, and this device is ${uuid}`
    return fail(reading, top, message, 'fetch the state of this device, or correct the uuid')
  }
  if (records.length > 1) {
    return fail(
      reading,
      top,
      `there are ${records.length} devices in this state, and the uuid of this one is not known`,
      uuidHint,
    )
  }
  warn(reading, first, 'the uuid of this device is not known, and this one is taken for it', uuidHint)
  return readRecord(reading, first, fields.entries[0]?.key ?? null)
}

const uuidHint = 'say it with: holdfast daemon --balena-config FILE'

function readRecord(reading: Reading, setting: Setting, uuid: string | null): DeviceState | null {
  const fields = readFields(reading, setting, 'an object with "name", "config" and "apps"')
  return fields === null ? null : readDevice(reading, fields, uuid)
}

function readDevice(reading: Reading, fields: Fields, uuid: string | null): DeviceState {
  const apps = optionalFields(reading, fields, 'apps', appsForm)
  return {
    uuid,
    name: optional(fields.get('name'), (one) => readName(reading, one)),
    config: readConfig(reading, fields),
    apps: apps.entries.flatMap((entry) => {
      const setting = settingOf(apps.path, entry)
      const app =
        /^\d+$/.test(entry.key) && isVersion2(setting.node)
          ? readLocalApp(reading, setting, entry.key)
          : readApp(reading, setting, entry.key)
      return app ?? []
    }),
  }
}

const appsForm = '"apps" as an object of apps by their uuid'

/** Of an app by its number: version 3 has releases, version 2 a commit or services. */
function isVersion2(node: YamlNode): boolean {
  return (
    node.kind === 'map' && !node.entries.has('releases') && (node.entries.has('commit') || node.entries.has('services'))
  )
}

function readConfig(reading: Reading, fields: Fields): Readonly<Record<string, string>> {
  const config = optionalFields(reading, fields, 'config', '"config" as an object of texts')
  return Object.fromEntries(
    config.entries.flatMap((entry) => {
      const setting = settingOf(config.path, entry)
      if (!/^[A-Za-z_][A-Za-z0-9_:]*$/.test(entry.key) || entry.key.length > nameCharsMax) {
        fail(reading, setting, `'${entry.key}' cannot be the name of a variable`, 'use letters, digits, _ and :')
      }
      const value = readText(reading, setting, 'a text in quotes')
      return value === null ? [] : [[entry.key, value] as const]
    }),
  )
}

// ---- version 3 -------------------------------------------------------------------------------------------------

function readApp(reading: Reading, setting: Setting, uuid: string): StateApp | null {
  checkName(reading, setting, uuid, 'the uuid of an app')
  const fields = readFields(reading, setting, 'an app with "id", "name" and "releases"')
  if (fields === null) return null
  const id = required(reading, fields, 'id', 'the number of the app', (one) => readInteger(reading, one, { min: 0 }))
  const name = required(reading, fields, 'name', 'the name of the app', (one) => readName(reading, one))
  const releases = optionalFields(reading, fields, 'releases', 'releases by their commit')
  const [first, second] = releases.entries
  if (second !== undefined) {
    warn(reading, settingOf(releases.path, second), `only the first release counts: ${first?.key}`, 'remove the others')
  }
  const release = first === undefined ? null : readRelease(reading, settingOf(releases.path, first), first.key)
  const kind = readClass(reading, fields)
  if (id === null || name === null) return null
  return { uuid, id, name, ...kind, setting, release }
}

function readClass(reading: Reading, fields: Fields): Pick<StateApp, 'class' | 'isHost'> {
  const setting = fields.get('class')
  const found = optional(setting, (one) => readText(reading, one, '"fleet", "app" or "block"')) ?? 'fleet'
  const isHost = optional(fields.get('is_host'), (one) => readBoolean(reading, one)) ?? false
  if (found === 'fleet' || found === 'app' || found === 'block') return { class: found, isHost }
  if (setting !== null) fail(reading, setting, `'${found}' is no class of apps`, 'write "fleet", "app" or "block"')
  return { class: 'fleet', isHost }
}

function readRelease(reading: Reading, setting: Setting, commit: string): StateRelease | null {
  checkName(reading, setting, commit, 'the commit of a release')
  const fields = readFields(reading, setting, 'a release with "id" and "services"')
  if (fields === null) return null
  const id = required(reading, fields, 'id', 'the number of the release', (one) =>
    readInteger(reading, one, { min: 0 }),
  )
  const services = optionalFields(reading, fields, 'services', 'services by their name')
  const read = services.entries.flatMap(
    (entry) => readService(reading, settingOf(services.path, entry), entry.key) ?? [],
  )
  const resources = readResources(reading, fields)
  return id === null ? null : { commit, id, services: read, ...resources }
}

function readResources(reading: Reading, fields: Fields): Pick<StateRelease, 'volumes' | 'networks'> {
  const [volumes, networks] = (['volumes', 'networks'] as const).map((key) => {
    const found = optionalFields(reading, fields, key, `${key} by their name`)
    for (const entry of found.node.entries.values())
      checkServiceName(reading, settingOf(found.path, entry), entry.key, `a ${key.slice(0, -1)}`)
    return found
  })
  return { volumes: volumes!, networks: networks! }
}

function readService(reading: Reading, setting: Setting, name: string): StateService | null {
  checkServiceName(reading, setting, name, 'a service')
  const fields = readFields(reading, setting, 'a service with "id", "image_id" and "image"')
  if (fields === null) return null
  const id = required(reading, fields, 'id', 'the number of the service', (one) =>
    readInteger(reading, one, { min: 0 }),
  )
  const imageId = required(reading, fields, 'image_id', 'the number of the image', (one) =>
    readInteger(reading, one, { min: 0 }),
  )
  const composition = optionalFields(reading, fields, 'composition', 'the service as its Compose file has it')
  const common = readCommon(reading, fields)
  if (id === null || imageId === null || common === null) return null
  return { name, id, imageId, ...common, composition, setting }
}

type Common = Pick<StateService, 'image' | 'environment' | 'labels' | 'isRunning' | 'contract'>

/** What both versions say alike. */
function readCommon(reading: Reading, fields: Fields): Common | null {
  const image = required(reading, fields, 'image', 'the image, such as "registry/name@sha256:…"', (one) => {
    const text = readText(reading, one, 'the image as a text')
    if (text === null || (text.trim() !== '' && text.length <= nameCharsMax)) return text
    return fail(reading, one, `the image has ${text.length} characters`, `it has 1 to ${nameCharsMax}`)
  })
  const environment = readTexts(reading, fields, 'environment', checkVariable)
  const labels = readTexts(reading, fields, 'labels', checkLabel)
  const isRunning = optional(fields.get('running'), (one) => readBoolean(reading, one)) ?? true
  const contract = fields.get('contract')
  return image === null ? null : { image, environment, labels, isRunning, contract }
}

type Check = (reading: Reading, setting: Setting, key: string) => void

function readTexts(reading: Reading, fields: Fields, key: string, check: Check): Readonly<Record<string, string>> {
  const texts = optionalFields(reading, fields, key, `"${key}" as an object of texts`)
  return Object.fromEntries(
    texts.entries.flatMap((entry) => {
      const setting = settingOf(texts.path, entry)
      check(reading, setting, entry.key)
      const value = readText(reading, setting, 'the value as a text, in quotes')
      return value === null ? [] : [[entry.key, value] as const]
    }),
  )
}

export const checkVariable: Check = (reading, setting, key) => {
  if (/^[A-Za-z_]\w*$/.test(key)) return
  fail(
    reading,
    setting,
    `'${key}' cannot be the name of a variable`,
    'use letters, digits and _, and no digit at its beginning',
  )
}

export const checkLabel: Check = (reading, setting, key) => {
  if (/^[!#-&(-_a-~]+$/.test(key)) return
  fail(reading, setting, `'${key}' cannot be the name of a label`, 'use printable ASCII without blanks and quotes')
}

// ---- version 2 -------------------------------------------------------------------------------------------------

function readLocal(reading: Reading, top: Fields, local: Setting): DeviceState | null {
  const fields = readFields(reading, local, '"local" as an object with "name", "config" and "apps"')
  if (fields === null) return null
  const force = top.get('force')
  if (force !== null && force.node.kind === 'scalar' && isTruthy(force.node.source)) {
    warn(reading, force, "'force' has no effect here", 'to override update locks, write: holdfast apply --force')
  }
  const apps = optionalFields(reading, fields, 'apps', '"apps" as an object of apps by their number')
  return {
    uuid: null,
    name: optional(fields.get('name'), (one) => readName(reading, one)),
    config: readConfig(reading, fields),
    apps: apps.entries.flatMap((entry) => readLocalApp(reading, settingOf(apps.path, entry), entry.key) ?? []),
  }
}

/** Its uuid is its number: on the device itself nothing else is known. */
function readLocalApp(reading: Reading, setting: Setting, key: string): StateApp | null {
  const id = /^\d{1,15}$/.test(key)
    ? Number(key)
    : fail(reading, setting, `'${key}' is not the number of an app`, 'write digits')
  const fields = readFields(reading, setting, 'an app with "name", "commit" and "services"')
  if (fields === null) return null
  const name = required(reading, fields, 'name', 'the name of the app', (one) => readName(reading, one))
  const commit = optional(fields.get('commit'), (one) => readText(reading, one, 'the commit as a text'))
  const release = commit === null ? null : readLocalRelease(reading, fields, commit)
  if (id === null || name === null) return null
  return { uuid: String(id), id, name, class: 'fleet', isHost: false, setting, release }
}

function readLocalRelease(reading: Reading, fields: Fields, commit: string): StateRelease | null {
  checkName(reading, { path: fields.path, node: fields.node }, commit, 'the commit of a release')
  const id = required(reading, fields, 'releaseId', 'the number of the release', (one) =>
    readInteger(reading, one, { min: 0 }),
  )
  const services = optionalFields(reading, fields, 'services', 'services by their number')
  const read = new Map<string, StateService>()
  for (const entry of services.entries) {
    const service = readLocalService(reading, settingOf(services.path, entry), entry.key)
    if (service === null) continue
    if (read.has(service.name)) {
      fail(reading, service.setting, `there are two services called '${service.name}'`, 'rename or remove one of them')
    }
    read.set(service.name, service)
  }
  const resources = readResources(reading, fields)
  return id === null ? null : { commit, id, services: [...read.values()], ...resources }
}

const localServiceKeys: ReadonlySet<string> = new Set([
  'imageId',
  'serviceName',
  'serviceId',
  'image',
  'environment',
  'labels',
  'running',
  'contract',
])

function readLocalService(reading: Reading, setting: Setting, key: string): StateService | null {
  const id = /^\d{1,15}$/.test(key)
    ? Number(key)
    : fail(reading, setting, `'${key}' is not the number of a service`, 'write digits')
  const fields = readFields(reading, setting, 'a service with "serviceName", "imageId" and "image"')
  if (fields === null) return null
  const name = required(reading, fields, 'serviceName', 'the name of the service', (one) => {
    const text = readText(reading, one, 'the name of the service')
    if (text !== null) checkServiceName(reading, one, text, 'a service')
    return text
  })
  const imageId = required(reading, fields, 'imageId', 'the number of the image', (one) =>
    readInteger(reading, one, { min: 0 }),
  )
  const common = readCommon(reading, fields)
  if (id === null || name === null || imageId === null || common === null) return null
  return { name, id, imageId, ...common, composition: without(fields, localServiceKeys), setting }
}

function without(fields: Fields, keys: ReadonlySet<string>): Fields {
  return {
    ...fields,
    entries: fields.entries.filter(({ key }) => !keys.has(key)),
    get: (key) => (keys.has(key) ? null : fields.get(key)),
  }
}

// ---- common ------------------------------------------------------------------------------------------------------

const nameCharsMax = 255

function required<T>(
  reading: Reading,
  fields: Fields,
  key: string,
  expected: string,
  read: (setting: Setting) => T | null,
): T | null {
  const setting = fields.get(key)
  return setting === null ? failMissing(reading, fields, key, expected) : read(setting)
}

function readName(reading: Reading, setting: Setting): string | null {
  const text = readText(reading, setting, 'a name as a text')
  if (text === null) return null
  if (text.length > nameCharsMax) {
    return fail(reading, setting, `the name has ${text.length} characters`, `it has at most ${nameCharsMax}`)
  }
  if (/[\r\n]/.test(text)) return fail(reading, setting, 'there is a line break in the name', 'write it on one line')
  return text
}

function checkName(reading: Reading, setting: Setting, name: string, what: string): void {
  if (name === '' || name.length > nameCharsMax) {
    fail(reading, setting, `'${name.slice(0, 40)}' cannot be ${what}`, `it has 1 to ${nameCharsMax} characters`)
  } else if (/[/\s\p{Cc}]/u.test(name)) {
    // It becomes a part of the names of containers and networks.
    fail(reading, setting, `${JSON.stringify(name)} cannot be ${what}`, 'it has neither blanks nor slashes')
  }
}

function checkServiceName(reading: Reading, setting: Setting, name: string, what: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= nameCharsMax) return
  fail(
    reading,
    setting,
    `'${name.slice(0, 40)}' cannot be the name of ${what}`,
    'use letters, digits, _, . and -, beginning with a letter or digit',
  )
}
