import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRunsvdir } from '../../src/main/runsvdir.ts'
import { type Home, realTest, root } from './harness.ts'
import { until } from './until.ts'

realTest('service directories are a source of any daemon, beside others, and sv drives them', {}, async (home) => {
  const services = directoryOf(home, { web: 'exec sleep 100000' })
  const daemon = await home.start([services, home.declare('app', { db: { command: ['sleep', '100000'] } })])
  await home.untilState('service/web', 'running')
  await home.untilState('app/db', 'running')
  const web = join(services, 'web')
  assert.match(await sv(home, 'status', web), /^run: .*\/web: \(pid \d+\) \d+s\n$/)
  assert.equal((await home.cli('sv', 'down', web)).code, 0)
  const down = await home.untilState('service/web', 'stopped')
  assert.match(down.reason, /stopped by sv/)
  assert.equal((await home.cli('start', 'web')).code, 0)
  assert.match(await sv(home, 'check', web), /^ok: run: /)
  await daemon.stop()
  assert.match(await sv(home, 'status', web), /runsv not running/)
})

realTest('a link that comes runs, and one that goes ends what it led to', {}, async (home) => {
  const services = directoryOf(home, { web: 'exec sleep 100000' })
  const daemon = await home.start([services])
  home.write('store/late/run', '#!/bin/sh\nexec sleep 100000\n')
  chmodSync(join(home.directory, 'store/late/run'), 0o755)
  symlinkSync(join(home.directory, 'store/late'), join(services, 'late'))
  const late = await home.untilState('service/late', 'running', 4_000)
  rmSync(join(services, 'late'))
  await until('its process to be gone', () => !isThere(late.pid))
  await until(
    'it to be told',
    () => readFileSync(join(home.directory, 'store/late/supervise/stat'), 'utf8') === 'down\n',
  )
  assert.equal((await home.unit('service/web')).state, 'running')
  await daemon.stop()
})

realTest(
  'killed and upgraded, nothing is restarted, and sv never finds nobody while a daemon is there',
  {},
  async (home) => {
    const services = directoryOf(home, { web: 'exec sleep 100000', db: 'exec sleep 100000' })
    const first = await home.start([services])
    const before = [await home.untilState('service/web', 'running'), await home.untilState('service/db', 'running')]
    await home.cli('sv', 'down', join(services, 'db'))
    await home.untilState('service/db', 'stopped')
    await first.crash()
    const second = await home.start([services])
    assert.equal((await home.untilState('service/web', 'running')).pid, before[0]!.pid)
    assert.equal((await home.unit('service/db')).state, 'stopped', 'a death of ours is no restart')
    let isOver = false
    const asked = askAllTheTime(home, join(services, 'web'), () => isOver)
    assert.equal((await home.cli('upgrade', root)).code, 0)
    isOver = true
    for (const answer of await asked) assert.match(answer, /^run: /)
    assert.equal((await home.untilState('service/web', 'running')).pid, before[0]!.pid)
    await second.stop()
    const third = await home.start([services])
    await home.untilState('service/db', 'running')
    await third.stop()
  },
)

realTest('what cannot be started says why, with what is missing, and the others run', {}, async (home) => {
  const services = directoryOf(home, { good: 'exec sleep 100000' })
  const bad = home.write('service/bad/run', '#!/opt/no/such/interpreter\n')
  chmodSync(bad, 0o755)
  home.write('service/locked/run', '#!/bin/sh\nexec sleep 100000\n')
  home.write('service/locked/supervise', 'a file in its way')
  const daemon = await home.start([services])
  await home.untilState('service/good', 'running')
  await home.untilState('service/locked', 'failed')
  const locked = await home.explain('service/locked')
  assert.match(locked.why, /locked\/supervise exists and is not a directory: remove it/)
  await home.untilUnit('service/bad', ({ reason }) => /\/opt\/no\/such\/interpreter, which is not there/.test(reason))
  rmSync(join(services, 'locked/supervise'))
  chmodSync(join(services, 'locked/run'), 0o755)
  await home.untilState('service/locked', 'running')
  await daemon.stop()
})

test('the arguments of runsvdir are those of runit', () => {
  const inherit = { kind: 'daemon', args: ['--runsvdir', 'inherit', '/sv'], warning: '' }
  assert.deepEqual(readRunsvdir(['/sv']), inherit)
  assert.deepEqual(readRunsvdir(['-P', '/sv']), inherit)
  const log = readRunsvdir(['-P', '/sv', 'log: ....'])
  assert.deepEqual(log, { ...inherit, args: ['--runsvdir', 'store', '/sv'] })
  const short = readRunsvdir(['/sv', 'log'])
  assert.match(short.kind === 'daemon' ? short.warning : '', /at least seven characters/)
  assert.deepEqual(readRunsvdir([]), { kind: 'usage', message: 'usage: runsvdir [-P] dir\n', code: 1 })
  assert.match(String(Object.values(readRunsvdir(['-x', '/sv']))), /illegal option -- x/)
})

// ---- helpers

/** A directory `service` with a script for each. */
function directoryOf(home: Home, scripts: Readonly<Record<string, string>>): string {
  const services = join(home.directory, 'service')
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(join(services, name), { recursive: true })
    writeFileSync(join(services, name, 'run'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return services
}

async function sv(home: Home, ...args: readonly string[]): Promise<string> {
  return (await home.cli('sv', ...args)).stdout
}

async function askAllTheTime(home: Home, service: string, isOver: () => boolean): Promise<readonly string[]> {
  const answers: string[] = []
  while (!isOver()) answers.push(await sv(home, 'status', service))
  return answers
}

function isThere(pid: number | null): boolean {
  try {
    process.kill(pid ?? 0, 0)
    return true
  } catch {
    return false
  }
}
