import type { MountSpec } from '../../core/containers/model.ts'
import { amountOf, at, entriesOf, flagOr, type Json, keysOf, listOf, numberOr, textOf, textOr, wordOf } from './json.ts'
import { readTmpfs } from './tmpfs.ts'

/** Of `HostConfig` what was given, and of `Config.Volumes` what is left: the anonymous volumes of the image and others. */
export function readMounts(hostConfig: Json, config: Json): readonly MountSpec[] {
  const given = [
    ...listOf(at(hostConfig, 'Binds')).map((json) => readBind(textOf(json))),
    ...listOf(at(hostConfig, 'Mounts')).map(readMount),
    ...entriesOf(at(hostConfig, 'Tmpfs')).map(([target, json]) => readTmpfs(target, textOr(json, ''))),
  ]
  const taken = new Set(given.map(({ target }) => withoutSlash(target)))
  const anonymous = keysOf(at(config, 'Volumes')).filter((target) => !taken.has(withoutSlash(target)))
  return [...given, ...anonymous.map((target) => volumeAt({ target, engineName: null }))]
}

/** `SOURCE:TARGET`, or `SOURCE:TARGET:OPTIONS`; a source that is no path is a volume. */
function readBind(text: string): MountSpec {
  const [source = '', target = '', optionsText = ''] = text.split(':')
  const options = optionsText.split(',')
  const isReadOnly = options.includes('ro')
  if (!source.startsWith('/'))
    return { ...volumeAt({ target, engineName: source }), isReadOnly, isCopied: !options.includes('nocopy') }
  return {
    kind: 'bind',
    source,
    target,
    isReadOnly,
    isSourceMade: true,
    propagation: options.find((option) => /^r?(?:private|shared|slave)$/.test(option)) ?? null,
    selinux: options.find((option) => option === 'z' || option === 'Z') ?? null,
  }
}

function readMount(json: Json): MountSpec {
  const kind = textOf(at(json, 'Type'))
  const target = textOf(at(json, 'Target'))
  const isReadOnly = flagOr(at(json, 'ReadOnly'), false)
  if (kind === 'tmpfs') {
    const options = at(json, 'TmpfsOptions')
    const sizeBytes = amountOf(at(options, 'SizeBytes'), 0)
    return { kind, target, sizeBytes, mode: numberOr(at(options, 'Mode'), 0) || null, options: isReadOnly ? 'ro' : '' }
  }
  if (kind === 'volume') {
    const options = at(json, 'VolumeOptions')
    return {
      ...volumeAt({ target, engineName: wordOf(at(json, 'Source')) }),
      isReadOnly,
      isCopied: !flagOr(at(options, 'NoCopy'), false),
      subpath: wordOf(at(options, 'Subpath')),
    }
  }
  const options = at(json, 'BindOptions')
  const source = textOr(at(json, 'Source'), '')
  return {
    kind: 'bind',
    // What cannot be declared (an image, a named pipe) must not pass for what can.
    source: kind === 'bind' ? source : `${kind}:${source}`,
    target,
    isReadOnly,
    isSourceMade: flagOr(at(options, 'CreateMountpoint'), false),
    propagation: wordOf(at(options, 'Propagation')),
    selinux: null,
  }
}

function withoutSlash(path: string): string {
  return path.replace(/(?<!^)\/$/, '')
}

function volumeAt({ target, engineName }: { readonly target: string; readonly engineName: string | null }) {
  const rest = { isReadOnly: false, isCopied: true, subpath: null }
  return { kind: 'volume', volume: engineName, engineName, target, ...rest } as const
}
