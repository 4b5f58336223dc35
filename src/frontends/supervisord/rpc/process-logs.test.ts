import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainProcess } from '../../../core/target/plain.ts'
import type { StreamRef } from '../../../engine/ports.ts'
import { groupApp } from '../table/fixture.ts'
import { off, sceneOf } from './fixture.ts'

test('the logs of a process are read and followed by its streams', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rpc-'))
  try {
    const stdout = { ...plainProcess.stdout, path: join(folder, 'out') }
    const stderr = { ...plainProcess.stdout, path: join(folder, 'err') }
    await writeFile(stdout.path, 'out\n')
    await writeFile(stderr.path, 'err\n')
    const { rpc } = sceneOf([groupApp('g', 1, off('a', { process: { ...plainProcess, stdout, stderr } }), off('b'))])
    assert.equal(await rpc('supervisor.readProcessStdoutLog', 'g:a', 0, 0), 'out\n')
    assert.equal(await rpc('supervisor.readProcessLog', 'g:a', '1', '2'), 'ut')
    assert.equal(await rpc('supervisor.readProcessLog', 'g:a', Buffer.from('1'), 0), 'ut\n')
    assert.equal(await rpc('supervisor.readProcessStderrLog', 'g:a', -2.5, 0), 'r\n')
    assert.deepEqual(await rpc('supervisor.tailProcessStdoutLog', 'g:a', 0, 2), ['t\n', 4, true])
    assert.deepEqual(await rpc('supervisor.tailProcessLog', 'g:a', 0, 9), ['out\n', 4, false])
    assert.deepEqual(await rpc('supervisor.tailProcessStderrLog', 'g:a', 0, 9), ['err\n', 4, false])
    assert.equal(await rpc('supervisor.readProcessStderrLog', 'g:b', 0, 0), '20 NO_FILE')
    assert.equal(await rpc('supervisor.readProcessStdoutLog', 'g:*', 0, 0), '10 BAD_NAME: g:*')
    assert.equal(await rpc('supervisor.tailProcessStdoutLog', 'nobody', 0, 0), '10 BAD_NAME: nobody')
    assert.equal(await rpc('supervisor.readProcessStdoutLog', 'g:a', 'x', 0), '2 INCORRECT_PARAMETERS')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('logs are emptied stream by stream, also of what does not run; what cannot be is a fault', async () => {
  const cleared: string[] = []
  const clear = ({ unit, stream }: StreamRef): string | null => {
    cleared.push(`${unit} ${stream}`)
    return unit === 'g/b/1' ? 'it is read-only' : null
  }
  const process = { ...plainProcess, stderr: plainProcess.stdout }
  const group = groupApp('g', 1, off('a', { priority: 2, process }), off('b', { priority: 1 }))
  const { rpc } = sceneOf([group], { logs: { catchUp() {}, reopen() {}, clear } })
  assert.equal(await rpc('supervisor.clearProcessLogs', 'g:a'), true)
  assert.equal(await rpc('supervisor.clearProcessLog', 'g:b'), '30 FAILED: g:b')
  assert.deepEqual(cleared, ['g/a/1 stdout', 'g/a/1 stderr', 'g/b/1 stdout'])
  assert.equal(await rpc('supervisor.clearProcessLogs', 'g:*'), '10 BAD_NAME: g:*')
  assert.deepEqual(await rpc('supervisor.clearAllProcessLogs'), [
    { name: 'b', group: 'g', status: 30, description: 'FAILED: g:b' },
    { name: 'a', group: 'g', status: 80, description: 'OK' },
  ])
})
