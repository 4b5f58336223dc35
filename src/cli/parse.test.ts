import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from './commands.ts'
import { parseLine } from './parse.ts'

function parsed(...args: readonly string[]) {
  const line = parseLine(args, commands)
  switch (line.kind) {
    case 'run':
      return { command: line.command.name, operands: line.operands, home: line.options.value('home') }
    case 'usage':
      return line.message
    case 'help':
      return { help: line.on.kind === 'command' ? line.on.command.name : line.on.kind, isAsked: line.isAsked }
  }
}

/** The options of a line that is right. */
function optionsOf(...args: readonly string[]) {
  const line = parseLine(args, commands)
  assert.equal(line.kind, 'run', JSON.stringify(line))
  return line.options
}

test('options may stand before and after the name of the command', () => {
  const expected = { command: 'ps', operands: ['web'], home: '/h' }
  assert.deepEqual(parsed('--home', '/h', 'ps', 'web'), expected)
  assert.deepEqual(parsed('ps', 'web', '--home=/h'), expected)
})

test('what follows the name of exec is the command, whatever it looks like', () => {
  const line = parseLine(['exec', '-i', '-e', 'A=1', 'web', 'ls', '-la', '--help', '--', '-t'], commands)
  assert.ok(line.kind === 'run')
  assert.deepEqual(line.operands, ['web', 'ls', '-la', '--help', '--', '-t'])
  assert.deepEqual([line.options.isSet('interactive'), line.options.isSet('tty')], [true, false])
  assert.equal(parsed('exec', 'web'), 'exec: NAME COMMAND… is missing; see: holdfast help exec')
  assert.deepEqual(parsed('exec', '--help', 'web'), { help: 'exec', isAsked: true })
})

test('an unknown command or option is refused with what was probably meant', () => {
  assert.equal(parsed('logz'), "unknown command 'logz'; did you mean 'logs'?")
  assert.equal(parsed('logs', '--folow', 'web'), "logs: unknown option --folow; did you mean '--follow'?")
})

test('an option that is none is told, and not what follows it', () => {
  assert.equal(parsed('--hoem', '/h', 'ps'), "unknown option --hoem; did you mean '--home'?")
  assert.equal(parsed('--home', '/h', 'pss'), "unknown command 'pss'; did you mean 'ps'?")
  assert.equal(parsed('--home=/h', 'pss'), "unknown command 'pss'; did you mean 'ps'?")
})

test('a value that is missing, not among the choices or not wanted is refused', () => {
  assert.equal(parsed('ps', '--output'), 'ps: --output needs a value: --output FORMAT')
  assert.equal(parsed('ps', '--home', '--output'), 'ps: --home needs a value: --home DIR')
  assert.equal(parsed('ps', '-o', 'xml'), "ps: -o is one of table, wide, json, ndjson, name, not 'xml'; write -o table")
  assert.equal(
    parsed('ps', '-o', 'jsno'),
    "ps: -o is one of table, wide, json, ndjson, name, not 'jsno'; did you mean 'json'?",
  )
  assert.equal(parsed('logs', '--follow=yes', 'web'), "logs: --follow takes no value; leave '=yes' away")
})

test('too few and too many operands are refused', () => {
  assert.equal(parsed('stop'), 'stop: NAME… is missing; see: holdfast help stop')
  assert.equal(parsed('reload', 'x'), "reload: 'x' is too many; see: holdfast help reload")
})

test('help is asked for in every usual way', () => {
  for (const args of [
    ['help', 'ps'],
    ['ps', '--help'],
    ['ps', '-h'],
  ]) {
    assert.deepEqual(parsed(...args), { help: 'ps', isAsked: true })
  }
  for (const args of [['help'], ['--help'], ['-h']])
    assert.deepEqual(parsed(...args), { help: 'overview', isAsked: true })
  assert.deepEqual(parsed(), { help: 'overview', isAsked: false })
  assert.deepEqual(parsed('help', 'exit-codes'), { help: 'topic', isAsked: true })
  assert.deepEqual(parsed('help', 'commands'), { help: 'all-commands', isAsked: true })
  assert.equal(parsed('help', 'pss'), "unknown command 'pss'; did you mean 'ps'?")
  assert.equal(parsed('help', 'exitcodes'), "unknown command 'exitcodes'; did you mean 'exit-codes'?")
})

test('--version is the version command', () => {
  assert.deepEqual(parsed('--version'), { command: 'version', operands: [], home: undefined })
})

test('ls is ps', () => {
  assert.deepEqual(parsed('ls', 'web'), { command: 'ps', operands: ['web'], home: undefined })
})

test('a value that may be left out is never the next word', () => {
  const bare = optionsOf('start', '--wait', 'healthy')
  assert.deepEqual([bare.isSet('wait'), bare.value('wait')], [true, 'running'])
  assert.equal(optionsOf('start', '--wait=healthy', 'web').value('wait'), 'healthy')
  assert.equal(optionsOf('start', 'web').isSet('wait'), false)
  assert.equal(
    parsed('start', '--wait=helthy', 'web'),
    "start: --wait is one of running, healthy, not 'helthy'; did you mean 'healthy'?",
  )
})

test('of an option given several times the last counts, and all of one that may be repeated', () => {
  const options = optionsOf('ps', '-l', 'a=b', '-o', 'json', '--label=c', '-o', 'name')
  assert.equal(options.value('output'), 'name')
  assert.deepEqual(options.values('label'), ['a=b', 'c'])
  assert.deepEqual(options.values('home'), [])
})

test('--json is a short form of an option', () => {
  assert.equal(optionsOf('ps', '--json').value('output'), 'json')
  assert.equal(optionsOf('ps', '-o', 'name', '--json').value('output'), 'json')
})

test('a label stands for a name', () => {
  assert.deepEqual(parsed('stop', '-l', 'tier=front'), { command: 'stop', operands: [], home: undefined })
  assert.deepEqual(parsed('signal', 'HUP', '-l', 'tier'), { command: 'signal', operands: ['HUP'], home: undefined })
  assert.equal(parsed('signal', '-l', 'tier'), 'signal: SIGNAL NAME… is missing; see: holdfast help signal')
})

test('after -- everything is an operand', () => {
  assert.deepEqual(parsed('ps', '--', '-o'), { command: 'ps', operands: ['-o'], home: undefined })
})
