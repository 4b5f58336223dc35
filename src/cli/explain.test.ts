import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExplanationItem } from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import { printExplanation } from './explain.ts'

const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()
const iso = (ms: number): string => new Date(nowMs + ms).toISOString()

const item: ExplanationItem = {
  unit: 'shop/web/1',
  state: 'backoff',
  isAtTarget: false,
  why: 'exit code 1 after 3.2 s; restart 3 in 4 s',
  next: 'tried again in 4 s, the 3rd of 10 tries',
  upcoming: { what: 'tried again', at: iso(4_000), more: ', the 3rd of 10 tries' },
  command: 'holdfast start shop/web/1',
  since: iso(-90_000),
  facts: [
    { name: 'wanted', value: 'up, by its declaration' },
    { name: 'last end', value: `unexpected (exit code 1), at ${iso(-90_000)}` },
    { name: 'restarts', value: '2, 3 early exits in a row; policy on-failure' },
  ],
}

function print(change: Partial<ExplanationItem>, columns: number | null, words: readonly string[] = []): string {
  const choice = chooseHome({ option: undefined, environment: { HOME: '/h', PATH: '/bin' }, uid: 1 })
  assert.equal(choice.kind, 'home')
  const terminal = { columns, hasColour: false, hasUnicode: true }
  return printExplanation({ ...item, ...change }, words, { terminal, home: choice.home, nowMs })
}

test('why, what happens next and when, which command decides, and what was said last', () => {
  const words = ['starting', `fatal: cannot connect to the database at ${'x'.repeat(60)}`]
  assert.equal(
    print({}, 80, words),
    `shop/web/1  ▲ backoff
  why         exit code 1 after 3.2 s; restart 3 in 4 s
  next        tried again at 12:00:04 (in 4 s), the 3rd of 10 tries
  change it   holdfast start shop/web/1
  since       11:58:30 (1.5 min ago)
  wanted      up, by its declaration
  last end    unexpected (exit code 1), at 11:58:30
  restarts    2, 3 early exits in a row; policy on-failure
  last words  starting
              fatal: cannot connect to the database at xxxxxxxxxxxxxxxxxxxxxxxx…
`,
  )
})

test('long texts are broken below each other, and what comes from elsewhere drives no terminal', () => {
  const text = print({ why: `${'word '.repeat(12)}\u001b[2J`, upcoming: null, next: 'nothing', facts: [] }, 40)
  assert.deepEqual(text.split('\n').slice(0, 4), [
    'shop/web/1  ▲ backoff',
    '  why        word word word word word',
    '             word word word word word',
    '             word word \\x1b[2J',
  ])
})

test('what is late is about to happen', () => {
  const upcoming = { what: 'tried again', at: iso(-5), more: '' }
  assert.match(print({ upcoming }, 80), /^ {2}next {7}tried again now$/m)
})
