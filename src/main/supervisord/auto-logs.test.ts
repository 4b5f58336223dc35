import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { decodeSupervisord } from '../../dialects/supervisord/decode.ts'
import { makeAutoLogs } from './auto-logs.ts'

test('a log without a name of its own is made in childlogdir for nobody else to read, once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-auto-'))
  try {
    const text =
      `[supervisord]\nchildlogdir=${directory}\n[program:a]\ncommand=a\nstderr_logfile=${directory}/named\n` +
      '[program:b]\ncommand=b\nredirect_stderr=true\n'
    const reader = memorySourceReader({ files: { '/s.conf': text }, environment: {}, directories: [directory] })
    const { apps, supervisord } = decodeSupervisord(['/s.conf'], reader)
    const make = (): Promise<void> =>
      makeAutoLogs({ apps: Object.fromEntries(apps.map((app) => [app.name, app])) }, [supervisord!])
    await make()
    const names = readdirSync(directory)
    assert.deepEqual(names.map((name) => name.slice(0, 12)).toSorted(), ['a-stdout---s', 'b-stdout---s'])
    for (const name of names) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
    const [first = ''] = names
    writeFileSync(join(directory, first), 'kept')
    chmodSync(join(directory, first), 0o644)
    await make()
    const { mode, size } = statSync(join(directory, first))
    assert.deepEqual([mode & 0o777, size], [0o644, 4])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
