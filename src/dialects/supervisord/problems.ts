import type { Position, Problem } from '../../formats/format-error.ts'

export interface Report {
  readonly setting: string
  readonly message: string
  readonly hint: string
  readonly severity?: Problem['severity']
  /** supervisord's words, where they are not the message. */
  readonly original?: string
}

export function report(problems: Problem[], at: Position, { original, severity = 'error', ...rest }: Report): null {
  const own = original === undefined || original === rest.message ? {} : { original }
  problems.push({ file: at.file, line: at.line, column: at.column, ...rest, severity, ...own })
  return null
}

/** What supervisord prints of it after `Error: `, where it knows such a problem; else our words. */
export function supervisordError({ original, message }: Problem): string {
  return original ?? message
}

/** Each told once: a program that is in two groups is read twice. */
export function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const told = new Set<string>()
  return problems.filter(({ file, line, column, setting, message }) => {
    const identity = JSON.stringify([file, line, column, setting, message])
    return told.has(identity) ? false : told.add(identity)
  })
}
