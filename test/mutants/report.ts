import type { Mutant } from './rules.ts'
import type { Verdict } from './trial.ts'

export interface Outcome {
  readonly mutant: Mutant
  readonly verdict: Verdict
  /** Why a survivor changes nothing that could be noticed; null where nobody has argued that. */
  readonly argued: string | null
}

/** One survivor that is equivalent to the original. The line number is left out: it moves. */
export interface Argument {
  readonly file: string
  readonly source: string
  readonly change: string
  readonly reason: string
}

export function argumentFor(mutant: Mutant, argued: readonly Argument[]): string | null {
  const found = argued.find(
    (each) => each.file === mutant.file && each.source === mutant.source && each.change === mutant.change,
  )
  return found?.reason ?? null
}

export interface RunFacts {
  readonly date: string
  readonly commit: string
  readonly seed: number
  readonly sample: number
  readonly total: number
}

/** Markdown that is read as well in a terminal. */
export function report(outcomes: readonly Outcome[], facts: RunFacts): string {
  const survivors = outcomes.filter((each) => each.verdict === 'survived' && each.argued === null)
  const argued = outcomes.filter((each) => each.verdict === 'survived' && each.argued !== null)
  return [
    '# Mutants of core: the last run',
    '',
    `${facts.date}, commit ${facts.commit}, seed ${facts.seed}: ${facts.sample} of ${facts.total} mutants. Written by \`npm run mutants\`.`,
    '',
    ...table(outcomes),
    '',
    `## Survivors: ${survivors.length}`,
    '',
    ...survivors.map((each) => `- ${describe(each.mutant)}`),
    ...(survivors.length === 0 ? ['None.'] : []),
    '',
    `## Equivalent, argued in argued.json: ${argued.length}`,
    '',
    ...argued.map((each) => `- ${describe(each.mutant)}: ${each.argued}`),
    ...(argued.length === 0 ? ['None.'] : []),
    '',
  ].join('\n')
}

export function describe(mutant: Mutant): string {
  return `${mutant.file}:${mutant.line} ${mutant.rule} \`${mutant.change}\` in \`${mutant.source}\``
}

function table(outcomes: readonly Outcome[]): readonly string[] {
  const files = [...new Set(outcomes.map((each) => each.mutant.file))].sort()
  const row = (name: string, of: readonly Outcome[]) => {
    const count = (verdict: Verdict) => of.filter((each) => each.verdict === verdict && each.argued === null).length
    const argued = of.filter((each) => each.argued !== null).length
    const counts = [of.length, count('unit'), count('sim'), count('timeout'), count('survived'), argued]
    return `| ${name.padEnd(32)} |${counts.map((each) => ` ${String(each).padStart(8)} |`).join('')}`
  }
  return [
    `| ${'file'.padEnd(32)} |${['mutants', 'unit', 'sim', 'timeout', 'survived', 'argued'].map((each) => ` ${each.padStart(8)} |`).join('')}`,
    `| ${'-'.repeat(32)} |${' -------: |'.repeat(6)}`,
    ...files.map((file) =>
      row(
        file,
        outcomes.filter((each) => each.mutant.file === file),
      ),
    ),
    row('all', outcomes),
  ]
}
