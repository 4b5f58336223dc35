import type { Labels } from '../../core/model.ts'
import { noLabels } from '../../core/target/plain.ts'
import type { Position } from '../../formats/format-error.ts'
import { type Context, child, readItems, readText, report, type Setting } from './values.ts'

/** A map of labels, or a list of name=value; a name alone has the empty value. */
export function decodeLabels(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  const labels = new Map<string, string>()
  if (setting.node.kind === 'map') {
    for (const entry of setting.node.entries.values()) {
      const value = readValue(context, child(setting, entry))
      if (value !== null && checkName(context, entry, child(setting, entry).path, entry.key))
        labels.set(entry.key, value)
    }
    return Object.fromEntries(labels)
  }
  const items = readItems(context, setting, "write 'name: value' lines, or a list of name=value")
  for (const item of items ?? []) {
    const text = readText(context, item)
    if (text === null) continue
    const equals = text.indexOf('=')
    const name = equals === -1 ? text : text.slice(0, equals)
    if (checkName(context, item.node, item.path, name)) labels.set(name, equals === -1 ? '' : text.slice(equals + 1))
  }
  return Object.fromEntries(labels)
}

/** Of the labels of a container those that commands can select by; they may have any name. */
export function selectableLabels(labels: Labels): Labels {
  const entries = Object.entries(labels).filter(([name]) => namePattern.test(name) && !name.startsWith(composeLabels))
  return entries.length === 0 ? noLabels : Object.fromEntries(entries)
}

/** Where this service comes from: commands select that by its names. */
const composeLabels = 'com.docker.compose.'

const namePattern = /^[^\s=!,\0]+$/

function readValue(context: Context, setting: Setting): string | null {
  const { node } = setting
  return node.kind === 'scalar' && node.value === null ? '' : readText(context, setting)
}

/** What the selection by labels has signs for cannot be part of a name, or nobody could select it. */
function checkName(context: Context, at: Position, path: string, name: string): boolean {
  if (namePattern.test(name)) return true
  const hint = 'names of labels have no blanks, commas, = and !'
  report(context, at, path, `'${name}' cannot be the name of a label`, hint)
  return false
}
