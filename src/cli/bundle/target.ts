import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { MountSpec } from '../../core/containers/model.ts'
import type { Target } from '../../core/model.ts'
import { type Decoded, decodeSources } from '../../dialects/decode-sources.ts'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { fileKind } from '../../dialects/source-kind.ts'
import { diskSourceReader, isFailure, type SourceReader } from '../../dialects/source-reader.ts'
import { printProblem } from '../../formats/format-error.ts'
import { type BundleContents, BundleError, type BundleTarget, TargetError } from './model.ts'

/** What a bundle declares, with everything that its files need. */
export interface TargetFiles {
  readonly target: BundleTarget
  /** By their path in the bundle; the order of the sources, then of the others. */
  readonly files: ReadonlyMap<string, { readonly bytes: Buffer; readonly mode: number }>
  readonly images: readonly WantedImage[]
  /** One line each. */
  readonly warnings: readonly string[]
}

export interface WantedImage {
  readonly reference: string
  readonly platform: string | null
}

/** The variables of this shell count for nothing, as the device has others: those of `.env` do. Throws BundleError. */
export async function readTarget(operands: readonly string[]): Promise<TargetFiles> {
  const paths = operands.map((path) => resolve(path))
  const kind = kindOf(paths)
  const read = new Set<string>()
  const disk = diskSourceReader({})
  const decoded = await decode(kind, paths, {
    ...disk,
    read(path) {
      const text = disk.read(path)
      if (!isFailure(text)) read.add(path)
      return text
    },
  })
  refuseErrors(decoded)
  const mounted = kind === 'compose' ? mountedOf(decoded.target, commonDirectory([...read])) : noMounts
  const all = [...new Set([...paths, ...read, ...mounted.files])]
  const base = kind === 'balena' ? dirname(paths[0]!) : dirname(commonDirectory(all))
  const files = new Map(all.map((path) => [path.slice(base.length).replace(/^\//, ''), fileAt(path)]))
  const sources = paths.map((path) => path.slice(base.length).replace(/^\//, ''))
  const target = { kind, sources }
  // Whatever names a file by a path that the bundle does not hold, is found now and not on the device.
  const again = await decodeBundled({ target, files: bytesOf(files), directory: '/bundle' })
  refuseErrors(again, "a bundle has no files by absolute paths, nor below other directories than its target's")
  const warnings = [...decoded.problems.map(printProblem), ...mounted.warnings, ...processesOf(decoded.target)]
  return { target, files, images: imagesOf(decoded.target), warnings }
}

/** As it will be where its files are below `directory`. */
export async function decodeBundled(bundle: {
  readonly target: BundleTarget
  readonly files: ReadonlyMap<string, Buffer>
  readonly directory: string
}): Promise<Decoded> {
  const { target, files, directory } = bundle
  const texts = [...files].map(([path, bytes]) => [`${directory}/${path}`, bytes.toString('utf8')])
  const sources = target.sources.map((path) => `${directory}/${path}`)
  return await decode(target.kind, sources, memorySourceReader({ files: Object.fromEntries(texts) }))
}

/** Each once. */
export function imagesOf({ apps }: Target): readonly WantedImage[] {
  const images = new Map<string, WantedImage>()
  for (const { services } of Object.values(apps)) {
    for (const { container } of Object.values(services)) {
      if (container !== undefined)
        images.set(container.image, { reference: container.image, platform: container.platform })
    }
  }
  return [...images.values()]
}

/** The directory that all files of a Compose target are below, on the device as in the bundle. */
export function topOf({ files }: Pick<BundleContents, 'files'>): string {
  return files[0]!.path.split('/')[0]!
}

export function errorsOf({ problems }: Decoded): readonly string[] {
  return problems.filter(({ severity }) => severity === 'error').map(printProblem)
}

function decode(kind: BundleTarget['kind'], paths: readonly string[], reader: SourceReader): Promise<Decoded> {
  return decodeSources(paths, reader, { lenient: false, descriptorsMax: null, dialect: kind })
}

function kindOf(paths: readonly string[]): BundleTarget['kind'] {
  const kinds = paths.map(fileKind)
  if (kinds.every((kind) => kind === 'compose')) return 'compose'
  if (kinds.length === 1 && kinds[0] === 'balena') return 'balena'
  throw new BundleError(
    'a bundle is made of one target state (.json), or of Compose files (.yaml, .yml); name one of them',
  )
}

function refuseErrors(decoded: Decoded, why = ''): void {
  const errors = errorsOf(decoded)
  if (errors.length > 0) throw new TargetError([...errors, ...(why === '' ? [] : [why])].join('\n'))
}

function bytesOf(files: TargetFiles['files']): ReadonlyMap<string, Buffer> {
  return new Map([...files].map(([path, { bytes }]) => [path, bytes]))
}

function fileAt(path: string): { readonly bytes: Buffer; readonly mode: number } {
  return { bytes: readFileSync(path), mode: statSync(path).mode & 0o777 }
}

function commonDirectory(paths: readonly string[]): string {
  const [first = '/', ...others] = paths.map(dirname)
  let common = first
  for (const directory of others) {
    while (directory !== common && !directory.startsWith(`${common}/`)) common = dirname(common)
  }
  if (common === '/') throw new BundleError(`the files have no directory in common: ${paths.join(', ')}`)
  return common
}

// ---- what its services see of the host ---------------------------------------------------------------------------------

interface Mounted {
  readonly files: readonly string[]
  readonly warnings: readonly string[]
}

const noMounts: Mounted = { files: [], warnings: [] }

/** Files below the directory of the target come along (configs and secrets are such); of a directory it is told. */
function mountedOf(target: Target, directory: string): Mounted {
  const files = new Set<string>()
  const warnings = new Set<string>()
  for (const { app, service, source } of bindsOf(target)) {
    if (!source.startsWith(`${directory}/`)) continue
    const found = statSync(source, { throwIfNoEntry: false })
    if (found?.isFile() === true) files.add(source)
    else if (found?.isDirectory() === true) {
      const where = join(basename(directory), source.slice(directory.length + 1))
      warnings.add(
        `warning: ${app}/${service} mounts the directory ${where}, and what is in it is not in the bundle: on the device it stays as it is there`,
      )
    }
  }
  return { files: [...files], warnings: [...warnings] }
}

function* bindsOf({ apps }: Target) {
  for (const { name: app, services } of Object.values(apps)) {
    for (const { name: service, container } of Object.values(services)) {
      const binds = (container?.settings.mounts ?? []).filter((mount): mount is Bind => mount.kind === 'bind')
      for (const { source } of binds) yield { app, service, source }
    }
  }
}

type Bind = Extract<MountSpec, { kind: 'bind' }>

function processesOf({ apps }: Target): readonly string[] {
  return Object.values(apps).flatMap(({ name: app, services }) =>
    Object.values(services).flatMap(({ name, container }) =>
      container === undefined
        ? [`warning: ${app}/${name} is a process of the host: the bundle declares it, and has not the program it runs`]
        : [],
    ),
  )
}
