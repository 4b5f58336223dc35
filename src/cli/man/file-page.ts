import { describeValue } from '../../dialects/compose/explain-key.ts'
import type { KeySpec, MapSpec, ValueSpec } from '../../dialects/compose/key-table.ts'
import { topMap } from '../../dialects/compose/keys.ts'
import { printYaml, type YamlValue } from '../../formats/yaml-text.ts'
import { bold, line, pageHead, tagged, verbatim } from './roff.ts'

/** holdfast.yaml(5): every key, from the table that the decoder goes by. */
export function filePage(options: { readonly version: string; readonly date: string }): string {
  const what = 'what Holdfast keeps running'
  return [
    ...pageHead({ ...options, name: 'holdfast.yaml', section: 5, what }),
    '.SH DESCRIPTION',
    line(
      'Files that declare services in the format of Compose: those with an image are containers, others are processes of the host. What Compose has no words for stands below x-holdfast.',
    ),
    line('An unknown key is an error. In every text variables are put in: $NAME, or with braces a default as well.'),
    ...verbatim([
      'services:',
      '  web:',
      '    command: node server.js',
      '    restart: on-failure',
      '    environment: {PORT: 8080}',
    ]),
    '.PP',
    line('The same, with an example for each key: holdfast config explain KEY.'),
    '.SH KEYS',
    ...mapsOf('', topMap).flatMap(({ path, map }) => [
      `.SS "${path === '' ? 'At the top' : line(path)}"`,
      ...Object.entries<KeySpec>(map.keys).flatMap(([key, spec]) => keyLines(key, spec)),
    ]),
    '.SH "SEE ALSO"',
    `${bold('holdfast')}(1)`,
    '',
  ].join('\n')
}

function keyLines(key: string, spec: KeySpec): readonly string[] {
  const usual = spec.otherwise ?? (spec.default === undefined ? null : textOf(spec.default as YamlValue))
  return tagged(
    bold(key),
    spec.what,
    below(spec.value).length > 0 ? '' : `Value: ${describeValue(spec.value)}.`,
    usual === null ? '' : `Default: ${usual}.`,
    `Example: ${key}: ${textOf(spec.example as YamlValue)}`,
  )
}

interface FoundMap {
  readonly path: string
  readonly map: MapSpec
}

/** This map, and those below it, each once: the same map may stand in several places. */
function mapsOf(path: string, map: MapSpec, seen: Set<MapSpec> = new Set()): readonly FoundMap[] {
  if (seen.has(map)) return []
  seen.add(map)
  const found: FoundMap[] = [{ path, map }]
  for (const [key, { value }] of Object.entries<KeySpec>(map.keys)) {
    for (const each of below(value))
      found.push(...mapsOf([path, key, each.name].filter((part) => part !== '').join('.'), each.map, seen))
  }
  return found
}

/** The maps that a value may be; `name`: what stands for the name of one of several. */
function below(value: ValueSpec): readonly { readonly name: string; readonly map: MapSpec }[] {
  switch (value.kind) {
    case 'map':
      return [{ name: '', map: value }]
    case 'list':
      return below(value.items)
    case 'named':
      return below(value.value).map(({ map }) => ({ name: value.name, map }))
    case 'either':
      return value.of.flatMap(below)
    default:
      return []
  }
}

/** On one line, and where it is long with blanks to break it at. */
function textOf(value: YamlValue): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value, null, 1).replace(/\n */g, ' ')
  return printYaml({ a: value }).slice(3).trimEnd()
}
