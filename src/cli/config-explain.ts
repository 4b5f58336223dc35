import { describeValue, type ExplainedKey, explainKey, keysOf } from '../dialects/compose/explain-key.ts'
import type { KeySpec, MapSpec } from '../dialects/compose/key-table.ts'
import { printYaml, type YamlRecord, type YamlValue } from '../formats/yaml-text.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'
import { type LabelledRow, printRows, wrapText } from './wrap.ts'

/** `holdfast config explain [KEY]`: what a key of holdfast.yaml means, without a look at any file. */
export function runConfigExplain(context: Context): ExitCode {
  const { operands, out, talk, terminal, home } = context
  const [path, ...more] = operands
  if (more.length > 0) throw new UsageError('config explain takes one key')
  if (path === undefined) {
    out(`${printKeys(keysOf(''), terminal).join('\n')}\n`)
    talk(`more: ${typed(home, 'config explain services.web.healthcheck')}\n`)
    return exitCodes.ok
  }
  const found = explainKey(path)
  if (found.kind === 'key') {
    out(printKey(found, terminal))
    return exitCodes.ok
  }
  talk(`holdfast: ${refusal(found)}\n`)
  return exitCodes.usage
}

function refusal(found: Exclude<ExplainedKey, { kind: 'key' }>): string {
  if (found.kind === 'not-yet')
    return `'${found.path}' is part of the Compose format, and nothing that Holdfast can do; ${found.instead}`
  const { key, below, similar } = found
  const place = below === '' ? 'holdfast.yaml' : below
  const known = Object.keys(keysOf(below))
  const hint = similar !== null ? `did you mean '${similar}'?` : `there are ${known.join(', ')}`
  return known.length === 0 ? `${place} has no keys below it` : `${place} has no key '${key}'; ${hint}`
}

function printKey({ path, spec, keys }: Extract<ExplainedKey, { kind: 'key' }>, terminal: Terminal): string {
  const isMap = Object.keys(keys).length > 0
  const rows: LabelledRow[] = []
  if (!isMap || spec.value.kind !== 'map') rows.push(['value', isMap ? formsOf(spec) : describeValue(spec.value)])
  const usual = usualText(spec)
  if (usual !== null) rows.push(['default', usual])
  const head = [path, '', ...wrapText(spec.what, (terminal.columns ?? 100) - 2).map((line) => `  ${line}`)]
  const facts = printRows(rows, { columns: terminal.columns, labelWidth: 7 })
  const key = path.slice(path.lastIndexOf('.') + 1)
  const example = printYaml({ [key]: spec.example } as YamlRecord).trimEnd()
  const shown = ['  example', ...example.split('\n').map((line) => `    ${line}`)]
  const below = isMap ? ['', ...printKeys(keys, terminal)] : []
  return `${[...head, '', ...facts, ...(facts.length > 0 ? [''] : []), ...shown, ...below].join('\n')}\n`
}

/** The forms of a value that is a map, or something shorter. */
function formsOf({ value }: Pick<KeySpec, 'value'>): string {
  if (value.kind === 'either')
    return value.of.map((one) => (one.kind === 'map' ? 'a map' : describeValue(one))).join('; or ')
  if (value.kind === 'list')
    return value.items.kind === 'map' ? 'a list of maps' : `a list, each ${formsOf({ value: value.items })}`
  return value.kind === 'named' ? `a map of ${value.name}` : 'a map'
}

function textOf(value: YamlValue): string {
  return printYaml({ a: value }).slice(3).trimEnd()
}

function printKeys(keys: MapSpec['keys'], terminal: Terminal): readonly string[] {
  const labelWidth = Math.max(...Object.keys(keys).map((key) => key.length))
  const rows = Object.entries(keys).map(([key, spec]): LabelledRow => [key, inShort(spec)])
  return printRows(rows, { columns: terminal.columns, labelWidth })
}

function inShort(spec: KeySpec): string {
  const usual = usualText(spec)
  return usual === null ? firstSentence(spec.what) : `${firstSentence(spec.what)} Default: ${usual}.`
}

function usualText(spec: KeySpec): string | null {
  return spec.otherwise ?? (spec.default === undefined ? null : textOf(spec.default as YamlValue))
}

function firstSentence(text: string): string {
  return /^.*?[^.]\.(?= |$)/.exec(text)?.[0] ?? text
}
