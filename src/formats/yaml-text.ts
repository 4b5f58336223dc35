/** What YAML can say, as plain data. Keys that are undefined are left out. */
export type YamlValue = string | number | boolean | null | readonly YamlValue[] | YamlRecord

export interface YamlRecord {
  readonly [key: string]: YamlValue | undefined
}

/** Remarks of one key: lines above it, and one behind it. */
export interface Remarks {
  readonly above: readonly string[]
  readonly behind: string | null
}

export interface YamlLayout {
  /** Of the value at this path of keys. Lists have one for the whole. */
  remarks(path: readonly string[]): Remarks
  /** Whether this map or list of maps stands on the line of its key, if it is short enough. */
  isOnOneLine?(path: readonly string[]): boolean
}

/** So wide a list of words stays on one line, and so does a map in a list. */
const flowCharsMax = 100

/** So wide is what its layout wants on one line. */
const shortCharsMax = 72

const noRemarks: YamlLayout = { remarks: () => ({ above: [], behind: null }) }

/** A block of YAML 1.2 lines that parseYaml reads back to the same value, with LF at the end. `value` is not empty. */
export function printYaml(value: YamlRecord, layout: YamlLayout = noRemarks): string {
  return printEntries(value, [], '', layout).join('\n').concat('\n')
}

function printEntries(
  record: YamlRecord,
  path: readonly string[],
  indent: string,
  layout: YamlLayout,
): readonly string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    if (value === undefined) return []
    const here = [...path, key]
    const { above, behind } = layout.remarks(here)
    const remark = behind === null ? '' : `  # ${onOneLine(behind)}`
    const [first, ...rest] = printEntry(`${indent}${printScalar(key)}:`, value, here, indent, layout)
    return [...above.map((line) => `${indent}# ${onOneLine(line)}`.trimEnd()), `${first}${remark}`, ...rest]
  })
}

function printEntry(
  head: string,
  value: YamlValue,
  path: readonly string[],
  indent: string,
  layout: YamlLayout,
): readonly string[] {
  if (layout.isOnOneLine?.(path) === true) {
    const flow = printFlow(value)
    if (flow.length <= shortCharsMax) return [`${head} ${flow}`]
  }
  if (isRecord(value) && Object.keys(value).length > 0)
    return [head, ...printEntries(value, path, `${indent}  `, layout)]
  if (!isList(value) || value.every(isScalar)) {
    const flow = printFlow(value)
    if (!isList(value) || flow.length <= flowCharsMax) return [`${head} ${flow}`]
  }
  return [head, ...value.flatMap((item) => printItem(item, `${indent}  `))]
}

function printItem(item: YamlValue, indent: string): readonly string[] {
  const flow = printFlow(item)
  if (!isRecord(item) || flow.length <= flowCharsMax) return [`${indent}- ${flow}`]
  const [first = '', ...rest] = printEntries(item, [], `${indent}  `, noRemarks)
  return [`${indent}- ${first.trimStart()}`, ...rest]
}

function printFlow(value: YamlValue | undefined): string {
  if (isList(value)) return `[${value.map(printFlow).join(', ')}]`
  if (!isRecord(value)) return printScalar(value ?? null)
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return `{${entries.map(([key, one]) => `${printScalar(key)}: ${printFlow(one)}`).join(', ')}}`
}

/** Texts that no reader of YAML takes for anything else stand without quotes. */
export function printScalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  const isPlain = /^(?:-{0,2}[A-Za-z_]|[./])[A-Za-z0-9_./+@%^=~-]*(?: [A-Za-z0-9_./+@%^=~-]+)*$/.test(value)
  if (/^(?:[0-9]+(?:ms|[smhd]|[kmgt]?b))+$/.test(value)) return value
  if (isPlain && !otherWords.test(value) && !/^\.[0-9]/.test(value)) return value
  // Whatever a single quote cannot hold is escaped as in JSON, which YAML reads as well.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (!/['\u0000-\u001f\u007f-\uffff]/.test(value)) return `'${value}'`
  return JSON.stringify(value).replace(/[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g, escaped)
}

/** What a reader of YAML 1.1 or 1.2 takes for null, a truth value, a number or the end of a document. */
const otherWords = /^(?:null|true|false|yes|no|on|off|\.inf|\.nan|\.+)$/i

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function onOneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ')
}

function isScalar(value: YamlValue): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null
}

function isList(value: YamlValue | undefined): value is readonly YamlValue[] {
  return Array.isArray(value)
}

function isRecord(value: YamlValue | undefined): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
