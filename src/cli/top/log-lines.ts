import { createWholeLines } from '../../base/whole-lines.ts'
import { createChunkParser } from '../../wire/log-chunks.ts'
import { eachLine } from '../line-prefix.ts'
import { type LogLine, logCharsMax, logLinesMax } from './model.ts'

/** Cuts the answer of `GET /v1/logs` in chunks into lines; a line without its end is held back. */
export function createLogLines(): { take(bytes: Buffer): readonly LogLine[] } {
  const parser = createChunkParser()
  const streams = { stdout: createWholeLines(), stderr: createWholeLines() }
  return {
    take(bytes) {
      const lines: LogLine[] = []
      for (const { header, bytes: piece } of parser.take(bytes)) {
        for (const line of eachLine(streams[header.stream].take(piece))) {
          lines.push({ text: textOf(line), time: header.time, stream: header.stream })
        }
      }
      return lines.length > logLinesMax ? lines.slice(-logLinesMax) : lines
    },
  }
}

/** No more of a line is kept than is shown. */
function textOf(line: Buffer): string {
  return line.toString('utf8', 0, Math.min(line.length, 4 * logCharsMax)).slice(0, logCharsMax)
}
