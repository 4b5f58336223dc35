import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, code, running, service } from '../../core/fixture.ts'
import type { Unit } from '../../core/model.ts'
import { askedByByte, askedOfLogger } from './commands.ts'

const finish = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true } as const
const web = service('web', {
  hooks: { preStart: null, postStop: finish },
  stop: [{ signal: 'TERM', scope: 'main', waitMs: 0 }],
})

/** `stop`, `signal TERM`, `exit`. */
function asked(letter: string, unit: Unit, isLogger = false): string {
  const { commands, isExit } = askedByByte(letter.charCodeAt(0), unit, isLogger)
  for (const command of commands) {
    assert('units' in command)
    assert.deepEqual([command.units, command.by], [[unit.id], { kind: 'client', name: 'sv' }])
  }
  const words = commands.map((command) => (command.kind === 'signal' ? `signal ${command.signal}` : command.kind))
  return [...(isExit ? ['exit'] : []), ...words].join(', ')
}

test('each letter asks for what runsv does of a service that runs', () => {
  const unit = running(0, web).unit('web')
  const words = Array.from('udotkpchaiq12xz\n', (letter) => asked(letter, unit))
  const signals = ['TERM', 'KILL', 'STOP', 'CONT', 'HUP', 'ALRM', 'INT', 'QUIT', 'USR1', 'USR2']
  assert.deepEqual(words, ['start', 'stop', 'run', ...signals.map((signal) => `signal ${signal}`), 'exit', '', ''])
  assert.equal(asked('x', unit, true), '')
})

test('once is the last run', () => {
  const { commands } = askedByByte('o'.charCodeAt(0), running(0, web).unit('web'), false)
  assert.deepEqual(commands[0]?.kind === 'run' && commands[0].isLast, true)
})

test('who wants it down again, while it is being stopped, has the signals sent again', () => {
  const scene = running(0, web)
  scene.turn(1, ask('stop', 'web'))
  assert.equal(asked('d', scene.unit('web')), 'stop, signal TERM, signal CONT')
  assert.equal(asked('x', scene.unit('web')), 'exit, signal TERM, signal CONT')
})

test('finish is only killed, and where nothing runs no signal is asked for', () => {
  const scene = running(0, web)
  scene.turn(1, scene.exited('web', code(0)))
  scene.turn(2, scene.spawned('web'))
  const letters = 'tkpchaiq12'
  assert.deepEqual(Array.from(letters, (letter) => asked(letter, scene.unit('web'))).filter(Boolean), ['signal KILL'])
  assert.equal(asked('d', scene.unit('web')), 'stop')
  scene.turn(3, ask('stop', 'web'), scene.exited('web', code(0)))
  assert.deepEqual(Array.from(letters, (letter) => asked(letter, scene.unit('web'))).filter(Boolean), [])
})

test('a builtin logger rests, goes on, rotates and reads its configuration, and a restart opens it anew', () => {
  const rows = Array.from('udohapctkx1', (letter) => {
    const { action, want, isBegun } = askedOfLogger(letter.charCodeAt(0), false)
    return `${letter}: ${action}${want === null ? '' : `, want ${want}`}${isBegun ? ', begun' : ''}`
  })
  assert.deepEqual(rows, [
    ...['u: resume, want up', 'd: pause, want down', 'o: resume, want down', 'h: reload', 'a: rotate', 'p: pause'],
    ...['c: resume', 't: reload, begun', 'k: reload, begun', 'x: null', '1: null'],
  ])
})

test('a builtin logger that is down stays so, whatever signal it is sent', () => {
  for (const letter of 'tkpc') {
    assert.deepEqual(askedOfLogger(letter.charCodeAt(0), true), { action: null, want: null, isBegun: false })
  }
})
