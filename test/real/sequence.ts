import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'

/** One run of a sequence fixture, as its log tells it. */
export interface SequenceRun {
  readonly pid: number
  readonly lines: number
  /** Whether it said its last word. */
  readonly isEnded: boolean
}

/**
 * Reads the log of test/real/fixtures/sequence.sh or away.sh and checks every byte of it against what was printed: each
 * run begins, counts from 1 without a gap, says how many there were, and nothing else is there. Only a run listed in
 * `cutOff` (killed, or still printing) may lack its end.
 */
export function checkSequence(options: {
  readonly log: Buffer
  readonly name: string
  readonly cutOff?: ReadonlySet<number>
}): readonly SequenceRun[] {
  const { log, name, cutOff = new Set() } = options
  const runs: { pid: number; lines: number; isEnded: boolean }[] = []
  let from = 0
  while (from < log.length) {
    const newline = log.indexOf(10, from)
    const line = log.toString('latin1', from, newline === -1 ? log.length : newline)
    const run = runs.at(-1)
    const at = `byte ${from} of the log of ${name}, after ${JSON.stringify(run ?? null)}`
    assert.notEqual(newline, -1, `${at}: the last line is cut: ${JSON.stringify(line)}`)
    const begin = line.startsWith(`${name} `) && line.endsWith(' begin') ? Number(line.split(' ')[1]) : null
    if (begin !== null) {
      assert.ok(run === undefined || run.isEnded || cutOff.has(run.pid), `${at}: its end is missing`)
      runs.push({ pid: begin, lines: 0, isEnded: false })
    } else {
      assert.ok(run !== undefined && !run.isEnded, `${at}: a line of no run: ${JSON.stringify(line)}`)
      if (line === `${name} ${run.pid} end ${run.lines}`) run.isEnded = true
      else assert.equal(line, sequenceLine(name, run.pid, ++run.lines), at)
    }
    from = newline + 1
  }
  const last = runs.at(-1)
  assert.ok(last === undefined || last.isEnded || cutOff.has(last.pid), `the log of ${name}: the last end is missing`)
  return runs
}

export function sequenceLine(name: string, pid: number, n: number): string {
  return `${name} ${pid} ${String(n).padStart(8, '0')} abcdefghijklmnopqrstuvwxyz0123456789`
}

/** A log with what was rotated away, oldest first. */
export function readLog(path: string): Buffer {
  const parts: Buffer[] = []
  for (let generation = 1; existsSync(`${path}.${generation}`); generation++)
    parts.unshift(readFileSync(`${path}.${generation}`))
  if (existsSync(path)) parts.push(readFileSync(path))
  return Buffer.concat(parts)
}
