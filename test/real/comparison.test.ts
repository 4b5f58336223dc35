import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realTest, removeProcesses } from './harness.ts'
import { processesOf, readProcess } from './processes.ts'
import { until } from './until.ts'

// What docs/comparison.md says of others is tried out on them here, and the same on Holdfast.

interface Peer {
  readonly name: string
  /** Declares one program of this shell text, and starts the supervisor. */
  start(directory: string, script: string): ChildProcess
  /** Starts it again after it was killed. */
  again(directory: string): ChildProcess
  stop(directory: string): void
}

const supervisord: Peer = {
  name: 'supervisord',
  start(directory, script) {
    writeFileSync(join(directory, 'script.sh'), script)
    const socket = join(directory, 'supervisor.sock')
    writeFileSync(
      join(directory, 'supervisord.conf'),
      `[supervisord]\nnodaemon=true\nlogfile=${directory}/main.log\npidfile=${directory}/pid\n` +
        `[unix_http_server]\nfile=${socket}\n[supervisorctl]\nserverurl=unix://${socket}\n` +
        '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n' +
        `[program:one]\ncommand=/bin/sh ${directory}/script.sh\nstdout_logfile=${directory}/one.log\nstopwaitsecs=2\n`,
    )
    return this.again(directory)
  },
  again: (directory) => spawn('supervisord', ['-n', '-c', join(directory, 'supervisord.conf')], { stdio: 'ignore' }),
  stop: (directory) =>
    void spawnSync('supervisorctl', ['-c', join(directory, 'supervisord.conf'), 'stop', 'one'], { stdio: 'ignore' }),
}

const runit: Peer = {
  name: 'runit',
  start(directory, script) {
    mkdirSync(join(directory, 'services/one'), { recursive: true })
    const run = join(directory, 'services/one/run')
    writeFileSync(run, `#!/bin/sh\n${script}`)
    chmodSync(run, 0o755)
    return this.again(directory)
  },
  again: (directory) => spawn('runsv', [join(directory, 'services/one')], { stdio: 'ignore' }),
  stop: (directory) => void spawnSync('sv', ['-w', '5', 'stop', join(directory, 'services/one')], { stdio: 'ignore' }),
}

const here = (directory: string, mark: string): readonly number[] =>
  processesOf(directory).flatMap(({ pid, command }) => (command.includes(mark) ? [pid] : []))

function isInstalled(peer: Peer): boolean {
  return spawnSync('sh', ['-c', `command -v ${peer === runit ? 'runsv' : peer.name}`]).status === 0
}

async function withPeer(peer: Peer, script: string, body: (directory: string, first: ChildProcess) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-peer-'))
  try {
    await body(directory, peer.start(directory, script.replaceAll('HERE', directory)))
  } finally {
    await removeProcesses(directory)
    rmSync(directory, { recursive: true, force: true })
  }
}

const steady = 'exec tail -f HERE/mark 2>/dev/null >HERE/mark </dev/null\n'

for (const peer of [supervisord, runit]) {
  const skip = isInstalled(peer) ? false : `${peer.name} is not installed: scripts/test-deps`
  test(`${peer.name}, killed and started again, runs a second copy beside the first`, { skip }, async () => {
    await withPeer(peer, `: >HERE/mark\n${steady}`, async (directory, first) => {
      const copies = () => here(directory, 'tail -f')
      await until('the program to run', () => copies().length === 1)
      first.kill('SIGKILL')
      await once(first, 'exit')
      peer.again(directory)
      await until('a second copy', () => copies().length === 2)
    })
  })

  test(`${peer.name} leaves what a program started in a session of its own after a stop`, { skip }, async () => {
    const script = `: >HERE/mark\nsetsid tail -f HERE/mark HERE/left >/dev/null 2>&1 </dev/null &\n${steady}`
    await withPeer(peer, script, async (directory) => {
      await until('both to run', () => here(directory, 'tail -f').length === 2)
      peer.stop(directory)
      await until('the program to be stopped', () => here(directory, 'tail -f').length === 1)
      assert.equal(here(directory, '/left').length, 1)
    })
  })
}

test('what prints under supervisord cannot write any more when supervisord is killed', {
  skip: isInstalled(supervisord) ? false : 'supervisord is not installed: scripts/test-deps',
}, async () => {
  const script = 'while echo printed; do sleep 0.05; done\n'
  await withPeer(supervisord, script, async (directory, first) => {
    const running = () => here(directory, 'script.sh').length
    await until('the program to run', () => running() === 1)
    first.kill('SIGKILL')
    await once(first, 'exit')
    await until('the program to end, because it cannot write', () => running() === 0)
  })
})

realTest('Holdfast, killed and started again, runs the same process, and a stop leaves nothing', {}, async (home) => {
  const left = home.write('left', '')
  const script = `setsid tail -f ${left} >/dev/null 2>&1 </dev/null & exec sleep infinity`
  const file = home.declare('app', { one: { command: ['sh', '-c', script] } })
  const daemon = await home.start([file])
  const { pid } = await home.untilState('app/one', 'running')
  const isItself = () => readProcess(pid!)?.command === 'sleep infinity'
  await until('both to run', () => isItself() && here(home.directory, 'tail -f').length === 1)
  await daemon.crash()
  await home.start([file])
  assert.equal((await home.untilState('app/one', 'running')).pid, pid)
  assert.equal(here(home.directory, '/left').length, 1)
  await home.cli('stop', 'one')
  await until('nothing of it to be left', () => here(home.directory, '/left').length === 0)
})
