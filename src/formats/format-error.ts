/** What is wrong with a declared setting, and where. Lines and columns count from 1. */
export interface Problem extends Position {
  /** The path of the setting, in the words of its dialect: `services.web.restart`, `program:web.numprocs`. Empty: the file. */
  readonly setting: string
  readonly message: string
  /** What to do about it; may be empty. */
  readonly hint: string
  readonly severity: 'error' | 'warning'
  /** What the program says of it that the format is from, where that is not `message`. */
  readonly original?: string
}

export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Bad input, of somebody's making: never a bug of ours. */
export class FormatError extends Error {
  readonly problem: Problem

  constructor(problem: Problem, options?: ErrorOptions) {
    super(printProblem(problem), options)
    this.name = 'FormatError'
    this.problem = problem
  }
}

/** One line, as compilers print it: `file:line:column: setting: message; hint`. Never throws, prints no control characters. */
export function printProblem(problem: Problem): string {
  const severity = problem.severity === 'warning' ? 'warning: ' : ''
  const setting = problem.setting === '' ? '' : `${problem.setting}: `
  const hint = problem.hint === '' ? '' : `; ${problem.hint}`
  const line = `${problem.file}:${problem.line}:${problem.column}: ${severity}${setting}${problem.message}${hint}`
  return escapeControls(line.replace(/\s*\n\s*/g, ' '))
}

/** By place: the order of the files is the order somebody reads them in. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}

/** The line and column of an offset into a text; lines end with LF. */
export function positionAt(text: string, offset: number, file: string): Position {
  return placeIn(findLines(text), offset, file)
}

/** The offsets at which lines start, for many positions in one text. */
export function findLines(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

export function placeIn(lineStarts: readonly number[], offset: number, file: string): Position {
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (lineStarts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { file, line: low + 1, column: Math.max(offset, 0) - lineStarts[low]! + 1 }
}

// What was read from a file must not drive the terminal it is shown on.
function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    if (char === '\t') return ' '
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
