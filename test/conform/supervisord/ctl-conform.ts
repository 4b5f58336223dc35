import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { built } from '../../real/harness.ts'
import { until } from '../../real/until.ts'
import { type CtlSide, createCtlSide } from './ctl-bench.ts'
import { afterwards, changing, ending } from './ctl-changing.ts'
import type { Line, Lines } from './ctl-lines.ts'
import { reading } from './ctl-reading.ts'
import type { StartDaemon } from './daemon.ts'

export const missing = existsSync('/usr/bin/supervisorctl')
  ? false
  : 'supervisor is not installed; run scripts/test-deps'

const linesAtOnce = 3

/**
 * Two daemons of one kind, one asked by the original's supervisorctl and one by ours: what both say to each line, and their
 * exit codes, are the same.
 */
export function compareClients(name: string, start: StartDaemon): void {
  test(name, { skip: missing }, async (context) => {
    await built()
    const sides = await Promise.all([createCtlSide('original', start), createCtlSide('ours', start)])
    context.after(() => Promise.all(sides.map((side) => side.end())))
    for (const lines of [...reading, ...changing, ending]) await compare(context, sides, lines)
    const ended = () => sides.every(({ side }) => side.daemon.ended() !== null)
    await until('both daemons to end', ended)
    await compare(context, sides, afterwards)
  })
}

async function compare(
  context: TestContext,
  sides: readonly CtlSide[],
  { name, together, lines }: Lines,
): Promise<void> {
  await context.test(name, async () => {
    const differences: string[] = []
    const waiting = [...lines]
    const work = async (): Promise<void> => {
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
        const [original, ours] = await Promise.all(sides.map((side) => side.run(line!)))
        if (JSON.stringify(original) !== JSON.stringify(ours)) differences.push(differenceText(line, original, ours))
      }
    }
    await Promise.all(Array.from({ length: together ? linesAtOnce : 1 }, work))
    assert.equal(differences.join('\n'), '')
  })
}

function differenceText(line: string | Line, original: unknown, ours: unknown): string {
  return [
    `--- ${JSON.stringify(line)}`,
    `original: ${JSON.stringify(original, null, 2)}`,
    `ours:     ${JSON.stringify(ours, null, 2)}`,
  ].join('\n')
}
