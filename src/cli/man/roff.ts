import { asciiText } from '../ascii-text.ts'

/** Pages in the macros of man(7), which groff and mandoc both know. */

export interface PageHead {
  readonly name: string
  readonly section: number
  /** One line: what it is. */
  readonly what: string
  readonly version: string
  /** `2026-02-28` */
  readonly date: string
}

export function pageHead({ name, section, what, version, date }: PageHead): readonly string[] {
  const kind = section === 1 ? 'User Commands' : 'File Formats'
  return [
    `.TH ${name.toUpperCase()} ${section} ${date} "Holdfast ${version}" "${kind}"`,
    // Commands and keys are there to be copied: no hyphens, nothing stretched.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(what)}`,
  ]
}

/** Text as it is: no letter of it is a command, and a hyphen is one that can be copied. */
export function escaped(text: string): string {
  return asciiText(text)
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
}

/** A paragraph, of one line. */
export function line(text: string): string {
  const safe = escaped(text)
  return safe.startsWith('.') ? `\\&${safe}` : safe
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`
}

/** What is explained, and the explanation below it. */
export function tagged(label: string, ...texts: readonly string[]): readonly string[] {
  const [first = '', ...others] = texts.filter((text) => text !== '')
  return ['.TP', label, line(first), ...others.flatMap((text) => ['.br', line(text)])]
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[]): readonly string[] {
  return ['.PP', '.nf', '.RS 4', ...lines.map(line), '.RE', '.fi']
}
