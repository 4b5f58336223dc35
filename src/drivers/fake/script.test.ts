import assert from 'node:assert/strict'
import { it } from 'node:test'
import { play, service, setTarget } from '../../core/fixture.ts'
import type { Role, Step } from '../../core/model.ts'
import { nextDue } from './cron.ts'
import { scriptFromEnvironment } from './script.ts'

function spawn(text: string | null, run = 1, role: Role = 'main'): Extract<Step, { kind: 'spawn' }> {
  const web = service('web')
  const environment: Readonly<Record<string, string>> = text === null ? {} : { HOLDFAST_FAKE: text }
  const scene = play()
  scene.turn(0, setTarget({ ...web, process: { ...web.process, environment } }))
  const { spec } = scene.unit('web')
  return { kind: 'spawn', unit: 'a/web/1', run, role, attempt: run, spec, end: null, isRecorded: false, why: '' }
}

it('without words a process lives until it is stopped', () => {
  assert.deepEqual(scriptFromEnvironment(spawn(null)), {
    spawnFailure: null,
    spawnMs: 1,
    livesMs: null,
    exit: { kind: 'code', code: 0 },
    ignores: [],
    stopMs: 1,
    stopExit: null,
    isForbidden: false,
    checked: { passesMs: 0, flapsMs: null, answerMs: 1 },
  })
})

it('words say how it starts, lives and ends', () => {
  const script = scriptFromEnvironment(spawn('lives=3000 exit=7 ignores=TERM,INT spawn=20 stops=200'))
  const { livesMs, exit, ignores, spawnMs, stopMs } = script
  assert.deepEqual(
    [livesMs, exit, ignores, spawnMs, stopMs],
    [3_000, { kind: 'code', code: 7 }, ['TERM', 'INT'], 20, 200],
  )
  assert.deepEqual(scriptFromEnvironment(spawn('exit=SEGV')).exit, { kind: 'signal', signal: 'SEGV', core: false })
})

it('words say which signals its script deals with', () => {
  assert.deepEqual(scriptFromEnvironment(spawn('handles=TERM,HUP')).handles, ['TERM', 'HUP'])
})

it('a range is drawn by the run, the same each time', () => {
  const lives = Array.from({ length: 50 }, (_, run) => scriptFromEnvironment(spawn('lives=100..200', run)).livesMs ?? 0)
  assert(lives.every((ms) => ms >= 100 && ms <= 200) && new Set(lives).size > 10)
  assert.equal(scriptFromEnvironment(spawn('lives=100..200', 7)).livesMs, lives[7])
})

it("a spawn that fails is the unit's own matter, unless the host is short of something", () => {
  assert.deepEqual(scriptFromEnvironment(spawn('fails=ENOENT')).spawnFailure, {
    code: 'ENOENT',
    message: 'as scripted',
    retry: false,
  })
  assert.equal(scriptFromEnvironment(spawn('fails=EAGAIN')).spawnFailure?.retry, true)
})

it('a hook ends well by itself, unless words of its own say otherwise', () => {
  const { livesMs, exit, ignores } = scriptFromEnvironment(spawn('exit=7 ignores=TERM', 1, 'pre'))
  assert.deepEqual([livesMs, exit, ignores], [20, { kind: 'code', code: 0 }, []])
  const hangs = 'pre.exit=3 post.lives=ever post.ignores=TERM'
  assert.deepEqual(scriptFromEnvironment(spawn(hangs, 1, 'pre')).exit, { kind: 'code', code: 3 })
  const post = scriptFromEnvironment(spawn(hangs, 1, 'post'))
  assert.deepEqual([post.livesMs, post.ignores], [null, ['TERM']])
})

it('words say what checks of it find', () => {
  const late = scriptFromEnvironment(spawn('ready=500 flaps=2000 answers=30')).checked
  assert.deepEqual(late, { passesMs: 500, flapsMs: 2_000, answerMs: 30 })
  assert.equal(scriptFromEnvironment(spawn('ready=never')).checked.passesMs, null)
})

it('schedules of seconds, minutes, hours and days have a next time, others have none', () => {
  const at = Date.UTC(2026, 0, 1, 10, 20, 31, 5)
  assert.equal(nextDue('*/5 * * * * *', at), Date.UTC(2026, 0, 1, 10, 20, 35))
  assert.equal(nextDue('*/5 * * * * *', Date.UTC(2026, 0, 1, 10, 20, 35)), Date.UTC(2026, 0, 1, 10, 20, 40))
  assert.equal(nextDue('* * * * *', at), Date.UTC(2026, 0, 1, 10, 21))
  assert.equal(nextDue('@daily', at), Date.UTC(2026, 0, 2))
  assert.equal(nextDue('30 4 * * *', at), null)
  assert.equal(nextDue('toString', at), null)
})
