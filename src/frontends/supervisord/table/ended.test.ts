import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProcessSpec, UnitSpec } from '../../../core/model.ts'
import { plainProcess } from '../../../core/target/plain.ts'
import { exitStatusOf, exitWords, spawnErrorWords } from './ended.ts'

function words(code: string, message: string, more: Partial<ProcessSpec> = {}): string {
  const process: ProcessSpec = { ...plainProcess, command: ['prog', 'x'], ...more }
  return spawnErrorWords({ code, message }, { process } as UnitSpec, 'web')
}

describe('why there is no process', () => {
  // What the driver says, and what supervisord 4.2.5 wrote into its log for the same.
  for (const [code, message, more, expected] of [
    ['ENOENT', 'prog is in no folder of PATH (/bin); install it', {}, "can't find command 'prog'"],
    ['ENOENT', '/no/such does not exist, or the', { command: ['/no/such'] }, "can't find command '/no/such'"],
    ['EISDIR', '/etc is a folder; name a program', { command: ['/etc'] }, "command at '/etc' is a directory"],
    ['EACCES', '/etc/passwd may not be', { command: ['/etc/passwd'] }, "command at '/etc/passwd' is not executable"],
    ['bad-command', 'x; correct `command`', { command: [], commandError: 'command is empty' }, 'command is empty'],
    ['EMFILE', 'the output pipes cannot be opened (EMFILE)', {}, "too many open files to spawn 'web'"],
    ['EAGAIN', '/bin/prog cannot be started (EAGAIN)', {}, "Too many processes in process table to spawn 'web'"],
    ['ENOMEM', '/bin/prog cannot be started (ENOMEM)', {}, "unknown error during fork for 'web': ENOMEM"],
    [
      'ENOENT',
      'the working directory /no such cannot be',
      { workingDir: '/no such' },
      "couldn't chdir to /no such: ENOENT",
    ],
    ['ENOEXEC', '/bin/prog is not a program', {}, "couldn't exec prog: ENOEXEC"],
  ] as const) {
    it(`${code}: ${expected}`, () => assert.equal(words(code, message, more), expected))
  }

  it('what supervisord has no words for is told in ours', () => {
    const socket = 'its socket unix:///x cannot be opened (EACCES): check its permissions'
    assert.equal(words('EACCES', socket), socket)
    const tool = '`user` needs setpriv; install util-linux'
    assert.equal(words('ENOENT', tool), tool)
    assert.equal(words('no-user', 'there is no user x'), 'there is no user x')
  })
})

it('exits are told as supervisord does', () => {
  const exits = [
    { kind: 'code', code: 3 },
    { kind: 'signal', signal: 'KILL', core: false },
    { kind: 'signal', signal: 'SEGV', core: true },
    { kind: 'unknown' },
  ] as const
  assert.deepEqual(
    exits.map((exit) => [exitStatusOf(exit), exitWords(exit)]),
    [
      [3, 'exit status 3'],
      [-1, 'terminated by SIGKILL'],
      [-1, 'terminated by SIGSEGV (core dumped)'],
      [-1, 'unknown termination cause'],
    ],
  )
})
