import type { Alias, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { configDepthMax, configFilesMax, configNodesMax, problemsMax, yamlBytesMax } from '../core/limits.ts'
import { findLines, type Position, type Problem, placeIn } from './format-error.ts'

/** YAML as plain data that knows where it stands. Aliases and merge keys are resolved; an alias shares its anchor's node. */
export type YamlNode = YamlScalar | YamlList | YamlMap

interface Tagged extends Position {
  /** What Compose files say to what they are merged into: forget it, or take this in its place. */
  readonly tag?: 'reset' | 'override'
}

export interface YamlScalar extends Tagged {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As it is written, without quotes: `1.10` where the value is 1.1. */
  readonly source: string
}

export interface YamlList extends Tagged {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

export interface YamlMap extends Tagged {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, YamlEntry>
}

/** The position is the key's. */
export interface YamlEntry extends Position {
  readonly key: string
  readonly value: YamlNode
}

export interface YamlFile {
  /** One for each document that is not empty. Empty: there is none, or something could not be read. */
  readonly roots: readonly YamlNode[]
  readonly problems: readonly Problem[]
}

interface Reading {
  readonly file: string
  readonly library: typeof import('yaml')
  readonly lines: readonly number[]
  readonly problems: Problem[]
  readonly anchors: Map<string, Node>
  /** null while its anchor is being read: an alias to it would contain itself. */
  readonly done: Map<Node, Sized | null>
  /** Of all documents together. */
  readonly budget: Budget
}

interface Budget {
  /** Entries copied by merge keys so far. */
  merged: number
  /** Values in the documents that are done. */
  read: number
}

interface Sized {
  readonly node: YamlNode
  /** Nodes below and with this one, counted once per alias. */
  readonly size: number
}

/** Reads the YAML 1.2 documents of a text. Never throws for what is in the text; several problems are reported at once. */
export async function parseYaml(text: string, file: string): Promise<YamlFile> {
  // Loaded only here: 13 MB that most processes of ours never need.
  const library = await import('yaml')
  const lines = findLines(text)
  const problems: Problem[] = []
  const report = (offset: number, message: string, hint: string, severity: Problem['severity'] = 'error') => {
    if (problems.length >= problemsMax) return
    problems.push({ ...placeIn(lines, offset, file), setting: '', message, hint, severity })
  }
  if (text.length > yamlBytesMax) {
    report(0, `the file is larger than ${yamlBytesMax} bytes`, 'split it into several')
    return { roots: [], problems }
  }
  let documents: readonly Document[]
  try {
    const parsed = library.parseAllDocuments(text, {
      uniqueKeys: false,
      logLevel: 'silent',
      prettyErrors: false,
    })
    documents = Array.isArray(parsed) ? parsed : []
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(0, 'the file is nested too deeply to be read', `nothing here needs more than ${configDepthMax} levels`)
    return { roots: [], problems }
  }
  for (const document of documents) {
    let aliasLine = 0
    for (const { pos, message } of document.errors) {
      const isAlias = /alias/i.test(message)
      const { line } = placeIn(lines, pos[0], file)
      // A schedule without quotes has up to five such errors, and one cause.
      if (isAlias && line === aliasLine) continue
      if (isAlias) aliasLine = line
      report(pos[0], plainMessage(message), isAlias ? asterisk : '')
    }
    for (const { pos, message } of document.warnings)
      if (!mergeTag.test(message)) report(pos[0], plainMessage(message), '', 'warning')
  }
  if (documents.length > configFilesMax)
    report(0, `there are more than ${configFilesMax} documents in this file`, 'split it into several')
  if (problems.some((one) => one.severity === 'error')) return { roots: [], problems }
  const budget = { merged: 0, read: 0 }
  const roots: YamlNode[] = []
  for (const document of documents) {
    if (document.contents === null || isNothing(library, document.contents as Node)) continue
    const reading: Reading = { file, library, lines, problems, anchors: new Map(), done: new Map(), budget }
    const { node, size } = readNode(reading, document.contents as Node, 0)
    budget.read += size
    if (budget.read > configNodesMax)
      refuse(reading, document.range?.[0] ?? 0, `${tooMuch} in all documents`, fewerAliases)
    roots.push(node)
  }
  return { roots: problems.some((one) => one.severity === 'error') ? [] : roots, problems }
}

// What follows a --- with nothing behind it.
function isNothing(library: typeof import('yaml'), node: Node): boolean {
  return library.isScalar(node) && node.value === null && (node.source ?? '') === ''
}

const tooMuch = `holds more than ${configNodesMax} values once its aliases are put in`

const fewerAliases = 'use fewer aliases of aliases'

const mergeTag = /^Unresolved tag: !(?:reset|override)\s*$/

// Schedules begin with an asterisk, and YAML takes that for an alias.
const asterisk = 'if the * is part of a text, put the whole text in quotes'

// The library ends its sentences for its own layout, and tells an overflowing stack in the words of the engine.
function plainMessage(message: string): string {
  if (/call stack|Stack overflow/.test(message)) return 'nested too deeply to be read'
  return message.replace(/\s*:?\s*$/, '')
}

function readNode(reading: Reading, node: Node | null, depth: number): Sized {
  if (node === null) return { node: scalar(reading, 0, null, ''), size: 1 }
  const { library } = reading
  const offset = node.range?.[0] ?? 0
  if (depth > configDepthMax) {
    return refuse(reading, offset, `nested deeper than ${configDepthMax} levels`, 'nothing here needs that')
  }
  if (library.isAlias(node)) return readAlias(reading, node)
  const known = reading.done.get(node)
  if (known) return known
  reading.done.set(node, null)
  const anchor = (node as Scalar | YAMLMap | YAMLSeq).anchor
  if (anchor !== undefined) reading.anchors.set(anchor, node)
  const result = readFresh(reading, node, depth)
  reading.done.set(node, result)
  if (result.size > configNodesMax) {
    return refuse(reading, offset, tooMuch, fewerAliases)
  }
  return result
}

function readFresh(reading: Reading, node: Node, depth: number): Sized {
  const read = readPlain(reading, node, depth)
  const { tag } = node as Scalar
  return tag === '!reset' || tag === '!override'
    ? { ...read, node: { ...read.node, tag: tag === '!reset' ? 'reset' : 'override' } }
    : read
}

function readPlain(reading: Reading, node: Node, depth: number): Sized {
  const { library } = reading
  const at = positionOf(reading, node.range?.[0] ?? 0)
  if (library.isMap(node)) return readMap(reading, node as YAMLMap<unknown, unknown>, at, depth)
  if (library.isSeq(node)) {
    const items = (node.items as readonly (Node | null)[]).map((item) => readNode(reading, item, depth + 1))
    const size = items.reduce((sum, item) => sum + item.size, 1)
    return { node: { ...at, kind: 'list', items: items.map((item) => item.node) }, size }
  }
  const { value, source } = node as Scalar
  return { node: scalar(reading, node.range?.[0] ?? 0, value, source ?? String(value ?? '')), size: 1 }
}

function scalar(reading: Reading, offset: number, value: unknown, source: string): YamlScalar {
  const at = positionOf(reading, offset)
  const isPlain = value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return { ...at, kind: 'scalar', value: isPlain ? value : source, source }
}

function readAlias(reading: Reading, alias: Alias): Sized {
  const offset = alias.range?.[0] ?? 0
  const target = reading.anchors.get(alias.source)
  const known = target && reading.done.get(target)
  if (known) return known.size > configNodesMax ? { ...known, size: 1 } : known
  if (target === undefined) {
    return refuse(
      reading,
      offset,
      `the alias *${alias.source} has no anchor before it`,
      `write &${alias.source} before the value that is meant`,
    )
  }
  return refuse(
    reading,
    offset,
    `the alias *${alias.source} stands inside its own value`,
    'a value cannot contain itself',
  )
}

function readMap(reading: Reading, map: YAMLMap<unknown, unknown>, at: Position, depth: number): Sized {
  const own = new Map<string, YamlEntry>()
  const merged = new Map<string, YamlEntry>()
  let size = 1
  for (const pair of map.items as readonly Pair<Node | null, Node | null>[]) {
    const keyOffset = pair.key?.range?.[0] ?? map.range?.[0] ?? 0
    const value = readNode(reading, pair.value, depth + 1)
    size += value.size
    const key = readKey(reading, pair.key, keyOffset)
    if (key === null) continue
    // A value that is not written stands where its key does.
    const node = pair.value === null ? { ...value.node, ...positionOf(reading, keyOffset) } : value.node
    // Not left to the library, which compares each key with all before it.
    const first = own.get(key)
    if (first !== undefined) {
      refuse(
        reading,
        keyOffset,
        `the key '${key}' stands in line ${first.line} already`,
        'keys of a map are unique: remove one of them',
      )
    }
    if (key === '<<') mergeInto(reading, merged, node)
    else own.set(key, { ...positionOf(reading, keyOffset), key, value: node })
  }
  return { node: { ...at, kind: 'map', entries: new Map([...merged, ...own]) }, size }
}

function readKey(reading: Reading, key: Node | null, offset: number): string | null {
  const { library } = reading
  const node = library.isAlias(key) ? reading.anchors.get(key.source) : key
  if (node && library.isScalar(node)) {
    if (node.anchor !== undefined) reading.anchors.set(node.anchor, node)
    if (!reading.done.get(node)) reading.done.set(node, readFresh(reading, node, 0))
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }
  refuse(reading, offset, 'this key is not a plain word', 'write key: value')
  return null
}

// Earlier maps of a list win over later ones, and the keys of the map itself win over both.
function mergeInto(reading: Reading, merged: Map<string, YamlEntry>, value: YamlNode): void {
  const sources = value.kind === 'list' ? value.items : [value]
  for (const source of sources) {
    if (source.kind !== 'map') {
      const at: Position = { file: source.file, line: source.line, column: source.column }
      reading.problems.push({
        ...at,
        setting: '<<',
        message: 'only maps can be merged',
        hint: 'write <<: *anchor, where the anchor stands before a map',
        severity: 'error',
      })
      continue
    }
    if (reading.budget.merged > configNodesMax) return
    reading.budget.merged += source.entries.size
    if (reading.budget.merged > configNodesMax) {
      const at: Position = { file: source.file, line: source.line, column: source.column }
      const message = `merge keys bring in more than ${configNodesMax} values`
      reading.problems.push({ ...at, setting: '<<', message, hint: 'merge smaller maps', severity: 'error' })
      return
    }
    for (const [key, entry] of source.entries) if (!merged.has(key)) merged.set(key, entry)
  }
}

function refuse(reading: Reading, offset: number, message: string, hint: string): Sized {
  if (reading.problems.length < problemsMax)
    reading.problems.push({ ...positionOf(reading, offset), setting: '', message, hint, severity: 'error' })
  return { node: scalar(reading, offset, null, ''), size: 1 }
}

function positionOf(reading: Reading, offset: number): Position {
  return placeIn(reading.lines, offset, reading.file)
}
