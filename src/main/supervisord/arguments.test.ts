import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSupervisordArguments } from './arguments.ts'

test('options are read as Python reads them: short ones together, values glued or apart, long names shortened', () => {
  const said = { nodaemon: 'true', silent: 'true', loglevel: 'debug', logfile: '/l', pidfile: '/p' }
  const expected = { kind: 'arguments', configuration: '/c', said }
  assert.deepEqual(parseSupervisordArguments(['-nsc/c', '-e', 'debug', '--logfile', '/l', '--pid=/p']), expected)
  assert.deepEqual(parseSupervisordArguments([]), { kind: 'arguments', configuration: null, said: {} })
})

test('help and version come before everything else that is right', () => {
  assert.deepEqual(parseSupervisordArguments(['-n', '-h', 'word']), { kind: 'help' })
  assert.deepEqual(parseSupervisordArguments(['-?']), { kind: 'help' })
  assert.deepEqual(parseSupervisordArguments(['--version']), { kind: 'version' })
})

// As Debian's supervisor 4.2.5 says it.
for (const [args, message] of [
  [['-x'], 'option -x not recognized'],
  [['--foo'], 'option --foo not recognized'],
  [['--c'], 'option --c not a unique prefix'],
  [['--nodaemon=1'], 'option --nodaemon must not have an argument'],
  [['-c'], 'option -c requires argument'],
  [['--pidfile'], 'option --pidfile requires argument'],
  [['foo', '-n'], "positional arguments are not supported: ['foo', '-n']"],
  [['-n', '-n'], "conflicting command line option '-n'"],
  [['-n', '--nodaemon'], "conflicting command line option '--nodaemon'"],
] as const) {
  test(`${args.join(' ')} is refused in supervisord's words`, () => {
    assert.deepEqual(parseSupervisordArguments(args), { kind: 'usage', message })
  })
}
