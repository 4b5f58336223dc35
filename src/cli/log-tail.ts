import { createWholeLines } from '../base/whole-lines.ts'
import { type Client, Refused } from './client.ts'
import { eachLine } from './line-prefix.ts'

/** The last lines of one unit's output as text; none where nothing was written, or it is not kept. */
export async function tailOf(client: Client, unit: string, lines: number): Promise<readonly string[]> {
  if (lines === 0) return []
  try {
    const answer = await client.stream('logs', { query: { format: 'raw', name: unit, tail: String(lines) } })
    const kept = createTail(lines)
    for await (const bytes of answer) kept.take(bytes)
    return kept.lines()
  } catch (error) {
    if (error instanceof Refused && error.answer.code === 'no-such-log') return []
    throw error
  }
}

/** Of whatever comes, only the end is held: a last line may be as long as the file. */
function createTail(count: number): { take(bytes: Buffer): void; lines(): readonly string[] } {
  const whole = createWholeLines()
  const kept: string[] = []
  const add = (bytes: Buffer): void => {
    for (const line of eachLine(bytes)) kept.push(line.subarray(0, lineBytesMax).toString('utf8'))
    kept.splice(0, kept.length - count)
  }
  return {
    take: (bytes) => add(whole.take(bytes)),
    lines: () => {
      add(whole.rest())
      return kept
    },
  }
}

/** More of a line fits on no screen. */
const lineBytesMax = 4_096
