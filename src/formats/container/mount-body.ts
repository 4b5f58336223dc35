import type { MountSpec } from '../../core/containers/model.ts'
import { said, stated } from './said.ts'

type Bind = Extract<MountSpec, { kind: 'bind' }>
type Volume = Extract<MountSpec, { kind: 'volume' }>
type Tmpfs = Extract<MountSpec, { kind: 'tmpfs' }>

export interface MountBody {
  /** Of `Config`: anonymous volumes. */
  readonly volumes: Readonly<Record<string, object>> | undefined
  readonly binds: readonly string[] | undefined
  readonly mounts: readonly object[] | undefined
  readonly tmpfs: Readonly<Record<string, string>> | undefined
}

/**
 * Mounts in the words of the engine that tell them back as they were given: one text each where that can say it. An
 * entry of `Mounts` is needed for a source that must be there, for a colon in a path, and for a part of a volume.
 */
export function mountBody(mounts: readonly MountSpec[], api: { readonly minor: number }): MountBody {
  const volumes: Record<string, object> = {}
  const binds: string[] = []
  const others: object[] = []
  const tmpfs: Record<string, string> = {}
  for (const mount of mounts) {
    if (mount.kind === 'tmpfs') tmpfs[mount.target] = tmpfsText(mount)
    else if (mount.kind === 'volume' && isPlainAnonymous(mount)) volumes[mount.target] = {}
    else if (isText(mount)) binds.push(bindText(mount))
    else others.push(mount.kind === 'bind' ? bindMount(mount, api) : volumeMount(mount, api))
  }
  return { volumes: said(volumes), binds: said(binds), mounts: said(others), tmpfs: said(tmpfs) }
}

function isPlainAnonymous({ engineName, isReadOnly, isCopied }: Volume): boolean {
  return engineName === null && !isReadOnly && isCopied
}

function isText(mount: Bind | Volume): boolean {
  if (mount.target.includes(':')) return false
  if (mount.kind === 'volume') return mount.engineName !== null && mount.subpath === null
  // Only a text can say how SELinux is to label the source.
  return !mount.source.includes(':') && (mount.isSourceMade || mount.selinux !== null)
}

function bindText(mount: Bind | Volume): string {
  const options = mount.isReadOnly ? ['ro'] : []
  if (mount.kind === 'bind')
    options.push(...[mount.selinux, mount.propagation].filter((option): option is string => option !== null))
  else if (!mount.isCopied) options.push('nocopy')
  const source = mount.kind === 'bind' ? mount.source : mount.engineName
  return [source, mount.target, ...(said([options.join(',')].filter((text) => text !== '')) ?? [])].join(':')
}

function bindMount({ source, target, isReadOnly, isSourceMade, propagation }: Bind, api: { readonly minor: number }) {
  const options = {
    Propagation: propagation ?? undefined,
    CreateMountpoint: (isSourceMade && api.minor >= 42) || undefined,
  }
  return stated({
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: isReadOnly || undefined,
    BindOptions: said(stated(options)),
  })
}

function volumeMount({ engineName, target, isReadOnly, isCopied, subpath }: Volume, api: { readonly minor: number }) {
  if (subpath !== null && api.minor < 45)
    throw new Error(
      `only '${subpath}' of the volume ${engineName} is to be mounted at ${target}, which this container engine cannot do (it speaks API 1.${api.minor}, and 1.45 is needed); mount all of it, or upgrade the engine`,
    )
  const options = { NoCopy: !isCopied || undefined, Subpath: subpath ?? undefined }
  return stated({
    Type: 'volume',
    Source: engineName ?? undefined,
    Target: target,
    ReadOnly: isReadOnly || undefined,
    VolumeOptions: said(stated(options)),
  })
}

function tmpfsText({ sizeBytes, mode, options }: Tmpfs): string {
  const texts = [options]
  if (sizeBytes !== null) texts.push(`size=${sizeBytes}`)
  if (mode !== null) texts.push(`mode=${mode.toString(8)}`)
  return texts.filter((text) => text !== '').join(',')
}
