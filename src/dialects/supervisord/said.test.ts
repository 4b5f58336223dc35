import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memorySourceReader } from '../memory-source-reader.ts'
import { decodeSupervisord } from './decode.ts'
import type { Called } from './said.ts'

const file = '/s.conf'

function decode(text: string, said: Readonly<Record<string, string>>) {
  const environment = { HOME: '/root', HOLDFAST_COMMAND: '/bin/holdfast', HOLDFAST_NOFILE_SOFT: '1024' }
  return decodeSupervisord([file], memorySourceReader({ files: { [file]: text }, environment }), {
    said,
    directory: '/',
  }).supervisord!
}

test('what is said counts before the file, and what the file says has to be right all the same', () => {
  assert.equal(decode('[supervisord]\nnodaemon=false\n', { nodaemon: 'true' }).nodaemon, true)
  const { error } = decode('[supervisord]\nnodaemon=x\n', { nodaemon: 'true' })
  assert.match(error ?? '', /not a valid boolean value: 'x'/)
})

test('relative paths start where it was called, those of programs in its directory; of another daemon beside the file', () => {
  const path = '/etc/s.conf'
  const text =
    '[unix_http_server]\nfile=s.sock\n[supervisord]\ndirectory=work\npidfile=run/pid\n' +
    '[program:a]\ncommand=%(here)s/a\ndirectory=sub\nstdout_logfile=log/a\n'
  const directories = ['/app/work', '/app/run', '/app/work/log', '/etc/work', '/etc/run', '/etc/log']
  const reader = memorySourceReader({ files: { [path]: text }, environment: {}, directories })
  const read = (called: Called | null) => {
    const { apps, supervisord } = decodeSupervisord([path], reader, called)
    const { command, workingDir, stdout } = apps[0]!.services.a!.process
    const { error, directory, pidfile, servers } = supervisord!
    return {
      error,
      paths: [
        directory,
        pidfile,
        servers[0]?.address.kind === 'unix' && servers[0].address.path,
        workingDir,
        stdout.path,
        ...command,
      ],
    }
  }
  const atApp = ['/app/work', '/app/run/pid', '/app/s.sock', '/app/work/sub', '/app/work/log/a', '/etc/a']
  assert.deepEqual(read({ said: {}, directory: '/app' }), { error: null, paths: atApp })
  const atFile = ['/etc/work', '/etc/run/pid', '/etc/s.sock', '/etc/sub', '/etc/log/a', '/etc/a']
  assert.deepEqual(read(null), { error: null, paths: atFile })
})

test('what only our launcher put into the environment is no name to expand', () => {
  const { error } = decode('[supervisord]\n[program:a]\ncommand=%(ENV_HOLDFAST_COMMAND)s\n', {})
  assert.match(error ?? '', /Available names: ENV_HOME, group_name/)
})
