import type { IniSection } from '../../formats/ini.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { foreignSections, sectionKind, sectionOptions } from './options.ts'
import { report } from './problems.ts'
import { beginSection, type Context, warn } from './section.ts'

/** Warns of sections and options that supervisord passes over, and of those that are not acted on here. */
export function checkSections(context: Context): void {
  for (const section of context.document.sections.values()) {
    const kind = sectionKind(section.name)
    if (kind !== null) checkKeys(context, section, kind)
    else if (!foreignSections.some((pattern) => pattern.test(section.name))) warnOfSection(context, section)
  }
}

function warnOfSection({ problems }: Context, section: IniSection): void {
  const { name } = section
  const kind = name.includes(':') ? name.slice(0, name.indexOf(':') + 1) : name
  const known = [...Object.keys(sectionOptions), 'include', 'supervisorctl', 'rpcinterface:']
  const hint = didYouMean(kind.trim(), known, 'supervisord ignores it as well; remove it')
  const message = `unknown section [${name}] is ignored`
  report(problems, section, { setting: name, message, hint, severity: 'warning' })
}

function checkKeys(context: Context, iniSection: IniSection, kind: string): void {
  const options = sectionOptions[kind]!
  const section = beginSection(context, iniSection)
  for (const entry of iniSection.entries.values()) {
    const known = Object.hasOwn(options, entry.key) ? options[entry.key] : undefined
    if (known === true) continue
    if (known === undefined) {
      const hint = didYouMean(entry.key, Object.keys(options), 'supervisord ignores it as well; remove it')
      warn(section, entry, entry.key, `unknown option '${entry.key}' is ignored`, hint)
    } else if (!/^(?:0|no|false|off|)$/i.test(entry.value)) {
      warn(section, entry, entry.key, `this version of Holdfast does not act on it: ${known.why}`, known.hint)
    }
  }
}
