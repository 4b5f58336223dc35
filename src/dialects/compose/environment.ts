import type { EnvFile } from '../../core/model.ts'
import { envFileMap } from './keys.ts'
import {
  type Context,
  child,
  error,
  optional,
  readBoolean,
  readItems,
  readKeys,
  readPath,
  readText,
  report,
  type Setting,
} from './values.ts'

/** A map of variables, or a list of NAME=value. */
export function decodeEnvironment(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  const values = new Map<string, string>()
  if (setting.node.kind === 'map') {
    for (const entry of setting.node.entries.values()) addVariable(context, values, entry.key, child(setting, entry))
    return Object.fromEntries(values)
  }
  const items = readItems(context, setting, "write 'NAME: value' lines, or a list of NAME=value")
  for (const item of items ?? []) {
    const text = readText(context, item)
    if (text === null) continue
    const equals = text.indexOf('=')
    if (equals === -1) passThrough(context, values, text)
    else if (checkName(context, item, text.slice(0, equals))) values.set(text.slice(0, equals), text.slice(equals + 1))
  }
  return Object.fromEntries(values)
}

function addVariable(context: Context, values: Map<string, string>, name: string, setting: Setting): void {
  if (!checkName(context, setting, name)) return
  const { node } = setting
  if (node.kind === 'scalar' && node.value === null) {
    passThrough(context, values, name)
    return
  }
  const text = readText(context, setting)
  if (text === null) return
  if (node.kind === 'scalar' && typeof node.value === 'number' && String(node.value) !== text) {
    report(
      context,
      node,
      setting.path,
      `this number is passed on as it is written, '${text}'`,
      `Compose might pass '${node.value}': put it in quotes`,
      'warning',
    )
  }
  values.set(name, text)
}

// A name without a value takes the daemon's own, and is left out when it has none.
function passThrough(context: Context, values: Map<string, string>, name: string): void {
  const value = context.lookup(name)
  if (value !== undefined) values.set(name, value)
}

function checkName(context: Context, setting: Setting, name: string): boolean {
  if (name !== '' && !/[=\0]/.test(name)) return true
  error(context, setting, `'${name}' cannot be the name of a variable`, 'names consist of letters, digits and _')
  return false
}

export function decodeEnvFiles(context: Context, setting: Setting): readonly EnvFile[] | null {
  if (setting.node.kind === 'scalar') {
    const path = readPath(context, setting)
    return path === null ? null : [{ path, required: true }]
  }
  const items = readItems(context, setting, 'write a path, or a list of paths') ?? []
  return items.map((item) => decodeEnvFile(context, item)).filter((file) => file !== null)
}

function decodeEnvFile(context: Context, setting: Setting): EnvFile | null {
  if (setting.node.kind !== 'map') {
    const path = readPath(context, setting)
    return path === null ? null : { path, required: true }
  }
  const keys = readKeys(context, setting, envFileMap)
  const path = optional(keys?.get('path') ?? null, (one) => readPath(context, one))
  const required = optional(keys?.get('required') ?? null, (one) => readBoolean(context, one))
  if (path !== null) return { path, required: required ?? true }
  return keys?.get('path')
    ? null
    : error(context, setting, 'the file has no path', "write 'path:' with the path of the file")
}
