import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckReport, Configuration } from '../../src/wire/api.ts'
import { realTest } from './harness.ts'
import { sleeper } from './services.ts'

realTest(
  'config show tells what the running daemon has read, and afterwards what it would go on with',
  {},
  async (home) => {
    const file = home.declare('app', { web: { ...sleeper, scale: 2, environment: { STAGE: 'test' } } })
    assert.equal((await home.cli('config', 'show')).code, 69)
    const daemon = await home.start([file])
    const shown = await home.cli('config', 'show', '--resolved', '--origin', '--json')
    assert.equal(shown.code, 0, shown.stderr)
    const { sources, apps, isResolved }: Configuration = JSON.parse(shown.stdout)
    assert.deepEqual([sources, isResolved], [[file], true])
    assert.deepEqual(apps[0]!.units, ['app/web/1', 'app/web/2'])
    const { web } = apps[0]!.declaration.services as { web: { scale: number; stop_grace_period: string } }
    assert.deepEqual([web.scale, web.stop_grace_period], [2, '10s'])
    assert.equal(apps[0]!.origins!['services.web.environment.STAGE']!.file, file)
    assert.ok(!Object.hasOwn(apps[0]!.origins!, 'services.web.stop_grace_period'))
    await daemon.stop()
    const remembered = await home.cli('config', 'show')
    assert.equal(remembered.code, 0, remembered.stderr)
    assert.match(remembered.stderr, /no daemon runs for .*: these are its files of last time/)
    assert.match(remembered.stdout, /^name: app\nservices:\n {2}web:\n/)
  },
)

realTest('what config show and convert print changes nothing of what runs', {}, async (home) => {
  const file = home.write(
    'supervisord.conf',
    '[group:g]\nprograms=web,queue\n[program:web]\ncommand=sleep 86400\nprocess_name=w%(process_num)d\nnumprocs=2\nenvironment=A="$B"\n' +
      '; of the queue\n[program:queue]\ncommand=sleep 86400\nstdout_syslog=true\n[program:Alone]\ncommand=sleep 86400\n',
  )
  await home.start([file])
  await home.untilState('g/queue', 'running')
  const { pid } = await home.unit('g/queue')
  for (const [name, command] of [
    ['converted.yaml', ['convert', file]],
    ['shown.yaml', ['config', 'show', file, '--resolved', '--origin']],
  ] as const) {
    const printed = await home.cli(...command)
    assert.equal(printed.code, 0, printed.stderr)
    const planned = await home.cli('plan', home.write(name, printed.stdout))
    assert.equal(planned.code, 0, planned.stdout + planned.stderr)
  }
  assert.equal((await home.unit('g/queue')).pid, pid)
  const converted = join(home.directory, 'out.yaml')
  const written = await home.cli('convert', file, '-o', converted)
  assert.equal(written.code, 0, written.stderr)
  const text = readFileSync(converted, 'utf8')
  assert.match(text, /^# Written by holdfast convert from /)
  assert.match(text, /^ {8}stdout: \{path: own, syslog: \{ident: supervisord, prefix: 'queue '\}\}$/m)
  assert.match(text, /^ {2}# of the queue\n {2}queue:$/m)
  const again = await home.cli('convert', file, '-o', converted)
  assert.deepEqual([again.code, /exists; name another file/.test(again.stderr)], [1, true])
})

realTest(
  'check tells problems as data, with the line and a mark, and --strict makes errors of warnings',
  {},
  async (home) => {
    const file = home.write('bad.yaml', 'version: "3"\nservices:\n  web: {command: [sleep], restrat: always}\n')
    const text = await home.cli('check', file)
    assert.equal(text.code, 6)
    assert.match(text.stdout, /bad\.yaml:3:27: services\.web\.restrat: .*\n +3 \| +web: \{command.*\n +\| {27}\^\n/)
    assert.match(text.stderr, /^holdfast: 1 error, 1 warning$/m)
    const report: CheckReport = JSON.parse((await home.cli('check', '-o', 'json', file)).stdout)
    assert.deepEqual(
      report.problems.map(({ severity, line, setting }) => [severity, line, setting]),
      [
        ['warning', 1, 'version'],
        ['error', 3, 'services.web.restrat'],
      ],
    )
    const warned = home.write('warned.yaml', 'version: "3"\nservices:\n  web: {command: [sleep]}\n')
    assert.equal((await home.cli('check', warned)).code, 0)
    assert.equal((await home.cli('check', '--strict', warned)).code, 6)
  },
)

realTest('service directories are checked in every detail, and nothing of them is run', {}, async (home) => {
  const script = home.write('sv/web/run', '#!/bin/sh\nexec sleep 1\n')
  const directory = join(home.directory, 'sv')
  const bad = await home.cli('check', directory)
  assert.equal(bad.code, 6)
  assert.match(bad.stdout, /web\/run:1:1: web\/run: is not executable; chmod \+x /)
  chmodSync(script, 0o755)
  const good = await home.cli('check', directory)
  assert.deepEqual([good.code, good.stdout, good.stderr], [0, '', 'good: 1 service directory\n'])
  assert.equal(existsSync(join(directory, 'web/supervise')), false)
})
