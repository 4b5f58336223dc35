import type { Position } from '../../formats/format-error.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../formats/yaml.ts'
import {
  fail,
  failMissing,
  optional,
  type Reading,
  readFields,
  readInteger,
  readPairs,
  readText,
  readWord,
  type Setting,
  textsOf,
} from './reading.ts'
import type { StateApp } from './state.ts'

/** Whether this is what images were preloaded with before there were several services: a list of apps of one container each. */
export function isLegacyList(root: YamlNode): boolean {
  return root.kind === 'list'
}

/** Each becomes an app with the one service `main`, with all that such a container was given then. */
export function readLegacyApps(reading: Reading, setting: Setting): readonly StateApp[] {
  const { node } = setting
  if (node.kind !== 'list') return []
  return node.items.flatMap((item, index) => readLegacyApp(reading, { path: `[${index}]`, node: item }) ?? [])
}

function readLegacyApp(reading: Reading, setting: Setting): StateApp | null {
  const fields = readFields(reading, setting, 'an app with "appId", "commit" and "imageId"')
  if (fields === null) return null
  const id = optional(fields.get('appId'), (one) => readInteger(reading, one, { min: 0 }))
  const name = optional(fields.get('name'), (one) => readWord(reading, one, 'the name of the app'))
  const commit = optional(fields.get('commit'), (one) => readText(reading, one, 'the commit as a text'))
  const image = optional(fields.get('imageId') ?? fields.get('image'), (one) =>
    readText(reading, one, 'the image as a text'),
  )
  const environment =
    optional(fields.get('env') ?? fields.get('environment'), (one) => readPairs(reading, one, 'variables')) ?? []
  const config = textsOf(optional(fields.get('config'), (one) => readPairs(reading, one, 'variables')) ?? [])
  if (fields.get('appId') === null) failMissing(reading, fields, 'appId', 'the number of the app')
  if (fields.get('commit') === null) failMissing(reading, fields, 'commit', 'the commit of the release')
  if (image === null && fields.get('imageId') === null && fields.get('image') === null) {
    failMissing(reading, fields, 'imageId', 'the image of the app')
  }
  if (id === null || commit === null || image === null) return null
  if (/[/\s\p{Cc}]/u.test(commit) || commit === '') {
    return fail(
      reading,
      setting,
      `${JSON.stringify(commit)} cannot be the commit of a release`,
      'it has neither blanks nor slashes',
    )
  }
  return {
    uuid: String(id),
    id,
    name: name ?? String(id),
    class: 'fleet',
    isHost: false,
    setting,
    release: {
      commit,
      id: 1,
      services: [
        {
          name: 'main',
          id: 1,
          imageId: 1,
          image,
          environment: textsOf(environment.filter(({ key }) => !key.startsWith('RESIN_'))),
          labels: labelsOf(config),
          isRunning: true,
          contract: null,
          composition: fieldsAt(setting, {
            restart: config.RESIN_APP_RESTART_POLICY ?? 'always',
            privileged: true,
            network_mode: 'host',
            volumes: `${volume}:/data`,
          }),
          setting,
        },
      ],
      volumes: fieldsAt(setting, { [volume]: {} }),
      networks: fieldsAt(setting, {}),
    },
  }
}

/** The volume that stands for the directory which such an app had on the host. */
const volume = 'resin-data'

function labelsOf(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const features = ['kernel-modules', 'firmware', 'dbus', 'supervisor-api', 'balena-api']
  const timeout = config.RESIN_SUPERVISOR_HANDOVER_TIMEOUT
  return {
    ...Object.fromEntries(features.map((feature) => [`io.balena.features.${feature}`, '1'])),
    'io.balena.update.strategy': config.RESIN_SUPERVISOR_UPDATE_STRATEGY ?? 'download-then-kill',
    ...(timeout === undefined || timeout === '' ? {} : { 'io.balena.update.handover-timeout': timeout }),
    'io.balena.legacy-container': '1',
  }
}

/** Values that nobody wrote, at the place of what they come from. */
function fieldsAt({ path, node }: Setting, values: Readonly<Record<string, string | boolean | object>>) {
  const { line, column, file } = node
  const place: Position = { file, line, column }
  const entries = Object.entries(values).map(
    ([key, value]): YamlEntry => ({ key, value: nodeAt(place, value), ...place }),
  )
  const map: YamlMap = { kind: 'map', entries: new Map(entries.map((entry) => [entry.key, entry])), ...place }
  return {
    path,
    node: map,
    entries,
    get(key: string): Setting | null {
      const entry = map.entries.get(key)
      return entry === undefined ? null : { path, node: entry.value }
    },
  }
}

function nodeAt(place: Position, value: string | boolean | object): YamlNode {
  if (typeof value === 'object') return { kind: 'map', entries: new Map(), ...place }
  return { kind: 'scalar', value, source: String(value), ...place }
}
