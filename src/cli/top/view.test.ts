import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ExplanationItem } from '../../wire/api.ts'
import { ago, keys, modelAfter, plainLook, screenText, shop, told, unitItem, unitList } from './fixture.ts'
import type { Message, Size } from './model.ts'
import { view } from './view.ts'

const log: Message = {
  kind: 'logs',
  id: 1,
  isFresh: true,
  lines: Array.from({ length: 100 }, (_, at) => ({
    text:
      at % 10 === 0 ? `\u001b[31mrequest ${at} failed: ${'no answer '.repeat(9)}\u001b[0m` : `request ${at} took 3 ms`,
    time: ago(100_000 - at * 1_000),
    stream: 'stdout',
  })),
}

const explanation: ExplanationItem = {
  unit: 'shop/worker/1',
  state: 'backoff',
  isAtTarget: false,
  why: 'exit code 3 after 1 s',
  next: 'tried again in 6.4 s',
  upcoming: null,
  command: 'holdfast start shop/worker/1',
  since: ago(300),
  facts: [{ name: 'last end', value: 'exit code 3' }],
}

const pages: Readonly<Record<string, readonly Message[]>> = {
  units: told,
  'units-grouped-by-cpu': [...told, ...keys('o', 'c', 'g', 'j')],
  'units-held': [
    ...told,
    { kind: 'units', list: unitList(shop, ['held: the daemon died three times within a minute']) },
  ],
  'units-lost': [...told, { kind: 'lost', why: 'no daemon answers for /var/lib/holdfast' }],
  confirm: [...told, ...keys('r')],
  filter: [...told, ...keys('/', 'm', 'a', 'i', 'l')],
  sort: [...told, ...keys('o')],
  logs: [...told, ...keys('l'), log, ...keys('/', '5', 'enter')],
  explain: [
    ...told,
    ...keys('j', 'j', 'e'),
    {
      kind: 'answer',
      about: { kind: 'explain', unit: 'shop/worker/1' },
      answer: { kind: 'explain', item: explanation, words: ['about to fail'] },
    },
  ],
  help: [...told, ...keys('?')],
}

const sizes: readonly Size[] = [
  { columns: 40, rows: 10 },
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
]

/** Pictures somebody has looked at. After a change on purpose: FRAMES=write, and look at them again. */
for (const { columns, rows } of sizes) {
  for (const [name, messages] of Object.entries(pages)) {
    const file = `${name}-${columns}x${rows}.txt`
    test(`the picture is ${file}`, () => {
      const path = new URL(`frames/${file}`, import.meta.url)
      const text = `${screenText(modelAfter(messages, { columns, rows })).join('\n')}\n`
      if (process.env.FRAMES === 'write') writeFileSync(path, text)
      assert.ok(existsSync(path), `there is no ${file}`)
      assert.equal(text, readFileSync(path, 'utf8'))
    })
  }
}

test('every page has as many lines as the screen, whatever its size', () => {
  const odd = [...shop, unitItem('世界/\u202eevil\u001b[2J/1', { reason: '\u0007\n'.repeat(99), health: 'starting' })]
  for (const columns of [1, 2, 7, 20, 40, 81, 300]) {
    for (const rows of [1, 2, 3, 5, 6, 7, 10, 16, 60]) {
      for (const messages of Object.values(pages)) {
        const model = modelAfter([...messages, { kind: 'units', list: unitList(odd, ['one', 'two']) }], {
          columns,
          rows,
        })
        assert.equal(view(model).length, rows, `${columns}x${rows}`)
        assert.equal(screenText(model).length, rows)
      }
    }
  }
})

test('before the daemon has told anything there is a picture as well', () => {
  for (const { columns, rows } of sizes) assert.equal(view(modelAfter([], { columns, rows })).length, rows)
})

test('what a unit or its output contains never reaches the terminal as control characters', () => {
  const odd = unitItem('a/b\u001b]0;x\u0007/1', { reason: '\u001b[2Jgone' })
  const model = modelAfter([{ kind: 'units', list: unitList([odd]) }])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  for (const line of view(model)) for (const { text } of line) assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/)
})

test('where the locale is not UTF-8 everything is ASCII', () => {
  const look = { ...plainLook, hasUnicode: false }
  for (const messages of Object.values(pages)) {
    assert.match(screenText(modelAfter(messages, sizes[0]!, look)).join(''), /^[\u0020-\u007e]*$/)
  }
})

test('without colours there are none', () => {
  for (const messages of Object.values(pages)) {
    for (const line of view(modelAfter(messages)))
      for (const { style } of line) assert.match(style, /^(?:[1247](?:;|$))*$/)
  }
})
