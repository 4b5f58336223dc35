import { isFailure } from '../../source-reader.ts'
import { splitPair } from '../pairs.ts'
import {
  absolutePath,
  type Context,
  child,
  directoryAt,
  error,
  readItems,
  readText,
  readTexts,
  type Setting,
} from '../values.ts'
import { takeBytes } from './environment.ts'
import type { Scene } from './scene.ts'

/** `host:address` of a list of HOST=ADDRESS, or of a map. */
export function decodeExtraHosts(context: Context, setting: Setting): readonly string[] {
  return [...new Set(readHosts(context, setting))]
}

function readHosts(context: Context, setting: Setting): readonly string[] {
  if (setting.node.kind === 'map') {
    return [...setting.node.entries.values()].flatMap((entry) => {
      const one = child(setting, entry)
      const addresses = readTexts(context, one, 'write an address, or a list of them') ?? []
      return addresses.map((address) => hostLine(entry.key, address))
    })
  }
  const items = readItems(context, setting, 'write a list: ["HOST=ADDRESS"], or a map') ?? []
  return items.flatMap((item) => {
    const text = readText(context, item)
    if (text === null) return []
    const [host, address] = splitHost(text)
    if (host !== '' && address !== '') return [hostLine(host, address)]
    error(context, item, `'${text}' is not a host with its address`, 'write HOST=ADDRESS')
    return []
  })
}

function splitHost(text: string): readonly [host: string, address: string] {
  const [host, address] = splitPair(text)
  if (address !== null) return [host, address]
  const colon = text.indexOf(':')
  return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
}

function hostLine(host: string, address: string): string {
  return `${host}:${address.replace(/^\[(.*)\]$/, '$1')}`
}

/** Options of security as the engine takes them: a profile of seccomp is read from its file. */
export function decodeSecurityOptions(context: Context, setting: Setting, scene: Scene): readonly string[] {
  const items = readItems(context, setting, 'write a list: ["no-new-privileges=true"]') ?? []
  return [
    ...new Set(items.map((item) => decodeSecurityOption(context, item, scene)).filter((option) => option !== null)),
  ]
}

function decodeSecurityOption(context: Context, setting: Setting, scene: Scene): string | null {
  const text = readText(context, setting)
  if (text === null || text === 'no-new-privileges') return text
  const match = /^([a-z-]+)[=:](.+)$/s.exec(text)
  if (match === null) return error(context, setting, `'${text}' is not an option of security`, 'write name=value')
  const [, name = '', value = ''] = match
  if (name === 'systempaths')
    return error(context, setting, 'paths of the system cannot be shown here', 'write privileged: true, or remove it')
  if (name !== 'seccomp' || value === 'unconfined' || value === 'builtin') return `${name}=${value}`
  const profile = value.startsWith('{') ? value : readProfile(context, setting, scene, value)
  return profile === null ? null : compactProfile(context, setting, profile)
}

function readProfile(context: Context, setting: Setting, scene: Scene, file: string): string | null {
  const path = absolutePath(directoryAt(context, setting.node), file)
  const text = context.reader.read(path)
  if (isFailure(text)) return error(context, setting, `${path} cannot be read: ${text.message}`, 'check the path')
  return takeBytes(context, setting, scene, text) ? text : null
}

function compactProfile(context: Context, setting: Setting, text: string): string | null {
  try {
    return `seccomp=${JSON.stringify(JSON.parse(text))}`
  } catch (caught) {
    if (!(caught instanceof SyntaxError)) throw caught
    return error(
      context,
      setting,
      `the profile of seccomp is not JSON: ${caught.message}`,
      'name a file with a profile',
    )
  }
}
