import { findComment, readSectionName } from './ini.ts'
import { pythonIndent, pythonRstrip, pythonStrip } from './python-text.ts'

/** One line of a comment, without its mark. */
export interface IniComment {
  readonly file: string
  readonly line: number
  readonly text: string
  /** behind: on the line that it is about. */
  readonly place: 'above' | 'behind'
  /** What it is about: a section, or a key in one. null: the file. */
  readonly section: string | null
  readonly key: string | null
}

interface Reading {
  readonly file: string
  readonly isMain: boolean
  readonly comments: IniComment[]
  /** Those above what comes next, block by block. */
  waiting: Block[]
  section: string | null
  key: string | null
  indent: number
  /** The line before is empty, or there is none. */
  isGap: boolean
}

/** Comments without an empty line between them. */
interface Block {
  readonly lines: { readonly line: number; readonly text: string }[]
  /** No empty line is between it and what stands above it. */
  readonly isBelowSomething: boolean
  /** An empty line follows. */
  isClosed: boolean
}

/**
 * The comments of a file that parseIni takes, each with what it is about: what stands on its line, or below it. A block with
 * an empty line below it belongs to what it stands under, else to what follows; the head of a main file to the file, and so do
 * sections that are put out of use.
 */
export function readIniComments(text: string, file: string, isMain = true): readonly IniComment[] {
  const state = { waiting: [], section: null, key: null, indent: 0, isGap: true }
  const reading: Reading = { file, isMain, comments: [], ...state }
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) readLine(reading, line, index + 1)
  for (const block of reading.waiting) place(reading, block, block.isBelowSomething ? reading.section : null, null)
  return reading.comments.toSorted((a, b) => a.line - b.line)
}

function readLine(reading: Reading, line: string, number: number): void {
  const commentAt = findComment(line)
  const value = pythonStrip(commentAt === -1 ? line : line.slice(0, commentAt))
  if (value === '') {
    if (commentAt === -1) endBlock(reading)
    else addToBlock(reading, { line: number, text: textOf(line.trimStart()) })
    return
  }
  const indent = pythonIndent(line)
  const name = readSectionName(value)
  if (reading.key !== null && indent > reading.indent) placeAll(reading, () => reading.section, reading.key)
  else if (name !== null) openSection(reading, name, indent)
  else openKey(reading, value, indent)
  reading.isGap = false
  if (commentAt === -1) return
  const { file, section, key } = reading
  reading.comments.push({ file, line: number, text: textOf(line.slice(commentAt)), place: 'behind', section, key })
}

function openSection(reading: Reading, name: string, indent: number): void {
  const { section: before, isMain, waiting } = reading
  const isHead = before === null && isMain
  const hasSection = waiting.some(isCommentedSection)
  const sectionOf = ({ isClosed, isBelowSomething }: Block) => {
    if (!isClosed) return name
    if (isBelowSomething || isHead) return before
    return hasSection ? null : name
  }
  placeAll(reading, sectionOf, null)
  reading.section = name
  reading.key = null
  reading.indent = indent
}

/** A section that somebody has put out of use, or an example of one: no part of what follows. */
function isCommentedSection({ isClosed, lines }: Block): boolean {
  return isClosed && lines.some(({ text }) => /^\[[^\]\s]+\]/.test(text))
}

function openKey(reading: Reading, value: string, indent: number): void {
  const end = value.search(/[=:]/)
  const key = pythonRstrip(end === -1 ? value : value.slice(0, end)).toLowerCase()
  placeAll(reading, () => reading.section, key)
  reading.key = key
  reading.indent = indent
}

function addToBlock(reading: Reading, line: Block['lines'][number]): void {
  const last = reading.waiting.at(-1)
  if (last !== undefined && !last.isClosed) last.lines.push(line)
  else reading.waiting.push({ lines: [line], isBelowSomething: !reading.isGap, isClosed: false })
}

function endBlock(reading: Reading): void {
  const last = reading.waiting.at(-1)
  if (last !== undefined) last.isClosed = true
  reading.isGap = true
}

function placeAll(reading: Reading, sectionOf: (block: Block) => string | null, key: string | null): void {
  for (const block of reading.waiting) place(reading, block, sectionOf(block), key)
  reading.waiting = []
}

function place({ file, comments }: Reading, { lines }: Block, section: string | null, key: string | null): void {
  for (const { line, text } of lines) comments.push({ file, line, text, place: 'above', section, key })
}

/** Without the mark that makes a comment of it; a line of marks alone stays as it is. */
function textOf(comment: string): string {
  const text = comment.replace(/^[;#]+ ?/, '').trimEnd()
  return text === '' && comment.trim().length > 1 ? comment.trim() : text
}
