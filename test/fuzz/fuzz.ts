import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Problem } from '../../src/formats/format-error.ts'
import { printProblem } from '../../src/formats/format-error.ts'

/** Every run draws new inputs; FUZZ_SEED repeats one. The seed is printed with a failure, and by the first test. */
export const seed = process.env.FUZZ_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.FUZZ_SEED)

export interface Sample {
  readonly name: string
  readonly text: string
}

export function readCorpus(kind: 'yaml' | 'json' | 'ini' | 'env' | 'words' | 'environment'): readonly Sample[] {
  const directory = new URL(`./corpus/${kind}/`, import.meta.url)
  return readdirSync(directory)
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, directory), 'utf8') }))
}

/** A text near one of the corpus: pieces cut out, doubled, swapped between samples, and odd characters put in. */
export function mutated(corpus: readonly Sample[]): fc.Arbitrary<string> {
  const small = corpus.filter((sample) => sample.text.length < 5_000).map((sample) => sample.text)
  const piece = fc.oneof(
    fc.constantFrom(
      '"',
      "'",
      '\\',
      '$',
      '${',
      '}',
      '%',
      '%(',
      ')s',
      '&a ',
      '*a',
      '<<: ',
      '[',
      ']',
      '{',
      '}',
      ':',
      '=',
      '#',
      ' ;',
      '\n',
      '\r',
      '\t',
      '\0',
      '- ',
      '|\n',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.integer().map(String),
  )
  const place = fc.double({ min: 0, max: 1, noNaN: true })
  const edit = fc.record({
    from: place,
    length: fc.nat(40),
    piece,
    other: fc.constantFrom(...small),
    takes: fc.boolean(),
  })
  return fc.tuple(fc.constantFrom(...small), fc.array(edit, { maxLength: 6 })).map(([text, edits]) => {
    let result = text
    for (const { from, length, piece, other, takes } of edits) {
      const at = Math.floor(from * result.length)
      const start = Math.floor(from * other.length)
      result = result.slice(0, at) + (takes ? other.slice(start, start + length) : piece) + result.slice(at + length)
    }
    return result
  })
}

/** No input may take longer than this, or a hostile file would hold up a reload. */
const inputMsMax = 2_000

export async function withinTime<T>(text: string, decode: (text: string) => T | Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await decode(text)
  const tookMs = performance.now() - started
  assert(tookMs < inputMsMax, `decoding took ${Math.round(tookMs)} ms for ${JSON.stringify(text.slice(0, 200))}`)
  return result
}

/**
 * Problems say where in a file that was read, and print on one line without control characters. What could not be read at
 * all (a directory) has only a first line. INI counts a lone CR as the end of a line, as Python does.
 */
export function checkProblem(problem: Problem, files: Readonly<Record<string, string>>): void {
  const text = Object.hasOwn(files, problem.file) ? files[problem.file]! : ''
  const lines = text.split(problem.file.endsWith('.conf') ? /\r\n|\r|\n/ : '\n')
  const printed = printProblem(problem)
  assert(problem.line >= 1 && problem.line <= lines.length, `line ${problem.line} of ${lines.length}: ${printed}`)
  const width = lines[problem.line - 1]!.length
  assert(problem.column >= 1 && problem.column <= width + 1, `column ${problem.column} of ${width}: ${printed}`)
  assert.notEqual(problem.message, '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  assert.doesNotMatch(printed, /[\u0000-\u001f\u007f-\u009f]/)
}
