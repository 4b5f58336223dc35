import assert from 'node:assert/strict'
import { it } from 'node:test'
import { play, service, setTarget } from '../../core/fixture.ts'
import type { Step } from '../../core/model.ts'
import { scriptFromEnvironment } from './script.ts'

function spawn(text: string | null, run = 1): Extract<Step, { kind: 'spawn' }> {
  const web = service('web')
  const environment: Readonly<Record<string, string>> = text === null ? {} : { HOLDFAST_FAKE: text }
  const scene = play()
  scene.turn(0, setTarget({ ...web, process: { ...web.process, environment } }))
  return { kind: 'spawn', unit: 'a/web/1', run, spec: scene.unit('web').spec, why: '' }
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
