import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { at } from '../core/fixture.ts'
import { historyKept } from '../core/limits.ts'
import type { Command, Release, Transition, Who } from '../core/model.ts'
import { revive } from '../core/revive.ts'
import type { HistoryEntry } from '../engine/ports.ts'
import { type History, openHistory } from './history.ts'

const committed: Release = {
  app: 'shop',
  hash: 'abc',
  id: 'v2',
  status: 'committed',
  sinceWallMs: 0,
  why: 'all were well',
  trial: null,
  previous: null,
  rejected: null,
  wellSinceBootMs: null,
}

const ann: Who = { kind: 'user', uid: 1000, name: 'ann' }

describe('the history', () => {
  test('gives back what it was given, over lives of the daemon, with numbers that go on', () => {
    using home = place()
    const first = home.open()
    first.daemon('started', 'version 1', at(0))
    first.turn(...turn(5, [moved('a/web/1', 7)], [{ kind: 'stop', units: ['a/web/1'], by: ann }]))
    const written = first.read({})
    first.close()
    const second = home.open()
    assert.deepEqual(second.read({}), written)
    assert.equal(second.before?.seq, 3)
    second.daemon('started', 'version 1', at(9))
    assert.deepEqual(numbers(second), [1, 2, 3, 4])
    const [, command, transition] = written
    assert.deepEqual(command, {
      kind: 'command',
      seq: 2,
      atWallMs: at(5).wallMs,
      command: 'stop',
      by: ann,
      units: ['a/web/1'],
      unitsTotal: 1,
      detail: '',
    })
    assert.deepEqual(transition, {
      kind: 'transition',
      seq: 3,
      transition: { ...moved('a/web/1', 7), seq: 3, atWallMs: at(5).wallMs },
    })
    assert.equal(statSync(home.path('history.ndjson')).mode & 0o777, 0o600)
  })

  test('tells each release that comes to another status, and keeps it over lives of the daemon', () => {
    using home = place()
    const first = home.open()
    const after = (bootMs: number, release: Release): Parameters<History['turn']> => {
      const [snapshot] = turn(bootMs, [])
      return [{ ...snapshot, state: { ...snapshot.state, releases: new Map([['shop', release]]) } }, [], []]
    }
    const trial: Release = { ...committed, status: 'trial', sinceWallMs: at(5).wallMs, why: 'declared instead of v1' }
    first.turn(...after(1, committed))
    first.turn(...after(5, trial))
    first.turn(...after(6, { ...trial, wellSinceBootMs: 6 }))
    first.turn(...after(9, { ...committed, sinceWallMs: at(9).wallMs }))
    const told = first
      .read({})
      .map((entry) => (entry.kind === 'release' ? [entry.release, entry.status, entry.why] : entry))
    assert.deepEqual(told, [
      ['v2', 'trial', 'declared instead of v1'],
      ['v2', 'committed', 'all were well'],
    ])
    const written = first.read({})
    first.close()
    const second = home.open()
    second.turn(...after(20, { ...trial, sinceWallMs: at(20).wallMs }))
    assert.deepEqual(second.read({}).slice(0, 2), written)
    assert.deepEqual(numbers(second), [1, 2, 3], 'what the first turn of a life decides is news')
    const third = home.open()
    third.turn(...after(30, { ...trial, sinceWallMs: at(20).wallMs }))
    assert.deepEqual(numbers(third), [1, 2, 3])
  })

  test('chooses by number, time, count and kind', () => {
    using home = place()
    const history = home.open()
    for (let n = 1; n <= 10; n++) history.turn(...turn(n * 100, [moved(`a/web/${n % 2}`, n)]))
    assert.deepEqual(numbers(history, { after: 8 }), [9, 10])
    assert.deepEqual(numbers(history, { after: 2, head: 3 }), [3, 4, 5])
    assert.deepEqual(numbers(history, { tail: 2 }), [9, 10])
    assert.deepEqual(numbers(history, { tail: 0 }), [])
    assert.deepEqual(numbers(history, { sinceWallMs: at(300).wallMs, untilWallMs: at(500).wallMs }), [3, 4])
    const matches = (entry: HistoryEntry): boolean => entry.kind === 'transition' && entry.transition.unit === 'a/web/1'
    assert.deepEqual(numbers(history, { matches, tail: 2 }), [7, 9])
    history.turn(...turn(2_000, [], [{ kind: 'stop', units: ['a/web/1'], by: ann }]))
    const transitionsOf = new Set(['a/web/1'])
    assert.deepEqual(numbers(history, { transitionsOf }), [1, 3, 5, 7, 9])
    history.close()
    assert.deepEqual(numbers(home.open(), { transitionsOf, after: 4 }), [5, 7, 9], 'from the files as from memory')
  })

  test('tells listeners after it was written', () => {
    using home = place()
    const history = home.open()
    const told: string[] = []
    const stop = history.subscribe((entries) => {
      told.push(`${entries.map(({ seq }) => seq)} of ${home.lines().length} lines`)
    })
    history.turn(...turn(1, [moved('a/web/1', 1), moved('a/web/2', 2)]))
    history.turn(...turn(2, []))
    stop()
    history.turn(...turn(3, [moved('a/web/1', 3)]))
    assert.deepEqual(told, ['1,2 of 2 lines'])
  })

  test('writes down of the daemon’s own commands only what ends it, or led to something', () => {
    using home = place()
    const history = home.open()
    const target = { apps: {} }
    const apply: Command = { kind: 'set-target', target, by: { kind: 'daemon' }, why: 'read from /a.yaml' }
    history.turn(...turn(1, [], [apply]))
    history.turn(...turn(2, [moved('a/web/1', 1)], [apply]))
    history.turn(...turn(3, [], [{ ...apply, by: ann }]))
    history.turn(...turn(4, [], [{ kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' }]))
    const details = history.read({}).map((entry) => (entry.kind === 'command' ? entry.detail : entry.kind))
    assert.deepEqual(details, ['read from /a.yaml', 'transition', 'read from /a.yaml', 'SIGTERM'])
  })

  test('of a command for very many units the first are written down, and how many they are', () => {
    using home = place()
    const history = home.open()
    const units = Array.from({ length: 300 }, (_, n) => `a/web/${n}`)
    history.turn(...turn(1, [], [{ kind: 'signal', units, signal: 'HUP', by: ann }]))
    const [entry] = history.read({})
    assert.ok(entry?.kind === 'command')
    assert.deepEqual([entry.units.length, entry.unitsTotal, entry.detail], [100, 300, 'HUP'])
  })

  test('a unit that never rests does not drown the others', () => {
    using home = place()
    const history = home.open(20_000)
    history.daemon('started', 'version 1', at(0))
    history.turn(...turn(1, [], [{ kind: 'start', units: ['a/quiet/1'], by: ann }]))
    history.turn(...turn(2, [moved('a/quiet/1', 1)]))
    for (let n = 0; n < 2_000; n++) history.turn(...turn(10 + n, [moved('a/loop/1', n)]))
    history.close()
    for (const name of ['history.ndjson', 'history.1.ndjson']) {
      assert.ok(statSync(home.path(name)).size <= 20_000, name)
    }
    const kept = home.open(20_000).read({})
    assert.deepEqual(
      kept.slice(0, 3).map(({ seq, kind }) => `${seq} ${kind}`),
      ['1 daemon', '2 command', '3 transition'],
    )
    // Of the loud one the latest are there, without a hole.
    const loud = kept.slice(3).map(({ seq }) => seq)
    assert.equal(loud.at(-1), 2_003)
    assert.equal(loud.at(-1)! - loud[0]!, loud.length - 1)
    assert.ok(loud.length > 50)
  })

  test('where there are more units than room, the latest entries are kept', () => {
    using home = place()
    const history = home.open(5_000)
    for (let n = 0; n < 200; n++) history.turn(...turn(n, [moved(`a/web/${n}`, n)]))
    const kept = history.read({})
    assert.equal(kept.at(-1)?.seq, 200)
    assert.ok(kept.length >= 20)
    assert.equal(kept.at(-1)!.seq - kept[0]!.seq, kept.length - 1)
  })

  test('a line that was torn, and lines of others, are passed over', () => {
    using home = place()
    const first = home.open()
    first.turn(...turn(1, [moved('a/web/1', 1)]))
    first.close()
    appendFileSync(home.path('history.ndjson'), 'nonsense\n{"seq":9}\nnull\n{"seq":2,"of":"a/web/1","kind":"tran')
    const second = home.open()
    second.turn(...turn(2, [moved('a/web/1', 2)]))
    assert.deepEqual(numbers(second), [1, 2])
    second.close()
    assert.deepEqual(numbers(home.open()), [1, 2])
  })

  test('a death between the two steps of making room doubles nothing', () => {
    using home = place()
    const first = home.open()
    for (let n = 1; n <= 5; n++) first.turn(...turn(n, [moved('a/web/1', n)]))
    first.close()
    writeFileSync(home.path('history.1.ndjson'), readFileSync(home.path('history.ndjson')))
    assert.deepEqual(numbers(home.open()), [1, 2, 3, 4, 5])
    const tight = home.open(statSync(home.path('history.ndjson')).size)
    tight.turn(...turn(6, [moved('a/web/1', 6)]))
    assert.deepEqual(home.lines().length, 1)
    assert.deepEqual(numbers(tight), [1, 2, 3, 4, 5, 6])
  })

  test('a full disk is told once, and what comes meanwhile is written later, as far as it is in memory', () => {
    using home = place()
    symlinkSync('/dev/full', home.path('history.ndjson'))
    const history = home.open()
    for (let n = 1; n <= 3; n++) history.turn(...turn(n, [moved('a/web/1', n)]))
    assert.equal(home.warnings.length, 1)
    assert.match(home.warnings[0] ?? '', /cannot be written \(ENOSPC\); supervision goes on/)
    assert.deepEqual(numbers(history), [1, 2, 3], 'whoever asks gets what is in memory')
    rmSync(home.path('history.ndjson'))
    history.turn(...turn(9_000, [moved('a/web/1', 4)]))
    assert.equal(home.lines().length, 0, 'it is not tried with each turn')
    history.turn(...turn(20_000, [moved('a/web/1', 5)]))
    assert.equal(home.lines().length, 5)
    assert.equal(home.warnings[1], 'the history is written again')
    history.close()
    assert.deepEqual(numbers(home.open()), [1, 2, 3, 4, 5])
  })

  test('what a full disk made too much for the memory leaves a hole in the numbers', () => {
    using home = place()
    symlinkSync('/dev/full', home.path('history.ndjson'))
    const history = home.open()
    const count = 4 * historyKept
    for (let n = 1; n <= count; n++) history.turn(...turn(n, [moved('a/web/1', n)]))
    rmSync(home.path('history.ndjson'))
    history.turn(...turn(20_000, [moved('a/web/1', 0)]))
    history.close()
    const kept = numbers(home.open())
    assert.equal(kept.at(-1), count + 1)
    assert.ok(kept.length >= historyKept && kept.length <= 2 * historyKept + 1, String(kept.length))
  })

  test('a file that cannot be read is told once, and the rest goes on', () => {
    using home = place()
    mkdirSync(home.path('history.1.ndjson'))
    const history = home.open()
    history.turn(...turn(1, [moved('a/web/1', 1)]))
    history.close()
    const again = home.open()
    assert.deepEqual(numbers(again), [1])
    assert.deepEqual(numbers(again), [1])
    assert.match(home.warnings.at(-1) ?? '', /history\.1\.ndjson: cannot be read \(EISDIR\)/)
  })
})

function moved(unit: string, run: number): Transition {
  const exit = { kind: 'code', code: 1 } as const
  const why = 'exit code 1 after 3.2 s; restart 2 in 400 ms'
  return { seq: run, atWallMs: 0, unit, run, from: 'up', to: 'backoff', why, exit }
}

function turn(
  bootMs: number,
  transitions: readonly Transition[],
  commands: readonly Command[] = [],
): Parameters<History['turn']> {
  const now = at(bootMs)
  const moment = transitions.map((transition) => ({ ...transition, atWallMs: now.wallMs }))
  return [{ state: revive(null, now), now, storeTrouble: null }, moment, commands]
}

function numbers(history: History, query: Parameters<History['read']>[0] = {}): readonly number[] {
  return history.read(query).map(({ seq }) => seq)
}

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-history-'))
  const opened: History[] = []
  const warnings: string[] = []
  const path = (name: string): string => join(directory, name)
  return {
    path,
    warnings,
    open(bytesMax?: number): History {
      const warn = (text: string): void => void warnings.push(text)
      const history = openHistory({ directory, warn, ...(bytesMax === undefined ? {} : { bytesMax }) })
      opened.push(history)
      return history
    },
    lines(): readonly string[] {
      try {
        return readFileSync(path('history.ndjson'), 'utf8').split('\n').slice(0, -1)
      } catch {
        return []
      }
    },
    [Symbol.dispose]() {
      for (const history of opened) history.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
