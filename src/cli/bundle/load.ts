import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { byteText } from '../../formats/byte-text.ts'
import { printProblem } from '../../formats/format-error.ts'
import { lockFile } from '../../sys/flock.ts'
import { makeDirectory } from '../../sys/make-directory.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import { shellWord, typed } from '../../wire/home.ts'
import type { Context } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { applyBundle, ownImages, planBundle } from './apply.ts'
import { chainIds, chainsOf, layersBeyond } from './chains.ts'
import type { EngineFacts, ImageEngine, PresentImage } from './engine.ts'
import { checkFormat } from './formats.ts'
import { engineOfDaemon } from './inventory.ts'
import { type BundleContents, BundleError, hexOf, isOfTheWorld, layerName } from './model.ts'
import { fileChunks } from './pipes.ts'
import { type OpenBundle, openBundle } from './read.ts'
import { stageImages, tagOf } from './staging.ts'
import { decodeBundled, errorsOf, imagesOf } from './target.ts'

/** What else writes where the engine keeps its images must not find it full. */
const reserveBytes = 64 * 1024 * 1024

/** `holdfast bundle load`: brings the images of a bundle into the engine of this device, and applies its target. */
export async function runBundleLoad(context: Context): Promise<ExitCode> {
  const { operands, options } = context
  checkFormat(options, 'load')
  const [path, more] = operands
  if (path === undefined || more !== undefined) throw new UsageError('bundle load takes one bundle, or - for stdin')
  const bundle = await openBundle(fileChunks(path))
  try {
    return await loadBundle(context, { bundle, path })
  } finally {
    await bundle.close()
  }
}

async function loadBundle(
  context: Context,
  { bundle, path }: { readonly bundle: OpenBundle; readonly path: string },
): Promise<ExitCode> {
  const { options, talk, home } = context
  let engine: ImageEngine | null = null
  try {
    const errors = await problemsOf(context, bundle)
    if (errors.length > 0) {
      for (const line of errors) talk(`${line}\n`)
      talk(`holdfast: ${errors.length} error${errors.length === 1 ? '' : 's'}; nothing was loaded, what runs goes on\n`)
      return exitCodes.configurationInvalid
    }
    lockHome(context)
    engine = await engineOfDaemon(context)
    const task: Task = { context, bundle, engine, ...(await lookAt(engine, bundle.contents)) }
    warnOfPlatforms(task)
    if (!options.isSet('dry-run')) return await load(task)
    // All of it, as loading would look at it.
    for await (const { content } of bundle.members) for await (const _ of content);
    const again = `bundle load ${shellWord(path)}`
    talk(`${summary(task)} would be loaded; load it with: ${typed(home, again)}\n`)
    return await planBundle(context, bundle, directoryOf(context))
  } finally {
    engine?.close()
  }
}

interface Task {
  readonly context: Context
  readonly bundle: OpenBundle
  readonly engine: ImageEngine
  readonly facts: EngineFacts
  readonly present: readonly PresentImage[]
  /** Layers that the engine lacks. */
  readonly needed: ReadonlySet<string>
}

/** Where files of Compose targets are put. */
function directoryOf({ home }: Context): string {
  return join(home.stateDirectory, 'bundles')
}

/** What is wrong with its target, as this version reads it; and images that it names and does not have. */
async function problemsOf(context: Context, { contents, files }: OpenBundle): Promise<readonly string[]> {
  const { target } = contents
  const decoded = await decodeBundled({ target, files, directory: directoryOf(context) })
  const errors = errorsOf(decoded)
  if (errors.length > 0) return errors
  const brought = new Set(contents.images.flatMap(({ references }) => references))
  const missing = imagesOf(decoded.target).filter(({ reference }) => !brought.has(reference))
  if (missing.length > 0) {
    const names = missing.map(({ reference }) => reference).join(', ')
    throw new BundleError(`its target needs images that it does not have: ${names}; make the bundle again`)
  }
  for (const reference of brought) tagOf(reference)
  for (const problem of decoded.problems) context.talk(`${printProblem(problem)}\n`)
  return []
}

/** Two at once would take each other's images for what a dead one left. The lock lasts as long as this process. */
function lockHome({ home }: Context): void {
  const path = join(home.stateDirectory, 'bundle.lock')
  makeDirectory(home.stateDirectory, 0o700)
  const fd = lockFile(path)
  if (fd === 'EAGAIN')
    throw new BundleError(`another bundle is being loaded for ${home.name}; wait for it, then try again`)
  if (typeof fd === 'string')
    throw new BundleError(`${path} cannot be locked (${fd}); use the user of the daemon, or root`)
}

// ---- whether it fits this engine -------------------------------------------------------------------------------------------

async function lookAt(
  engine: ImageEngine,
  contents: BundleContents,
): Promise<Pick<Task, 'facts' | 'present' | 'needed'>> {
  const [facts, present] = await Promise.all([engine.about(), engine.images()])
  const chains = facts.takesParts ? chainsOf(present) : new Set<string>()
  const needed = layersBeyond(contents.images, chains)
  refuseMissing(contents, { facts, chains, needed })
  await refuseFullDisk(contents, { facts, needed })
  return { facts, present, needed }
}

function refuseMissing(
  { images, members, base }: BundleContents,
  {
    facts,
    chains,
    needed,
  }: { readonly facts: EngineFacts; readonly chains: ReadonlySet<string>; readonly needed: ReadonlySet<string> },
): void {
  const inside = new Set(members.map(({ name }) => name))
  const missing = [...needed].filter((layer) => !inside.has(layerName(layer)))
  if (missing.length === 0) return
  if (!facts.takesParts) {
    throw new BundleError(
      `it leaves out ${missing.length} layers that the device is to have, and this container engine (${facts.name}) loads no image without all of them; make the bundle without --base`,
    )
  }
  const lacking = images.find(({ layers }) => {
    return chainIds(layers).some((chain, at) => !chains.has(chain) && missing.includes(layers[at]!))
  })
  const made = base === null ? '' : ` It was made for a device that has ${base.name}.`
  throw new BundleError(
    `${missing.length} layers are neither in it nor on this device (of ${lacking?.references[0] ?? 'an image'}: ${hexOf(missing[0]!).slice(0, 12)}).${made} Make it again with --base and the inventory of this device (holdfast bundle inventory), or without --base`,
  )
}

/** The engine puts the bundle's part aside, as it is, before it unpacks it. */
async function refuseFullDisk(
  { members, layers }: BundleContents,
  { facts, needed }: { readonly facts: EngineFacts; readonly needed: ReadonlySet<string> },
): Promise<void> {
  const inside = new Map(members.map(({ name, sizeBytes }) => [name, sizeBytes]))
  let neededBytes = reserveBytes
  for (const { diffId, sizeBytes } of layers) {
    if (needed.has(diffId)) neededBytes += sizeBytes + (inside.get(layerName(diffId)) ?? 0)
  }
  const freeBytes = await freeBytesOf(facts.rootDirectory)
  if (needed.size === 0 || freeBytes === null || freeBytes >= neededBytes) return
  throw new BundleError(
    `it needs about ${byteText(neededBytes)} below ${facts.rootDirectory}, and there are ${byteText(freeBytes)} left; make room there (\`docker system df\` tells what takes it)`,
  )
}

/** null: the engine's files are somewhere where we do not see them. */
async function freeBytesOf(directory: string): Promise<number | null> {
  if (directory === '') return null
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return null
  }
}

/** It may be meant so, with an emulator. */
function warnOfPlatforms({ context, bundle }: Task): void {
  const architecture = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch
  const own = `linux/${architecture}`
  for (const { references, platform } of bundle.contents.images) {
    if (platform !== own && !platform.startsWith(`${own}/`))
      context.talk(`warning: ${references[0]} is made for ${platform}, and this device is ${own}\n`)
  }
}

// ---- loading it ----------------------------------------------------------------------------------------------------------------

async function load(task: Task): Promise<ExitCode> {
  const { context, bundle, engine, facts, present, needed } = task
  const ownBefore = await ownImages(context)
  context.talk(`loading ${summary(task)} into ${facts.name}\n`)
  const staged = await stageImages(engine, { bundle, facts, present, ownBefore, needed }).catch(noneLoaded)
  const { code, isApplied } = await applyBundle(context, {
    bundle,
    directory: directoryOf(context),
    loadedImages: staged.own,
  })
  if (isApplied) await staged.commit()
  else await staged.takeBack()
  return code
}

function noneLoaded(error: unknown): never {
  if (!isOfTheWorld(error)) throw error
  throw new BundleError(`${error.message}; nothing was loaded, what runs goes on`, { cause: error })
}

function summary({ bundle: { contents }, needed }: Task): string {
  const inside = new Map(contents.members.map(({ name, sizeBytes }) => [name, sizeBytes]))
  let bytes = 0
  for (const layer of needed) bytes += inside.get(layerName(layer)) ?? 0
  const images = contents.images.length
  return `${images} image${images === 1 ? '' : 's'}, ${needed.size} of ${contents.layers.length} layers (${byteText(bytes)})`
}
