import type { MountSpec } from '../../core/containers/model.ts'
import { parseTmpfsText } from '../../formats/compose-values/small-texts.ts'
import { isHostPath, parseVolumeText } from '../../formats/compose-values/volume-text.ts'
import { didYouMean } from '../../formats/suggest.ts'
import {
  fail,
  optional,
  readBoolean,
  readByteSize,
  readFields,
  readItems,
  readWord,
  type Setting,
  warn,
} from './reading.ts'
import { type Scene, volumeName } from './scene.ts'

/** What `volumes` and `tmpfs` of the composition say; paths of the host are left out, and that is told. */
export function readMounts(scene: Scene): readonly MountSpec[] {
  const { reading, service } = scene
  const volumes = service.composition.get('volumes')
  const tmpfs = service.composition.get('tmpfs')
  return [
    ...(volumes === null
      ? []
      : readItems(reading, volumes, volumeForms).flatMap((item) => readMount(scene, item) ?? [])),
    ...(tmpfs === null ? [] : readItems(reading, tmpfs, tmpfsForms).flatMap((item) => readTmpfs(scene, item) ?? [])),
  ]
}

const volumeForms = 'mounts, such as "data:/data"'
const tmpfsForms = 'paths, such as "/run"'

function readMount(scene: Scene, setting: Setting): MountSpec | null {
  const { reading } = scene
  if (setting.node.kind === 'map') return readLongMount(scene, setting)
  const text = readWord(reading, setting, volumeForms)
  if (text === null) return null
  const parsed = parseVolumeText(text)
  if (parsed.kind === 'error') return fail(reading, setting, parsed.message, parsed.hint)
  const { source, target, isReadOnly, isCopied } = parsed
  if (source !== null && isHostPath(source)) return dropBind(scene, setting, source)
  return volumeMount(scene, setting, { source, target, isReadOnly, isCopied, subpath: null })
}

function readLongMount(scene: Scene, setting: Setting): MountSpec | null {
  const { reading } = scene
  const fields = readFields(reading, setting, '{"type": "volume", "source": "data", "target": "/data"}')
  if (fields === null) return null
  const text = (key: string, expected: string) => optional(fields.get(key), (one) => readWord(reading, one, expected))
  const type = text('type', '"volume" or "tmpfs"') ?? 'volume'
  const source = text('source', 'the name of a volume')
  if (type === 'bind') return dropBind(scene, setting, source ?? '')
  if (type !== 'volume' && type !== 'tmpfs') {
    return fail(
      reading,
      fields.get('type') ?? setting,
      `'${type}' is no kind of mount here`,
      'write "volume" or "tmpfs"',
    )
  }
  const target = text('target', 'a path in the container')
  if (target === null || !target.startsWith('/')) {
    return fail(
      reading,
      fields.get('target') ?? setting,
      'the path in the container is missing or not absolute',
      'write "target": "/data"',
    )
  }
  const isReadOnly = optional(fields.get('read_only'), (one) => readBoolean(reading, one)) ?? false
  if (type === 'tmpfs') {
    const tmpfs = optional(fields.get('tmpfs'), (one) => readFields(reading, one, '{"size": "64m"}'))
    const sizeBytes = optional(tmpfs?.get('size') ?? null, (one) => readByteSize(reading, one))
    return { kind: 'tmpfs', target, sizeBytes, mode: null, options: isReadOnly ? 'ro' : '' }
  }
  const volume = optional(fields.get('volume'), (one) => readFields(reading, one, '{"nocopy": true}'))
  const isCopied = !(optional(volume?.get('nocopy') ?? null, (one) => readBoolean(reading, one)) ?? false)
  const subpath = optional(volume?.get('subpath') ?? null, (one) => readWord(reading, one, 'a path in the volume'))
  if (source !== null && isHostPath(source)) return dropBind(scene, setting, source)
  return volumeMount(scene, setting, { source, target, isReadOnly, isCopied, subpath })
}

function volumeMount(
  { reading, app, release }: Scene,
  setting: Setting,
  mount: {
    readonly source: string | null
    readonly target: string
    readonly isReadOnly: boolean
    readonly isCopied: boolean
    readonly subpath: string | null
  },
): MountSpec | null {
  const { source, ...rest } = mount
  if (source === null) return { kind: 'volume', volume: null, engineName: null, ...rest }
  const known = release.volumes.node.entries
  if (known.has(source)) return { kind: 'volume', volume: source, engineName: volumeName(app, source), ...rest }
  const hint = didYouMean(source, known.keys(), `add "${source}": {} to the volumes of the release`)
  return fail(reading, setting, `the volume '${source}' is not declared in this release`, hint)
}

function dropBind({ reading }: Scene, setting: Setting, source: string): null {
  warn(
    reading,
    setting,
    `a directory of the host (${source}) is not given to services here, and left out`,
    'use a volume, or the label io.balena.features.* of what is needed',
  )
  return null
}

function readTmpfs({ reading }: Scene, setting: Setting): MountSpec | null {
  const text = readWord(reading, setting, tmpfsForms)
  if (text === null) return null
  const parsed = parseTmpfsText(text)
  if (parsed !== null) return { kind: 'tmpfs', ...parsed }
  return fail(reading, setting, `'${text}' is not an absolute path with options`, `write ${tmpfsForms}`)
}
