/** A metric family of OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). */
export interface Family {
  /** Without the suffix that its type gives to samples; ends with its unit where it has one. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'info' | 'stateset'
  readonly unit?: 'seconds' | 'bytes'
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  /** As `printLabels` made them: many samples share theirs. */
  readonly labels: string
  readonly value: number
}

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** A family with its samples; nothing where it has none. */
export function printFamily({ name, type, unit, help, samples }: Family): string {
  if (samples.length === 0) return ''
  const parts = [`# TYPE ${name} ${type}\n`]
  if (unit !== undefined) parts.push(`# UNIT ${name} ${unit}\n`)
  parts.push(`# HELP ${name} ${escaped(help)}\n`)
  const sampleName = `${name}${suffixes[type]}`
  for (const { labels, value } of samples) {
    parts.push(`${sampleName}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}\n`)
  }
  return parts.join('')
}

/** What a document ends with. */
export const endOfMetrics = '# EOF\n'

/** One sample for each state there is: 1 for the present one. */
export function stateSamples(
  name: string,
  states: readonly string[],
  present: string,
  labels: string,
): readonly Sample[] {
  const before = labels === '' ? '' : `${labels},`
  return states.map((state) => ({ labels: `${before}${name}="${state}"`, value: state === present ? 1 : 0 }))
}

const suffixes: Readonly<Record<Family['type'], string>> = { gauge: '', counter: '_total', info: '_info', stateset: '' }

export function printLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
