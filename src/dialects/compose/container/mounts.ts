import type { MountSpec } from '../../../core/containers/model.ts'
import { readTmpfs } from '../../../formats/container/tmpfs.ts'
import { didYouMean } from '../../../formats/suggest.ts'
import { bindMap, fileMap, mountMap, tmpfsMap, volumeOptionsMap } from '../keys-container.ts'
import {
  absolutePath,
  type Context,
  directoryAt,
  error,
  type Keys,
  optional,
  readBoolean,
  readByteSize,
  readChoice,
  readItemOrItems,
  readItems,
  readKeys,
  readText,
  report,
  type Setting,
} from '../values.ts'
import type { Scene, SharedFile } from './scene.ts'
import { isHostPath, parseVolumeText } from './volume-text.ts'

type Bind = Extract<MountSpec, { kind: 'bind' }>
type Volume = Extract<MountSpec, { kind: 'volume' }>
type Tmpfs = Extract<MountSpec, { kind: 'tmpfs' }>

/** What is mounted, in this order: `volumes`, `secrets`, `configs`, and what is in memory. */
export function decodeMounts(context: Context, keys: Keys, scene: Scene): readonly MountSpec[] {
  const volumes = itemsOf(context, keys.get('volumes'), 'write a list: ["data:/data"]')
  const mounts = volumes.map((item) => decodeMount(context, item, scene)).filter((mount) => mount !== null)
  const tmpfs = optional(keys.get('tmpfs'), (one) => readItemOrItems(context, one, 'write a path, or a list of paths'))
  const all = [
    ...mounts.filter(({ kind }) => kind !== 'tmpfs'),
    ...decodeFiles(context, keys.get('secrets'), {
      what: 'secret',
      top: 'secrets',
      files: scene.secrets,
      below: '/run/secrets/',
    }),
    ...decodeFiles(context, keys.get('configs'), { what: 'config', top: 'configs', files: scene.configs, below: '/' }),
    ...mounts.filter(({ kind }) => kind === 'tmpfs'),
    ...(tmpfs ?? []).map((item) => decodeTmpfsText(context, item)).filter((mount) => mount !== null),
  ]
  // Of two at one place the later one counts, as Compose has it.
  const last = new Map(all.map(({ target }, index) => [target, index]))
  return all.filter(({ target }, index) => last.get(target) === index)
}

function itemsOf(context: Context, setting: Setting | null, expected: string): readonly Setting[] {
  return optional(setting, (one) => readItems(context, one, expected)) ?? []
}

function decodeMount(context: Context, setting: Setting, scene: Scene): MountSpec | null {
  return setting.node.kind === 'map'
    ? decodeMountMap(context, setting, scene)
    : decodeMountText(context, setting, scene)
}

// ---- short -----------------------------------------------------------------------------------------------------

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const

function decodeMountText(context: Context, setting: Setting, scene: Scene): MountSpec | null {
  const text = readText(context, setting)
  if (text === null) return null
  const parsed = parseVolumeText(text)
  if (parsed === null)
    return error(
      context,
      setting,
      `'${text}' is not a volume`,
      'write SOURCE:TARGET or SOURCE:TARGET:OPTIONS, or a map',
    )
  const target = checkTarget(context, setting, parsed.target)
  if (target === null) return null
  const { source, options } = parsed
  const isBind = isHostPath(source)
  const known: readonly string[] = [
    'ro',
    'rw',
    ...(isBind ? ['z', 'Z', ...propagations] : ['nocopy', 'z', 'Z']),
    ...meaningless,
  ]
  const unknown = options.find((option) => !known.includes(option))
  if (unknown !== undefined)
    return error(
      context,
      setting,
      `'${unknown}' is not an option of such a volume`,
      didYouMean(unknown, known, `the options are ${known.join(', ')}`),
    )
  const isReadOnly = options.includes('ro')
  if (!isBind)
    return volumeOf(context, setting, scene, {
      source,
      target,
      isReadOnly,
      isCopied: !options.includes('nocopy'),
      subpath: null,
    })
  return {
    kind: 'bind',
    source: hostPath(context, setting, source),
    target,
    isReadOnly,
    isSourceMade: true,
    propagation: propagations.find((one) => options.includes(one)) ?? null,
    selinux: options.find((option) => option === 'z' || option === 'Z') ?? null,
  }
}

/** Of other systems than Linux. */
const meaningless = ['consistent', 'cached', 'delegated']

/** `~` is the home of whoever runs the daemon. */
function hostPath(context: Context, { node }: Setting, source: string): string {
  const path = /^~(?:$|\/)/.test(source) ? `${context.lookup('HOME') ?? '/root'}${source.slice(1)}` : source
  return absolutePath(directoryAt(context, node), path)
}

function checkTarget(context: Context, setting: Setting, text: string): string | null {
  let end = text.length
  while (text[end - 1] === '/') end--
  if (text.startsWith('/') && end > 0) return text.slice(0, end)
  return error(context, setting, `'${text}' is not a path in the container`, 'write an absolute path such as /data')
}

function volumeOf(
  context: Context,
  setting: Setting,
  scene: Scene,
  { source, ...rest }: Pick<Volume, 'target' | 'isReadOnly' | 'isCopied' | 'subpath'> & { readonly source: string },
): Volume | null {
  if (source === '') return { kind: 'volume', volume: null, engineName: null, ...rest }
  const spec = scene.volumes.get(source)
  if (spec === undefined) {
    const names = [...scene.volumes.keys()]
    const hint = `write '${source}:' below volumes at the top, or ./${source} for a path of the host`
    return error(context, setting, `there is no volume '${source}'`, didYouMean(source, names, hint))
  }
  scene.usedVolumes.add(source)
  return { kind: 'volume', volume: source, engineName: spec.engineName, ...rest }
}

function decodeTmpfsText(context: Context, setting: Setting): Tmpfs | null {
  const text = readText(context, setting)
  if (text === null) return null
  const colon = text.indexOf(':')
  const target = checkTarget(context, setting, colon === -1 ? text : text.slice(0, colon))
  return target === null ? null : readTmpfs(target, colon === -1 ? '' : text.slice(colon + 1))
}

// ---- long ------------------------------------------------------------------------------------------------------

type MountKeys = Keys<keyof typeof mountMap.keys>

function decodeMountMap(context: Context, setting: Setting, scene: Scene): MountSpec | null {
  const keys = readKeys(context, setting, mountMap)
  if (keys === null) return null
  const [typeSetting, targetSetting] = [keys.get('type'), keys.get('target')]
  if (typeSetting === null || targetSetting === null) {
    const message = `the volume has no ${typeSetting === null ? 'type' : 'target'}`
    return report(
      context,
      setting.node,
      setting.path,
      message,
      "write 'type: volume', bind or tmpfs, and 'target: /path'",
    )
  }
  const type = readChoice(context, typeSetting, ['volume', 'bind', 'tmpfs'])
  const text = readText(context, targetSetting)
  const target = text === null ? null : checkTarget(context, targetSetting, text)
  const isReadOnly = optional(keys.get('read_only'), (one) => readBoolean(context, one)) ?? false
  if (type === null || target === null) return null
  for (const other of ['volume', 'bind', 'tmpfs'] as const) {
    const one = keys.get(other)
    if (one !== null && other !== type)
      error(context, one, `'${other}' has no meaning for a mount of type ${type}`, 'remove it')
  }
  const source = optional(keys.get('source'), (one) => readText(context, one))
  optional(keys.get('consistency'), (one) => readText(context, one))
  switch (type) {
    case 'volume':
      return decodeVolume(context, setting, scene, { keys, source: source ?? '', target, isReadOnly })
    case 'bind':
      return decodeBind(context, keys, { setting, source, target, isReadOnly })
    case 'tmpfs':
      return decodeTmpfs(context, keys, { targetSetting, target, isReadOnly })
  }
}

function decodeVolume(
  context: Context,
  setting: Setting,
  scene: Scene,
  {
    keys,
    source,
    target,
    isReadOnly,
  }: { readonly keys: MountKeys; readonly source: string; readonly target: string; readonly isReadOnly: boolean },
): Volume | null {
  const options = optional(keys.get('volume'), (one) => readKeys(context, one, volumeOptionsMap))
  const isEmpty = optional(options?.get('nocopy') ?? null, (one) => readBoolean(context, one)) ?? false
  const subpath = optional(options?.get('subpath') ?? null, (one) => readText(context, one))
  return volumeOf(context, keys.get('source') ?? setting, scene, {
    source,
    target,
    isReadOnly,
    isCopied: !isEmpty,
    subpath,
  })
}

function decodeBind(
  context: Context,
  keys: MountKeys,
  {
    setting,
    source,
    target,
    isReadOnly,
  }: {
    readonly setting: Setting
    readonly source: string | null
    readonly target: string
    readonly isReadOnly: boolean
  },
): Bind | null {
  const sourceSetting = keys.get('source')
  if (source === null || sourceSetting === null || source === '')
    return report(
      context,
      setting.node,
      setting.path,
      'the bind has no source',
      "write 'source:' with a path of the host",
    )
  const options = optional(keys.get('bind'), (one) => readKeys(context, one, bindMap))
  const made = optional(options?.get('create_host_path') ?? null, (one) => readBoolean(context, one))
  return {
    kind: 'bind',
    source: hostPath(context, sourceSetting, source),
    target,
    isReadOnly,
    isSourceMade: made ?? true,
    propagation: optional(options?.get('propagation') ?? null, (one) => readChoice(context, one, propagations)),
    selinux: optional(options?.get('selinux') ?? null, (one) => readChoice(context, one, ['z', 'Z'])),
  }
}

function decodeTmpfs(
  context: Context,
  keys: MountKeys,
  {
    targetSetting,
    target,
    isReadOnly,
  }: { readonly targetSetting: Setting; readonly target: string; readonly isReadOnly: boolean },
): Tmpfs | null {
  if (keys.get('source') !== null) error(context, keys.get('source')!, 'a tmpfs has no source', 'remove it')
  if (target.includes(':')) return error(context, targetSetting, 'the path of a tmpfs has no colon', 'choose another')
  const options = optional(keys.get('tmpfs'), (one) => readKeys(context, one, tmpfsMap))
  return {
    kind: 'tmpfs',
    target,
    sizeBytes: optional(options?.get('size') ?? null, (one) => readByteSize(context, one)) || null,
    mode: optional(options?.get('mode') ?? null, (one) => readMode(context, one)),
    options: isReadOnly ? 'ro' : '',
  }
}

// A mode is octal whatever YAML makes of its digits: what is written counts.
function readMode(context: Context, setting: Setting): number | null {
  const text = readText(context, setting)
  if (text === null) return null
  if (/^(?:0o?)?[0-7]{1,4}$/.test(text)) return Number.parseInt(text.replace(/^0o/, ''), 8)
  return error(context, setting, `'${text}' is not an octal number`, "write it as in a shell: '1777'")
}

// ---- secrets and configs ---------------------------------------------------------------------------------------

interface Kind {
  readonly what: string
  readonly top: string
  readonly files: ReadonlyMap<string, SharedFile>
  /** Where in the container they are, unless that is said. */
  readonly below: string
}

function decodeFiles(context: Context, setting: Setting | null, kind: Kind): readonly Bind[] {
  const items = itemsOf(context, setting, `write a list of keys of ${kind.top}`)
  return items.map((item) => decodeFile(context, item, kind)).filter((file) => file !== null)
}

function decodeFile(context: Context, setting: Setting, kind: Kind): Bind | null {
  const keys = setting.node.kind === 'map' ? readKeys(context, setting, fileMap) : null
  if (setting.node.kind === 'map' && keys === null) return null
  const sourceSetting = keys === null ? setting : keys.get('source')
  if (sourceSetting === null)
    return report(
      context,
      setting.node,
      setting.path,
      `it does not say which ${kind.what}`,
      "write 'source:' with its key",
    )
  const name = readText(context, sourceSetting)
  if (name === null) return null
  const path = fileOf(context, sourceSetting, kind, name)
  for (const key of ['uid', 'gid', 'mode'] as const) {
    const one = keys?.get(key) ?? null
    if (one === null) continue
    const message = `'${key}' has no effect: the file is seen as it is on the host`
    report(context, one.node, one.path, message, 'change the file on the host', 'warning')
  }
  const said = optional(keys?.get('target') ?? null, (one) => readText(context, one)) ?? name
  const target = checkTarget(
    context,
    keys?.get('target') ?? setting,
    said.startsWith('/') ? said : `${kind.below}${said}`,
  )
  if (path === null || target === null) return null
  return { kind: 'bind', source: path, target, isReadOnly: true, isSourceMade: false, propagation: null, selinux: null }
}

function fileOf(context: Context, setting: Setting, { what, top, files }: Kind, name: string): string | null {
  const file = files.get(name)
  if (file?.kind === 'file') return file.path
  if (file === undefined) {
    const hint = didYouMean(name, [...files.keys()], `write '${name}: {file: ./${name}}' below ${top} at the top`)
    return error(context, setting, `there is no ${what} '${name}'`, hint)
  }
  return error(
    context,
    setting,
    `the ${what} '${name}' ${file.why}`,
    "write it into a file that only you can read, and 'file:' with its path",
  )
}
