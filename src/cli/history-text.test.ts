import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HistoryItem, TransitionItem } from '../wire/api.ts'
import { eventLine, printHistory } from './history-text.ts'
import { displayWidth } from './table.ts'
import type { Terminal } from './terminal.ts'

const plain: Terminal = { columns: null, hasColour: false, hasUnicode: true }
const nowMs = new Date(2026, 1, 28, 12, 0, 0).getTime()
const before = (ms: number): string => new Date(nowMs - ms).toISOString()

const crash: TransitionItem = {
  ...{ kind: 'transition', seq: 3, at: before(2_000), unit: 'shop/web/1', run: 7 },
  ...{ from: 'running', to: 'backoff', why: 'exit code 1 after 3.2 s; restart 2 in 400 ms' },
  exit: { code: 1, signal: null },
}

const items: readonly HistoryItem[] = [
  { kind: 'daemon', seq: 1, at: before(90_000_000), what: 'started', detail: 'version 1.2.3, pid 4711' },
  {
    ...{ kind: 'command', seq: 2, at: before(60_000), command: 'restart', by: 'root (uid 0)' },
    ...{ units: ['shop/web/1'], unitsTotal: 3, detail: '' },
  },
  crash,
]

describe('the history as a table', () => {
  test('says when, what of, what and why, with who asked', () => {
    assert.equal(
      printHistory(items, { terminal: plain, nowMs }),
      [
        'TIME                   AGO  UNIT                   WHAT                 WHY',
        '2026-02-27 11:00:00   25 h  the daemon             started              version 1.2.3, pid 4711',
        '11:59:00             1 min  shop/web/1 and 2 more  restart              by root (uid 0)',
        '11:59:58               2 s  shop/web/1             ▲ running → backoff  exit code 1 after 3.2 s; restart 2 in 400 ms',
        '',
      ].join('\n'),
    )
  })

  test('of a purge and of overridden locks says what they were for', () => {
    const asked = { kind: 'command', at: before(1_000), by: 'root (uid 0)', units: [], unitsTotal: 0 } as const
    const [, purge = '', override = ''] = printHistory(
      [
        { ...asked, seq: 4, command: 'purge', detail: 'shop_data, shop_logs' },
        { ...asked, seq: 5, command: 'override-locks', detail: 'shop' },
      ],
      { terminal: plain, nowMs },
    ).split('\n')
    assert.match(purge, / volumes +purge +by root \(uid 0\): shop_data, shop_logs$/)
    assert.match(override, / locks +override locks +by root \(uid 0\): shop$/)
  })

  test('fits any terminal, and keeps what happened', () => {
    for (const columns of [60, 80, 160]) {
      const lines = printHistory(items.slice(1), { terminal: { ...plain, columns }, nowMs }).split('\n')
      for (const line of lines) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`)
      assert.match(lines[2] ?? '', /shop\/web\/1 .*running → backoff/)
    }
  })

  test('without UTF-8 there is no character of it', () => {
    const text = printHistory(items, { terminal: { ...plain, columns: 70, hasUnicode: false }, nowMs })
    assert.match(text, /! running -> backoff/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: whatever is not ASCII is what is looked for
    assert.doesNotMatch(text, /[^\x00-\x7f]/)
  })
})

describe('an event as a line', () => {
  test('has its very moment, and an exit that the reason does not tell', () => {
    assert.equal(
      eventLine(crash, plain),
      '11:59:58.000  shop/web/1  ▲ running → backoff  exit code 1 after 3.2 s; restart 2 in 400 ms',
    )
    const killed: TransitionItem = { ...crash, why: 'it was too slow', exit: { code: null, signal: 'KILL' } }
    assert.match(eventLine(killed, plain), /it was too slow \(SIGKILL\)$/)
  })

  test('of what moves nothing has one word, and of hooks their own', () => {
    assert.match(eventLine({ ...crash, from: 'running', to: 'running' }, plain), /● running {2}exit/)
    assert.match(eventLine({ ...crash, from: 'stopped', to: 'preparing' }, plain), /◐ stopped → preparing/)
  })

  test('what others wrote cannot drive the terminal', () => {
    const item: HistoryItem = { kind: 'daemon', seq: 1, at: before(0), what: 'started', detail: '\u001b[2Jgone' }
    assert.match(eventLine(item, plain), /\\x1b\[2Jgone$/)
  })
})
