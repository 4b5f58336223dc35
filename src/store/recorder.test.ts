import assert from 'node:assert/strict'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { unknownEngine } from '../core/containers/none.ts'
import type { App, Event, Now, ProcessSpec, State, Target, Unit } from '../core/model.ts'
import { createRecorder } from './recorder.ts'
import { readRecording } from './recording.ts'

describe('the flight recorder', () => {
  test('writes the state, each turn before it ends, and how it ended', () => {
    using at = place()
    const recorder = at.open()
    recorder.record({ now, events: [exited(1)], state })
    assert.deepEqual(at.kinds(), ['begin', 'turn'])
    recorder.settled(digest)
    assert.deepEqual(at.kinds(), ['begin', 'turn'])
    recorder.record({ now, events: [exited(2)], state })
    assert.deepEqual(at.kinds(), ['begin', 'turn', 'settled', 'turn'])
    recorder.settled(digest)
    recorder.close()
    assert.deepEqual(at.kinds(), ['begin', 'turn', 'settled', 'turn', 'settled'])
    const entries = at.entries()
    assert.deepEqual(entries[0], { kind: 'begin', format: 1, now, state })
    assert.deepEqual(entries[1], { kind: 'turn', now, events: [exited(1)] })
    assert.deepEqual(entries[2], { kind: 'settled', ...digest })
    assert.equal(statSync(at.path('recording.ndjson')).mode & 0o777, 0o600)
  })

  test('keeps two files within the limit, each beginning with a state, and no turn is missing between them', () => {
    using at = place()
    const recorder = at.open(4_000)
    for (let run = 0; run < 100; run++) {
      recorder.record({ now, events: [exited(run)], state })
      recorder.settled(digest)
    }
    recorder.close()
    const files = ['recording.1.ndjson', 'recording.ndjson']
    for (const name of files) {
      assert.ok(statSync(at.path(name)).size <= 4_000)
      assert.equal(at.kinds(name)[0], 'begin')
    }
    const runs = files
      .flatMap((name) => at.entries(name))
      .flatMap((entry) => (entry.kind === 'turn' ? entry.events : []))
      .map((event) => (event.kind === 'exited' ? event.run : null))
    assert.deepEqual(
      runs,
      Array.from({ length: runs.length }, (_, index) => 100 - runs.length + index),
    )
    assert.equal(at.entries('recording.1.ndjson').at(-1)?.kind, 'settled')
  })

  test('goes on in the same file after a death, also behind a line that was torn', () => {
    using at = place()
    const first = at.open()
    first.record({ now, events: [exited(1)], state })
    writeFileSync(at.path('recording.ndjson'), '{"kind":"turn","now":{"bo', { flag: 'a' })
    const second = at.open()
    second.record({ now, events: [exited(2)], state })
    second.close()
    first.close()
    assert.deepEqual(at.kinds(), ['begin', 'turn', 'begin', 'turn'])
  })

  test('leaves out the values of environments and headers, and nothing else', () => {
    using at = place()
    const recorder = at.open()
    const target: Target = { apps: { environment: app } }
    const command = { kind: 'set-target', target, by: { kind: 'daemon' }, why: 'test' } as const
    const holding = { ...state, target, units: new Map([['environment/environment/1', unit]]) }
    recorder.record({ now, events: [{ kind: 'command', id: 1, command }], state: holding })
    recorder.close()
    const text = readFileSync(at.path('recording.ndjson'), 'utf8')
    assert.doesNotMatch(text, /hunter/)
    assert.equal(text.match(/"Authorization":"<redacted 2>"/g)?.length, 3)
    assert.equal(text.match(/"PASSWORD":"<redacted 1>"/g)?.length, 5)
    const [begin] = at.entries()
    assert.ok(begin?.kind === 'begin')
    assert.equal(begin.state.target.apps.environment?.services.environment?.name, 'environment')
    assert.deepEqual(begin.state.units.get('environment/environment/1')?.spec?.process.command, ['sleep', '1'])
  })

  test('that cannot be written says so once, goes on later, and then begins with the state', () => {
    using at = place()
    // Every write to this device fails with ENOSPC.
    symlinkSync('/dev/full', at.path('recording.ndjson'))
    const recorder = at.open()
    recorder.record({ now, events: [exited(1)], state })
    recorder.settled(digest)
    recorder.record({ now: { ...now, bootMs: now.bootMs + 20_000 }, events: [exited(2)], state })
    assert.equal(at.warnings.length, 1)
    assert.match(at.warnings[0] ?? '', /recording\.ndjson: cannot be written \(ENOSPC\); recording goes on when it can/)
    unlinkSync(at.path('recording.ndjson'))
    recorder.record({ now: { ...now, bootMs: now.bootMs + 25_000 }, events: [exited(3)], state })
    assert.equal(existsSync(at.path('recording.ndjson')), false)
    recorder.record({ now: { ...now, bootMs: now.bootMs + 40_000 }, events: [exited(4)], state })
    assert.deepEqual(at.kinds(), ['begin', 'turn'])
    recorder.close()
  })
})

describe('a recording is read', () => {
  const turn = JSON.stringify({ kind: 'turn', now: { bootId: 'b', bootMs: 1, wallMs: 2 }, events: [] })
  const read = (text: string) =>
    [...readRecording(text)].map(({ line, entry }) =>
      entry.kind === 'damaged' ? entry.message : `${line} ${entry.kind}`,
    )

  test('without its torn last line', () => assert.deepEqual(read(`${turn}\n${turn.slice(0, 30)}`), ['1 turn']))

  test('with a message for a damaged line in the middle', () => {
    const [first, second, third, ...rest] = read(`${turn}\n{"kind":"tu\n${turn}\n`)
    assert.deepEqual([first, third, ...rest], ['1 turn', '3 turn'])
    assert.match(second ?? '', /^line 2: is no complete JSON \(.*\); replay from the next 'begin'$/)
  })

  test('with a message for a line of another kind or format', () => {
    assert.deepEqual(read('{"kind":"begin","format":2}\nnull\n{"kind":"x"}\n'), [
      'line 1: has format 2; replay it with the Holdfast that wrote it',
      "line 2: is no line of a recording (kind 'begin', 'turn' or 'settled'); is this the right file?",
      "line 3: is no line of a recording (kind 'begin', 'turn' or 'settled'); is this the right file?",
    ])
  })
})

// ---- helpers ------------------------------------------------------------------------------------------------

const now: Now = { bootId: 'boot-1', bootMs: 1_000, wallMs: 1_700_000_000_000 }
const digest = { version: 1, steps: 0, transitions: 1, refused: [] }

const state: State = {
  version: 1,
  bootId: 'boot-1',
  mode: { kind: 'running' },
  target: { apps: {} },
  units: new Map(),
  nextRun: 1,
  nextTransition: 1,
  observe: null,
  found: [],
  containerEngine: unknownEngine(),
  releases: new Map(),
}

const process_ = {
  command: ['sleep', '1'],
  environment: { PASSWORD: 'hunter2' },
} as unknown as ProcessSpec

const checks = {
  readiness: { probe: { kind: 'http', url: 'http://localhost', headers: { Authorization: 'hunter3' } } },
  liveness: { probe: { kind: 'tcp', host: 'localhost', port: 1 } },
}

const app = {
  name: 'environment',
  services: {
    environment: { name: 'environment', process: process_, checks, instances: [{ n: 1, process: process_ }, { n: 2 }] },
  },
} as unknown as App

const unit = { id: 'environment/environment/1', spec: { process: process_, checks } } as unknown as Unit

function exited(run: number): Event {
  return { kind: 'exited', unit: 'a/b/1', run, exit: { kind: 'code', code: 0 } }
}

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-recorder-'))
  const path = (name: string) => join(directory, name)
  const warnings: string[] = []
  const entries = (name = 'recording.ndjson') =>
    [...readRecording(readFileSync(path(name), 'utf8'))].map(({ entry }) => entry)
  return {
    path,
    warnings,
    entries,
    kinds: (name?: string) => entries(name).map(({ kind }) => kind),
    open: (bytesMax = 1_000_000) =>
      createRecorder({ directory, bytesMax, warn: (message) => void warnings.push(message) }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}
