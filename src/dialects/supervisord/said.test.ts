import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memorySourceReader } from '../memory-source-reader.ts'
import { decodeSupervisord } from './decode.ts'

const file = '/s.conf'

function decode(text: string, said: Readonly<Record<string, string>>) {
  const environment = { HOME: '/root', HOLDFAST_COMMAND: '/bin/holdfast', HOLDFAST_NOFILE_SOFT: '1024' }
  return decodeSupervisord([file], memorySourceReader({ files: { [file]: text }, environment }), said).supervisord!
}

test('what is said counts before the file, and what the file says has to be right all the same', () => {
  assert.equal(decode('[supervisord]\nnodaemon=false\n', { nodaemon: 'true' }).nodaemon, true)
  const { error } = decode('[supervisord]\nnodaemon=x\n', { nodaemon: 'true' })
  assert.match(error ?? '', /not a valid boolean value: 'x'/)
})

test('what only our launcher put into the environment is no name to expand', () => {
  const { error } = decode('[supervisord]\n[program:a]\ncommand=%(ENV_HOLDFAST_COMMAND)s\n', {})
  assert.match(error ?? '', /Available names: ENV_HOME, group_name/)
})
