import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest, root } from './harness.ts'
import { until } from './until.ts'

realTest('killed and upgraded under a flood, the builtin logger keeps each line once', {}, async (home) => {
  const { services, main } = declare(home, {
    run: 'i=0; while :; do i=$((i+1)); echo "line $i"; done',
    config: 's200000\nn0\n',
  })
  let daemon = await home.start([services])
  for (let deaths = 0; deaths < 4; deaths += 1) {
    const before = files(main).length
    await until('some rotations', () => files(main).length >= before + 3)
    await daemon.crash()
    daemon = await home.start([services])
  }
  assert.equal((await home.cli('upgrade', root)).code, 0)
  const before = files(main).length
  await until('some rotations', () => files(main).length >= before + 3)
  await daemon.stop()
  const names = files(main)
  assert.deepEqual(
    names.filter((name) => name.endsWith('.u')),
    [],
  )
  const lines = names.flatMap((name) => readFileSync(join(main, name), 'latin1').split('\n').slice(0, -1))
  const wrong = lines.findIndex((line, n) => !stamped.test(line) || !line.endsWith(` line ${n + 1}`))
  assert.equal(wrong, -1, `${lines.slice(Math.max(0, wrong - 1), wrong + 2).join('\n')}`)
  assert.equal(statSync(join(main, 'current')).mode & 0o777, 0o744)
})

realTest('sv sees and drives a logger that is the daemon', {}, async (home) => {
  const { services, main } = declare(home, { run: 'while :; do echo tick; sleep 0.02; done', config: '' })
  const daemon = await home.start([services])
  const web = join(services, 'web')
  await until('a line', () => text(main).includes('tick'))
  assert.match(await sv(home, 'status', web), new RegExp(`run: log: \\(pid ${daemon.pid}\\)`))

  await sv(home, 'stop', `${web}/log`)
  const there = text(main)
  assert.match(await sv(home, 'status', web), /down: log: \d+s, normally up/)
  await sv(home, 'up', `${web}/log`)
  await until('more lines', () => text(main).length > there.length)

  await sv(home, 'alarm', `${web}/log`)
  await until('a rotation', () => files(main).length === 2)
  writeFileSync(join(main, 'config'), 'pweb: \n')
  await sv(home, 'hup', `${web}/log`)
  await until('a line as the new config says', () => / web: tick\n/.test(text(main)))
  await daemon.stop()
})

realTest('a logger without its directory is told, and takes what waits when that is there', {}, async (home) => {
  const { services, main } = declare(home, { run: 'echo one; exec sleep 100000', config: null })
  const daemon = await home.start([services])
  await until('the trouble to be told', () =>
    home.stderr().includes(`unable to open log directory: ${services}/web/log/./main`),
  )
  mkdirSync(main)
  await until('what waits to be written', () => text(main).endsWith(' one\n'))
  await daemon.stop()
})

const stamped = /^\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} /

/** `config` null: without a log directory. */
function declare(
  home: Home,
  { run, config }: { readonly run: string; readonly config: string | null },
): { readonly services: string; readonly main: string } {
  const scripts = { run: `exec 2>&1\n${run}`, 'log/run': 'exec svlogd -tt ./main' }
  for (const [name, script] of Object.entries(scripts)) {
    chmodSync(home.write(`services/web/${name}`, `#!/bin/sh\n${script}\n`), 0o755)
  }
  home.write('services/web/holdfast.conf', 'logger = builtin\n')
  const services = join(home.directory, 'services')
  const main = join(services, 'web/log/main')
  if (config !== null) home.write('services/web/log/main/config', config)
  return { services, main }
}

async function sv(home: Home, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await home.cli('sv', ...args)
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

/** The oldest first. */
function files(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.startsWith('@') || name === 'current')
}

function text(directory: string): string {
  return readFileSync(join(directory, 'current'), { encoding: 'latin1', flag: 'a+' })
}
