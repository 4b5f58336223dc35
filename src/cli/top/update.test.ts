import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../wire/api.ts'
import { info, keys, modelAfter, nowMs, screenText, shop, told, unitItem, unitList, usageList } from './fixture.ts'
import { type Effect, logLinesMax, type Message, type Model, type Page } from './model.ts'
import { selectedUnit } from './selection.ts'
import { update } from './update.ts'

function after(...messages: readonly Message[]): Model {
  return modelAfter([...told, ...messages])
}

/** What the last of these keys asks for. */
function effectsOf(...names: readonly string[]): readonly Effect[] {
  const model = after(...keys(...names.slice(0, -1)))
  return update(model, { kind: 'key', key: names.at(-1)! }, nowMs).effects
}

function selected(model: Model): string | undefined {
  return selectedUnit(model)?.unit
}

function type(text: string): readonly Message[] {
  return keys(...text)
}

function footer(model: Model): string {
  return screenText(model).at(-2) ?? ''
}

// ---- the table -----------------------------------------------------------------------------------------------

test('the selection stays on its unit when the order changes', () => {
  const model = after(...keys('j', 'j'), ...keys('o', 's'))
  assert.equal(selected(model), 'shop/worker/1')
  assert.equal(selected(after(...keys('j', 'o', 's'))), 'shop/db/1')
})

test('while nobody has chosen, the top of the table is selected, whichever unit that is', () => {
  assert.equal(selected(after(...keys('o', 'c'))), 'shop/db/1')
  assert.equal(selected(after(...keys('j', 'j', 'home', 'o', 'c'))), 'shop/db/1')
})

test('the selection does not leave the table', () => {
  assert.equal(selected(after(...keys('up', 'page-up'))), 'shop/web/1')
  assert.equal(selected(after(...keys('end', 'down', 'page-down'))), 'tools/backup/1')
})

test('a selected unit that is gone gives way to the first', () => {
  const model = after(...keys('j'), { kind: 'units', list: unitList([unitItem('shop/new/1')]) })
  assert.equal(selected(model), 'shop/new/1')
})

test('the table scrolls no further than it must to show the selection', () => {
  const many = Array.from({ length: 100 }, (_, at) => unitItem(`a/s${at}/1`))
  const messages = [...told, { kind: 'units', list: unitList(many) }, ...keys(...Array(30).fill('j'))] as const
  const model = modelAfter(messages)
  const lines = screenText(model)
  assert.match(lines[4 + 17]!, /^a\/s30 /)
  assert.match(screenText(modelAfter([...messages, ...keys('k')]))[4 + 17]!, /^a\/s30 /)
})

test('the filter works while it is typed, and escape clears it', () => {
  const typing = after(...keys('/'), ...type('mail'))
  assert.equal(typing.prompt.kind, 'filter')
  assert.equal(selected(typing), 'shop/mail/1')
  assert.equal(after(...keys('/'), ...type('mail'), ...keys('enter')).list.filter, 'mail')
  assert.equal(after(...keys('/'), ...type('mail'), ...keys('escape')).list.filter, '')
  assert.equal(after(...keys('/'), ...type('mail'), ...keys('enter', 'escape')).list.filter, '')
})

test('the text of a prompt is edited as in a shell', () => {
  const filter = (...names: readonly string[]): string => after(...keys('/', ...names)).list.filter
  assert.equal(filter('a', 'b', 'backspace'), 'a')
  assert.equal(filter('a', ' ', 'b', 'c', 'ctrl-w'), 'a ')
  assert.equal(filter('a', 'b', 'ctrl-u', 'c'), 'c')
  assert.equal(filter('up', 'a'), 'a')
})

test('while something is typed, keys are text and no commands', () => {
  const model = after(...keys('/', 'q', 'r', 's'))
  assert.equal(model.list.filter, 'qrs')
  assert.deepEqual(effectsOf('/', 'q'), [])
})

test('a paste is text where text is typed, and nothing elsewhere', () => {
  assert.equal(after(...keys('/'), { kind: 'paste', text: 'we\u001bb\nq' }).list.filter, 'we\\x1bb')
  assert.deepEqual(update(after(), { kind: 'paste', text: 'q' }, nowMs).effects, [])
})

// ---- commands ------------------------------------------------------------------------------------------------

test('restart and stop ask first, and only y is a yes', () => {
  assert.equal(footer(after(...keys('r'))), 'restart shop/web? (y/n)')
  assert.deepEqual(effectsOf('r', 'y'), [{ kind: 'command', command: { kind: 'restart', unit: 'shop/web/1' } }])
  assert.deepEqual(effectsOf('r', 'enter'), [])
  assert.deepEqual(effectsOf('s', 'n'), [])
  assert.equal(after(...keys('s', 'n')).prompt.kind, 'none')
})

test('what rests is started without a question', () => {
  assert.deepEqual(effectsOf('end', 's'), [{ kind: 'command', command: { kind: 'start', unit: 'tools/backup/1' } }])
})

test('a question is about the unit it was asked of, whatever the order does meanwhile', () => {
  const asked = after(...keys('r'), { kind: 'units', list: unitList([...shop].reverse()) })
  const { effects } = update(asked, { kind: 'key', key: 'y' }, nowMs)
  assert.deepEqual(effects, [{ kind: 'command', command: { kind: 'restart', unit: 'shop/web/1' } }])
})

test('a signal is sent by its name, and a name that is none is told', () => {
  assert.deepEqual(effectsOf('S', 's', 'i', 'g', 'u', 's', 'r', '1', 'enter'), [
    { kind: 'command', command: { kind: 'signal', unit: 'shop/web/1', signal: 'USR1' } },
  ])
  const wrong = after(...keys('S', 'x', 'enter'))
  assert.match(footer(wrong), /^no signal is called 'x'/)
  assert.deepEqual(effectsOf('S', 'enter'), [])
})

test('what became of a command is told for a while', () => {
  const result: Outcome = {
    unit: 'shop/web/1',
    result: 'done',
    state: 'running',
    why: 'running as pid 9',
    next: '',
    command: null,
    exit: null,
  }
  const command = { kind: 'restart', unit: 'shop/web/1' } as const
  const asked = after(...keys('r', 'y'))
  assert.equal(footer(asked), 'restart shop/web: asked')
  const done = update(asked, { kind: 'outcome', command, result }, nowMs).model
  assert.equal(footer(done), 'restart shop/web: running as pid 9')
  assert.equal(footer(update(done, { kind: 'tick' }, nowMs + 60_000).model), 'shop/web: healthy after 814 ms')
  const refused = { result: 'refused', why: 'the daemon is stopping' } as const
  assert.equal(
    footer(update(asked, { kind: 'outcome', command, result: refused }, nowMs).model),
    'restart shop/web: the daemon is stopping',
  )
})

test('no more than some commands are under way at a time', () => {
  const busy = after(...Array.from({ length: 20 }, () => keys('r', 'y')).flat())
  assert.match(footer(busy), /^16 commands are under way/)
  assert.deepEqual(update({ ...busy, prompt: { kind: 'none' } }, { kind: 'key', key: 'q' }, nowMs).effects, [
    { kind: 'quit' },
  ])
})

// ---- the daemon ----------------------------------------------------------------------------------------------

test('when the daemon goes away the picture stays, and it goes on when it is back', () => {
  const lost = after({ kind: 'lost', why: 'no daemon answers' })
  assert.match(screenText(lost)[0]!, /no answer since 12:00:00$/)
  assert.match(screenText(lost)[4]!, /^shop\/web/)
  assert.equal(update(lost, { kind: 'lost', why: 'still' }, nowMs + 5_000).model.link.kind, 'lost')
  assert.match(screenText(update(lost, { kind: 'lost', why: 'still' }, nowMs + 5_000).model)[0]!, /since 12:00:00$/)
  const back = update(lost, { kind: 'units', list: unitList(shop) }, nowMs + 9_000).model
  assert.match(screenText(back)[0]!, /12:00:09$/)
})

test('a change puts units in their places, adds new ones and takes away what is gone', () => {
  const model = after({
    kind: 'units',
    list: {
      apiVersion: 'holdfast/v1',
      kind: 'UnitChange',
      put: [unitItem('shop/db/1', { state: 'failed' }), unitItem('shop/new/1')],
      removed: ['shop/web/1'],
      warnings: ['nothing can be stored'],
    },
  })
  assert.deepEqual(
    model.units.map(({ unit, state }) => `${unit} ${state}`).filter((each) => !/mail|tools/.test(each)),
    ['shop/db/1 failed', 'shop/worker/1 backoff', 'shop/new/1 running'],
  )
  assert.equal(screenText(model)[3], 'nothing can be stored')
})

test('usage of an old daemon and a new one is compared, because the host is the same', () => {
  const next = usageList(14_000, { 'shop/web/1': { cpuMs: 1_530, rssBytes: 1 } })
  const model = after({ kind: 'info', info: { ...info, pid: 900 } }, { kind: 'usage', list: next })
  assert.equal(model.shares.units.get('shop/web/1')?.cpu, 0.5)
})

// ---- pages ---------------------------------------------------------------------------------------------------

test('a page is asked for when it is opened, and anew with each tick', () => {
  const about = { kind: 'explain', unit: 'shop/web/1' } as const
  assert.deepEqual(effectsOf('e'), [{ kind: 'ask', about }])
  const model = after(...keys('e'))
  assert.deepEqual(update(model, { kind: 'tick' }, nowMs).effects, [{ kind: 'ask', about }])
  assert.deepEqual(update(after(...keys('e', 'q')), { kind: 'tick' }, nowMs).effects, [])
})

test('an answer about another page than the one that is open is not shown', () => {
  const answer = { kind: 'failed', why: 'late' } as const
  const model = after(...keys('e'), { kind: 'answer', about: { kind: 'history', unit: 'shop/web/1' }, answer })
  assert.doesNotMatch(screenText(model).join('\n'), /late/)
})

test('while the daemon is away, what a page said last stays', () => {
  const about = { kind: 'history', unit: 'shop/web/1' } as const
  const model = after(
    ...keys('h'),
    { kind: 'answer', about, answer: { kind: 'history', items: [] } },
    { kind: 'lost', why: 'gone' },
    { kind: 'answer', about, answer: { kind: 'failed', why: 'gone' } },
  )
  assert.match(screenText(model)[1]!, /nothing is remembered/)
})

test('the keys for a unit mean, on its page, that unit', () => {
  assert.deepEqual(effectsOf('j', 'e', 'r', 'y'), [
    { kind: 'command', command: { kind: 'restart', unit: 'shop/db/1' } },
  ])
})

test('q goes back to the table, and ends from there', () => {
  assert.deepEqual(effectsOf('?', 'q'), [])
  assert.deepEqual(effectsOf('?', 'q', 'q'), [{ kind: 'quit' }])
  assert.deepEqual(effectsOf('?', 'ctrl-c'), [{ kind: 'quit' }])
  assert.deepEqual(effectsOf('/', 'ctrl-c'), [{ kind: 'quit' }])
})

// ---- logs ----------------------------------------------------------------------------------------------------

type LogsPage = Extract<Page, { kind: 'logs' }>

function lines(count: number, from = 0): Message {
  const made = Array.from({ length: count }, (_, at) => ({
    text: `line ${from + at}`,
    time: null,
    stream: 'stdout' as const,
  }))
  return { kind: 'logs', id: 1, isFresh: false, lines: made }
}

function pageOf(model: Model): LogsPage {
  assert.equal(model.page.kind, 'logs')
  return model.page as LogsPage
}

test('logs are followed, and no longer when the page is left', () => {
  assert.deepEqual(effectsOf('l'), [{ kind: 'follow', unit: 'shop/web/1', id: 1 }])
  assert.deepEqual(effectsOf('l', 'q'), [{ kind: 'unfollow' }])
  assert.equal(effectsOf('l', 'd')[0]?.kind, 'unfollow')
  assert.deepEqual(effectsOf('l', 'q', 'l'), [{ kind: 'follow', unit: 'shop/web/1', id: 2 }])
})

test('following shows the last lines; scrolled back, the picture stands still while more comes', () => {
  const following = after(...keys('l'), lines(100))
  assert.equal(screenText(following).at(-3), 'line 99')
  const back = after(...keys('l'), lines(100), ...keys('k', 'k'), lines(50, 100))
  assert.equal(screenText(back).at(-3), 'line 97')
  assert.equal(screenText(update(back, { kind: 'key', key: 'end' }, nowMs).model).at(-3), 'line 149')
})

test('scrolled down to the end it follows again', () => {
  const model = after(...keys('l'), lines(100), ...keys('k', 'j'), lines(1, 100))
  assert.equal(screenText(model).at(-3), 'line 100')
})

test('only so many lines are kept, and what is dropped moves nothing that is shown', () => {
  const full = after(...keys('l'), lines(logLinesMax), ...keys('k'))
  const before = screenText(full)
  const more = update(full, lines(100, logLinesMax), nowMs).model
  assert.equal(pageOf(more).lines.length, logLinesMax)
  assert.deepEqual(screenText(more).slice(1, -2), before.slice(1, -2))
})

test('lines of a page that was left are not shown on the next', () => {
  assert.equal(pageOf(after(...keys('l', 'q', 'l'), lines(3))).lines.length, 0)
})

test('after a reconnect the lines take the place of those before', () => {
  const fresh: Message = { kind: 'logs', id: 1, isFresh: true, lines: [{ text: 'new', time: null, stream: 'stdout' }] }
  const model = after(...keys('l'), lines(3), fresh)
  assert.deepEqual(
    pageOf(model).lines.map(({ text }) => text),
    ['new'],
  )
})

test('who has scrolled back stays there when the lines are read anew', () => {
  const again = { ...lines(120), isFresh: true } as Message
  const model = after(...keys('l'), lines(120), ...keys('page-up'))
  assert.deepEqual(screenText(update(model, again, nowMs).model).slice(1), screenText(model).slice(1))
})

test('the search goes upwards from the end, then to older and newer lines', () => {
  const search = [...keys('l'), lines(200), ...keys('/'), ...type('LINE 1'), ...keys('enter')] as const
  assert.equal(pageOf(after(...search)).found, 199)
  assert.equal(pageOf(after(...search, ...keys('n', 'n'))).found, 197)
  assert.equal(pageOf(after(...search, ...keys('n', 'n', 'N'))).found, 198)
  assert.match(footer(after(...search, ...keys('N'))), /no newer line has 'LINE 1'/)
})

test('escape ends a search first, and leaves the page then', () => {
  const searched = [...keys('l'), lines(20), ...keys('/'), ...type('7'), ...keys('enter', 'escape')] as const
  assert.equal(pageOf(after(...searched)).search, '')
  assert.equal(after(...searched, ...keys('escape')).page.kind, 'units')
})
