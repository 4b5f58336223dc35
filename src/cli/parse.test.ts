import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from './commands.ts'
import { printHelp, printOverview } from './help.ts'
import { parseLine } from './parse.ts'

function parsed(...args: readonly string[]) {
  const line = parseLine(args, commands)
  if (line.kind === 'run')
    return { command: line.command.name, operands: line.operands, home: line.options.value('home') }
  return line.kind === 'usage' ? line.message : { help: line.command?.name ?? null, isAsked: line.isAsked }
}

test('options may stand before and after the name of the command', () => {
  const expected = { command: 'ps', operands: ['web'], home: '/h' }
  assert.deepEqual(parsed('--home', '/h', 'ps', 'web'), expected)
  assert.deepEqual(parsed('ps', 'web', '--home=/h'), expected)
})

test('an unknown command or option is refused with what was probably meant', () => {
  assert.equal(parsed('logz'), "unknown command 'logz'; did you mean 'logs'?")
  assert.equal(parsed('logs', '--folow', 'web'), "logs: unknown option --folow; did you mean '--follow'?")
})

test('a value that is missing, not among the choices or not wanted is refused', () => {
  assert.equal(parsed('ps', '--output'), 'ps: --output needs a value: FORMAT')
  assert.equal(parsed('ps', '--home', '--output'), 'ps: --home needs a value: DIR')
  assert.equal(parsed('ps', '-o', 'xml'), "ps: -o is one of table, json, name, not 'xml'")
  assert.equal(parsed('logs', '--follow=yes', 'web'), 'logs: --follow takes no value')
})

test('too few and too many operands are refused', () => {
  assert.equal(parsed('stop'), 'stop: NAME… is missing')
  assert.equal(parsed('reload', 'x'), "reload: 'x' is too many")
})

test('help is asked for in every usual way', () => {
  for (const args of [
    ['help', 'ps'],
    ['ps', '--help'],
    ['ps', '-h'],
  ]) {
    assert.deepEqual(parsed(...args), { help: 'ps', isAsked: true })
  }
  for (const args of [['help'], ['--help'], ['-h']]) assert.deepEqual(parsed(...args), { help: null, isAsked: true })
  assert.deepEqual(parsed(), { help: null, isAsked: false })
  assert.equal(parsed('help', 'pss'), "unknown command 'pss'; did you mean 'ps'?")
})

test('--version is the version command', () => {
  assert.deepEqual(parsed('--version'), { command: 'version', operands: [], home: undefined })
})

test('every command has help with an example that begins with its own name', () => {
  for (const command of commands) {
    const text = printHelp(command)
    assert.ok(text.indexOf('Examples:') < text.indexOf('Usage:'), command.name)
    for (const example of command.examples) assert.match(example.command, new RegExp(`^holdfast ${command.name}\\b`))
  }
})

test('the overview names every command', () => {
  const text = printOverview(commands, '1.2.3')
  for (const command of commands)
    assert.match(text, new RegExp(`^  ${command.name} +${command.summary.slice(0, 10)}`, 'm'))
})
