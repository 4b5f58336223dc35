import { beginSection, type Context, entryOf, fail, textOf, warn } from './section.ts'

const factoryKey = 'supervisor.rpcinterface_factory'
const factory = 'supervisor.rpcinterface:make_main_rpcinterface'

/** Whether there is a namespace `supervisor`; interfaces of others are Python, and left out. */
export function decodeRpcInterfaces(context: Context): boolean {
  let isThere = false
  for (const iniSection of context.document.sections.values()) {
    const { name } = iniSection
    if (!name.startsWith('rpcinterface:')) continue
    const section = beginSection(context, iniSection)
    const text = textOf(section, factoryKey)
    const entry = entryOf(section, factoryKey)
    if (entry === null) {
      const message = `section [${name}] does not specify a ${factoryKey}`
      fail(section, iniSection, factoryKey, message, `write ${factoryKey} = ${factory}`)
    } else if (text !== null && (text !== factory || name !== 'rpcinterface:supervisor')) {
      warn(section, entry, factoryKey, `${text} is Python and cannot be loaded: the interface is left out`, '')
    } else if (text !== null) {
      isThere = true
    }
    for (const key of iniSection.entries.keys()) if (key !== factoryKey) textOf(section, key)
  }
  return isThere
}
