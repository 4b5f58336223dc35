import { splitPair } from './pairs.ts'
import { type Context, child, error, readItems, readText, readTextOrNothing, type Setting } from './values.ts'

/** A map of texts. What is not written is empty. */
export function readNamedTexts(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  const { node } = setting
  if (node.kind !== 'map')
    return error(context, setting, 'a map is expected here', "write 'name: value' lines below it")
  const texts = new Map<string, string>()
  for (const entry of node.entries.values()) {
    const text = readTextOrNothing(context, child(setting, entry))
    if (text !== null) texts.set(entry.key, text)
  }
  return Object.fromEntries(texts)
}

/** The same, or a list of name=value. */
export function readPairs(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  if (setting.node.kind === 'map') return readNamedTexts(context, setting)
  const items = readItems(context, setting, "write 'name: value' lines, or a list of name=value")
  if (items === null) return null
  const texts = new Map<string, string>()
  for (const item of items) {
    const text = readText(context, item)
    if (text === null) continue
    const [name, value] = splitPair(text)
    if (name === '') error(context, item, `'${text}' has no name`, 'write name=value')
    else texts.set(name, value ?? '')
  }
  return Object.fromEntries(texts)
}
