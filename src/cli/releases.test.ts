import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReleaseItem } from '../wire/api.ts'
import { printRejections } from './rejections-text.ts'
import { printReleases } from './releases.ts'
import { displayWidth } from './table.ts'

const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()
const ago = (ms: number): string => new Date(nowMs - ms).toISOString()
const terminal = { columns: null, hasColour: false, hasUnicode: true }

const rejected = { app: 'shop', release: 'v3', why: 'shop/web/1 has failed: exit code 1', at: ago(60_000), runs: 'v2' }

const items: readonly ReleaseItem[] = [
  {
    app: 'shop',
    release: 'v2',
    status: 'reverted',
    since: ago(60_000),
    why: 'v3 was rejected: shop/web/1 has failed: exit code 1',
    next: 'nothing: it is not tried again until the files declare something else',
    upcoming: null,
    command: 'holdfast up',
    previous: null,
    rejected,
  },
  {
    app: 'mail',
    release: '3f2a91c0',
    status: 'trial',
    since: ago(4_000),
    why: 'all have been well for 4 s',
    next: 'it counts in 6 s if nothing happens to them',
    upcoming: { what: 'it counts', at: ago(-6_000), more: ' if nothing happens to them' },
    command: null,
    previous: 'b7710c4e',
    rejected: null,
  },
]

test('each app has its release in one line, with what was before it and what was rejected', () => {
  const [head, shop, mail] = printReleases(items, { terminal, nowMs }).split('\n')
  assert.match(head ?? '', /^APP +RELEASE +STATUS +SINCE +PREVIOUS +REJECTED +WHY +NEXT$/)
  assert.match(shop ?? '', /^shop +v2 +reverted +1 min +- +v3 +v3 was rejected: .* +nothing: it is not tried again/)
  assert.match(
    mail ?? '',
    /^mail +3f2a91c0 +trial +4 s +b7710c4e +- +all have been .* it counts at 12:00:06 \(in 6 s\) if/,
  )
})

test('the table fits the terminal, and app, release and status are never left out', () => {
  for (const columns of [40, 60, 80, 120]) {
    const text = printReleases(items, { terminal: { ...terminal, columns }, nowMs })
    for (const line of text.split('\n')) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`)
    assert.match(text, /^shop +v2 +reverted/m)
  }
})

test('a rejection says why, what runs, and what to do', () => {
  const home = { option: '', program: 'holdfast' } as unknown as Parameters<typeof printRejections>[1]['home']
  const text = printRejections([rejected, { ...rejected, runs: 'v3' }], { terminal, home, nowMs })
  assert.match(
    text,
    /^shop {2}release v3 was rejected {2}11:59:00 \(1 min ago\)\n {2}why: shop\/web\/1 has failed: exit code 1\n {2}next: v2 runs; v3 is not tried again until something else is declared\n {2}change what it declares, then: holdfast up/,
  )
  assert.match(text, /\nshop {2}release v3 has not proved itself .*\n.*\n {2}next: it stays as it is\n/)
})
