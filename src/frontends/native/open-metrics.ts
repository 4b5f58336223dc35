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
  readonly labels: Labels
  readonly value: number
}

export type Labels = Readonly<Record<string, string>>

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** A document; families without samples are left out. */
export function printFamilies(families: readonly Family[]): string {
  const parts: string[] = []
  for (const { name, type, unit, help, samples } of families) {
    if (samples.length === 0) continue
    parts.push(`# TYPE ${name} ${type}\n`)
    if (unit !== undefined) parts.push(`# UNIT ${name} ${unit}\n`)
    parts.push(`# HELP ${name} ${escaped(help)}\n`)
    const sampleName = `${name}${suffixes[type]}`
    for (const { labels, value } of samples) parts.push(`${sampleName}${labelText(labels)} ${numberText(value)}\n`)
  }
  return `${parts.join('')}# EOF\n`
}

/** One sample for each state there is: 1 for the present one. */
export function stateSamples(
  name: string,
  states: readonly string[],
  present: string,
  labels: Labels,
): readonly Sample[] {
  return states.map((state) => ({ labels: { ...labels, [name]: state }, value: state === present ? 1 : 0 }))
}

const suffixes: Readonly<Record<Family['type'], string>> = { gauge: '', counter: '_total', info: '_info', stateset: '' }

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
