import { createWholeLines, type WholeLines } from '../base/whole-lines.ts'
import { createChunkParser, type LogChunkHeader } from '../wire/log-chunks.ts'

/** One line that a unit printed, without its end. Bytes that are no UTF-8 become U+FFFD. */
export interface LogLine extends Omit<LogChunkHeader, 'bytes'> {
  readonly line: string
}

/** The lines of an answer in chunks, each whole, however the pieces were cut; a last line may have no end yet. */
export async function* readLogLines(answer: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const parser = createChunkParser()
  const streams = new Map<string, { readonly lines: WholeLines; about: LogChunkHeader }>()
  for await (const piece of answer) {
    for (const { header, bytes } of parser.take(Buffer.from(piece.buffer, piece.byteOffset, piece.length))) {
      const key = `${header.unit} ${header.stream}`
      const stream = streams.get(key) ?? { lines: createWholeLines(), about: header }
      stream.about = header
      streams.set(key, stream)
      yield* linesOf(stream.lines.take(bytes), header)
    }
  }
  for (const { lines, about } of streams.values()) yield* linesOf(lines.rest(), about)
}

function* linesOf(bytes: Buffer, { unit, stream, time, attempt }: LogChunkHeader): Generator<LogLine> {
  if (bytes.length === 0) return
  const lines = bytes.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) yield { unit, stream, time, attempt, line }
}
