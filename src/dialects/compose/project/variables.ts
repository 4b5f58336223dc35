import { argumentBytesMax } from '../../../core/limits.ts'
import { parseEnvFile } from '../../../formats/env-file.ts'
import { FormatError, type Position } from '../../../formats/format-error.ts'
import { interpolate, type Lookup } from '../../../formats/interpolation.ts'
import type { YamlEntry, YamlNode, YamlScalar } from '../../../formats/yaml.ts'
import { isFailure } from '../../source-reader.ts'
import { type Context, report } from '../values.ts'

/**
 * The same with variables put into every text: `source` stays what was written. What is for other programs is left as it
 * is. A problem is told at its place; `path` leads to the node.
 */
export function putInVariables(context: Context, lookup: Lookup, node: YamlNode, path: string): YamlNode {
  switch (node.kind) {
    case 'scalar':
      return putIntoText(context, lookup, node, path)
    case 'list': {
      const items = node.items.map((item, index) => putInVariables(context, lookup, item, `${path}[${index}]`))
      return items.every((item, index) => item === node.items[index]) ? node : { ...node, items }
    }
    case 'map': {
      const entries = new Map<string, YamlEntry>()
      let isSame = true
      for (const [key, entry] of node.entries) {
        const isOthers = key.startsWith('x-') && key !== 'x-holdfast'
        const below = path === '' ? key : `${path}.${key}`
        const value = isOthers ? entry.value : putInVariables(context, lookup, entry.value, below)
        isSame &&= value === entry.value
        entries.set(key, value === entry.value ? entry : { ...entry, value })
      }
      return isSame ? node : { ...node, entries }
    }
  }
}

function putIntoText(context: Context, lookup: Lookup, node: YamlScalar, path: string): YamlScalar {
  if (typeof node.value !== 'string' || !node.value.includes('$')) return node
  const result = interpolate(node.value, lookup, argumentBytesMax)
  if (result.kind === 'error') {
    report(context, node, path, result.message, result.hint)
    const broken: YamlScalar = { ...node, value: '' }
    context.broken.add(broken)
    return broken
  }
  for (const name of result.unset) {
    const message = `the variable ${name} is not set, and taken as empty`
    report(context, node, path, message, `set it, or write \${${name}:-default}`, 'warning')
  }
  return { ...node, value: result.value }
}

/**
 * Variables of `before`, and those it does not have from files of NAME=value lines, of which later ones win. `missing`: what
 * a file that is not there means.
 */
export function lookupWithFiles(
  context: Context,
  before: Lookup,
  files: readonly { readonly path: string; readonly at: Position; readonly missing: 'nothing' | 'error' }[],
): Lookup {
  let lookup = before
  let values: Readonly<Record<string, string>> = {}
  for (const { path, at, missing } of files) {
    const read = readVariables(context, lookup, { path, at, missing })
    values = { ...values, ...read }
    const known = values
    lookup = (name) => before(name) ?? (Object.hasOwn(known, name) ? known[name] : undefined)
  }
  return lookup
}

function readVariables(
  context: Context,
  lookup: Lookup,
  { path, at, missing }: { readonly path: string; readonly at: Position; readonly missing: 'nothing' | 'error' },
): Readonly<Record<string, string>> {
  const text = context.reader.read(path)
  if (isFailure(text)) {
    if (missing === 'error') {
      report(context, at, '', `${path} cannot be read: ${text.message}`, 'check the path and its permissions')
    } else if (text.code !== 'ENOENT') {
      const start = { file: path, line: 1, column: 1 }
      const instead = 'variables are taken from the environment only'
      report(context, start, '', `cannot be read: ${text.message}`, instead, 'warning')
    }
    return {}
  }
  try {
    return parseEnvFile(text, path, lookup)
  } catch (caught) {
    if (!(caught instanceof FormatError)) throw caught
    context.problems.push(caught.problem)
    return {}
  }
}
