import { processBytesMax } from '../../../core/limits.ts'
import { parseEnvFile } from '../../../formats/env-file.ts'
import { FormatError } from '../../../formats/format-error.ts'
import { isFailure } from '../../source-reader.ts'
import { decodeEnvironment } from '../environment.ts'
import { envFileMap } from '../keys.ts'
import { readPairs } from '../named-texts.ts'
import { splitPair } from '../pairs.ts'
import {
  absolutePath,
  type Context,
  directoryAt,
  error,
  type Keys,
  optional,
  readBoolean,
  readChoice,
  readItemOrItems,
  readKeys,
  readPath,
  readTexts,
  type Setting,
} from '../values.ts'
import { ownLabels } from './resources.ts'
import type { Scene } from './scene.ts'

type Texts = Readonly<Record<string, string>>

/** What is set in a container: of `env_file`, which is read now, and of `environment`, which wins. */
export function decodeContainerEnvironment(context: Context, keys: Keys, scene: Scene): Texts {
  const items = optional(keys.get('env_file'), (one) =>
    readItemOrItems(context, one, 'write a path, or a list of paths'),
  )
  const files = (items ?? []).map((item) => decodeEnvFile(context, item)).filter((file) => file !== null)
  const texts = readFiles(context, scene, files)
  const own = keys.get('environment')
  if (own === null) return texts
  const environment = decodeEnvironment(context, own) ?? {}
  // A name alone that has no value removes what a file says.
  const said = namesIn(own)
  const kept = Object.entries(texts).filter(([name]) => !said.has(name) || Object.hasOwn(environment, name))
  return { ...Object.fromEntries(kept), ...environment }
}

function namesIn({ node }: Setting): ReadonlySet<string> {
  if (node.kind === 'map') return new Set(node.entries.keys())
  const items = node.kind === 'list' ? node.items : []
  return new Set(items.map((item) => (item.kind === 'scalar' ? splitPair(String(item.value))[0] : '')))
}

interface EnvFile {
  readonly at: Setting
  readonly path: string
  readonly isRequired: boolean
  readonly isRaw: boolean
}

function decodeEnvFile(context: Context, setting: Setting): EnvFile | null {
  const usual = { at: setting, isRequired: true, isRaw: false }
  if (setting.node.kind !== 'map') {
    const path = readPath(context, setting)
    return path === null ? null : { ...usual, path }
  }
  const keys = readKeys(context, setting, envFileMap)
  const path = optional(keys?.get('path') ?? null, (one) => readPath(context, one))
  const isRequired = optional(keys?.get('required') ?? null, (one) => readBoolean(context, one)) ?? true
  const format = optional(keys?.get('format') ?? null, (one) => readChoice(context, one, ['raw']))
  if (path !== null) return { ...usual, path, isRequired, isRaw: format === 'raw' }
  if (keys === null || keys.get('path') !== null) return null
  return error(context, setting, 'the file has no path', "write 'path:' with the path of the file")
}

/** One file after the other, as each may use what those before it say. */
function readFiles(context: Context, scene: Scene, files: readonly EnvFile[]): Texts {
  let texts: Texts = {}
  // What they come to is kept by what led to it: many services may name the same files.
  let trail = ''
  for (const file of files) {
    const text = readFile(context, scene, file)
    if (text === null) continue
    trail += `${file.isRaw ? 'raw ' : ''}${file.path}\0`
    const known = scene.envFiles.get(trail)
    if (known === undefined)
      scene.envFiles.set(trail, { ...texts, ...valuesIn(context, file, { text, before: texts }) })
    texts = scene.envFiles.get(trail)!
  }
  return texts
}

function readFile(context: Context, scene: Scene, { at, path, isRequired }: EnvFile): string | null {
  const text = context.reader.read(path)
  if (!isFailure(text)) return takeBytes(context, at, scene, text) ? text : null
  if (text.code === 'ENOENT' && !isRequired) return null
  return error(context, at, `${path} cannot be read: ${text.message}`, "make it, or write 'required: false'")
}

function valuesIn(
  context: Context,
  { path, isRaw }: EnvFile,
  { text, before }: { readonly text: string; readonly before: Texts },
): Texts {
  if (isRaw) return readRaw(context, text)
  const lookup = (name: string) => context.lookup(name) ?? (Object.hasOwn(before, name) ? before[name] : undefined)
  return parseFile(context, text, path, lookup)
}

function parseFile(context: Context, text: string, path: string, lookup: Context['lookup']): Texts {
  try {
    return parseEnvFile(text, path, lookup)
  } catch (caught) {
    if (!(caught instanceof FormatError)) throw caught
    // The same file may be named by many services.
    const isTold = context.problems.some((one) => one.file === path && one.line === caught.problem.line)
    if (!isTold) context.problems.push(caught.problem)
    return {}
  }
}

/** NAME=value lines without quotes or variables; a name alone takes its value from the environment. */
function readRaw(context: Context, text: string): Texts {
  const texts = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const [name, value] = splitPair(line)
    const known = value ?? context.lookup(name.trim())
    if (known !== undefined) texts.set(name.trim(), known)
  }
  return Object.fromEntries(texts)
}

/** Whether the files that services name may still hold that much. */
export function takeBytes(context: Context, setting: Setting, { bytesLeft }: Scene, text: string): boolean {
  const before = bytesLeft.count
  bytesLeft.count -= text.length
  if (bytesLeft.count < 0 && before >= 0)
    error(
      context,
      setting,
      `the files that services name hold more than ${processBytesMax} bytes`,
      'name fewer of them',
    )
  return bytesLeft.count >= 0
}

// ---- labels ----------------------------------------------------------------------------------------------------

/** Of `label_file`, and of `labels`, which wins. */
export function decodeContainerLabels(context: Context, keys: Keys, scene: Scene): Texts {
  const fileSetting = keys.get('label_file')
  const files = optional(fileSetting, (one) => readTexts(context, one, 'write a path, or a list of paths')) ?? []
  let labels: Texts = {}
  for (const file of files) {
    const path = absolutePath(directoryAt(context, fileSetting!.node), file)
    const text = context.reader.read(path)
    if (isFailure(text)) error(context, fileSetting!, `${path} cannot be read: ${text.message}`, 'check the path')
    else if (takeBytes(context, fileSetting!, scene, text))
      labels = { ...labels, ...parseFile(context, text, path, context.lookup) }
  }
  const own = keys.get('labels')
  if (own === null) return labels
  return { ...labels, ...ownLabels(context, own, readPairs(context, own) ?? {}) }
}
