import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import type { Event, Identity, Step } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { kill } from '../../sys/kill.ts'
import { endingByPidfd, openPidfd } from '../../sys/pidfd.ts'
import { becomeSubreaper } from '../../sys/prctl.ts'
import { readStat } from '../../sys/proc.ts'
import { nextChildNews } from '../../sys/wait.ts'
import { isZombie } from './resolve.ts'
import type { FixtureScript } from './fixture-daemon.ts'
import { killHome, logPath, shell, spawnStep, unitSpec } from './test-bench.ts'

// Orphans of a killed daemon come to this process, which reaps them only when a test says so.
assert.equal(becomeSubreaper(), null)

const limit = { timeout: 30_000 }

it('a unit outlives the death of its daemon, and what it wrote meanwhile is in the log', limit, async () => {
  await inHome(async (home) => {
    const spec = shell('echo before; read line < "$GO"; echo after; sleep 1000', { environment: { GO: home.fifo } })
    const step = spawnStep('a/b/1', 1, spec)
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await home.logged('a/b/1', 'before\n')
    await first.kill()
    home.write(home.fifo, 'go\n')
    const second = home.daemon({ recover: [handle(step, identity)] })
    assert.deepEqual(await second.event('adopted'), { kind: 'adopted', unit: 'a/b/1', run: 1, identity })
    await home.logged('a/b/1', 'before\nafter\n')
    await second.end()
  })
})

it('what a unit printed before it ended without a daemon is taken before its end is told', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, shell('read line < "$GO"; echo last words', { environment: { GO: home.fifo } }))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await first.kill()
    home.write(home.fifo, 'go\n')
    await home.ended(identity)
    const second = home.daemon({ recover: [handle(step, identity)] })
    // Nobody has reaped it yet, so its entry still says how it ended.
    assert.deepEqual((await second.event('exited')).exit, { kind: 'code', code: 0 })
    assert.equal(readFileSync(logPath(home.directory, 'a/b/1', 'stdout'), 'latin1'), 'last words\n')
    await second.end()
    home.reap(identity.pid)
  })
})

it('a unit that ended and was reaped without a daemon has an unknown exit', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await first.kill()
    kill(identity.pid, 9)
    await home.ended(identity)
    home.reap(identity.pid)
    const second = home.daemon({ recover: [handle(step, identity)] })
    assert.deepEqual((await second.event('exited')).exit, { kind: 'unknown' })
    await second.end()
  })
})

for (const asksPidfdInfo of [true, false]) {
  const skip = asksPidfdInfo && !kernelTellsExits() ? 'needs Linux 6.15: pidfds tell no exit code here' : false
  const outcome = asksPidfdInfo ? 'its exit code' : 'an unknown exit where the kernel cannot tell'
  it(`an adopted unit that somebody else reaped has ${outcome}`, { ...limit, skip }, async () => {
    await inHome(async (home) => {
      const step = spawnStep('a/b/1', 1, shell('read line < "$GO"; exit 7', { environment: { GO: home.fifo } }))
      const first = home.daemon({ steps: [step] })
      const identity = await first.spawned(1)
      await first.kill()
      const second = home.daemon({ recover: [handle(step, identity)], asksPidfdInfo })
      await second.event('adopted')
      // Stopped, so that it cannot look before the entry is gone.
      kill(second.pid, 19)
      home.write(home.fifo, 'go\n')
      await home.ended(identity)
      home.reap(identity.pid)
      kill(second.pid, 18)
      const expected = asksPidfdInfo ? { kind: 'code', code: 7 } : { kind: 'unknown' }
      assert.deepEqual((await second.event('exited')).exit, expected)
      await second.end()
    })
  })
}

it('an adopted unit that nobody reaped has its exit code on every kernel', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, shell('read line < "$GO"; exit 7', { environment: { GO: home.fifo } }))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await first.kill()
    const second = home.daemon({ recover: [handle(step, identity)], asksPidfdInfo: false })
    await second.event('adopted')
    home.write(home.fifo, 'go\n')
    assert.deepEqual((await second.event('exited')).exit, { kind: 'code', code: 7 })
    await second.end()
    home.reap(identity.pid)
  })
})

it('an intent without identity finds its process by the marker, above the sessions it made itself', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, shell('setsid sleep 1000 & echo ready; wait'))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await home.logged('a/b/1', 'ready\n')
    await first.kill()
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs - 60_000)] })
    assert.deepEqual((await second.event('adopted')).identity, identity)
    await second.end()
  })
})

it('an intent without identity finds a process that hid its environment by the FIFO it holds', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, shell('echo ready; exec env -i /bin/sh -c "echo bare; sleep 1000"'))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await home.logged('a/b/1', 'ready\nbare\n')
    await first.kill()
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs - 60_000)] })
    assert.deepEqual((await second.event('adopted')).identity, identity)
    await second.end()
    kill(-identity.pid, 9)
  })
})

it('an intent does not find a process that is older than itself', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const first = home.daemon({ steps: [step] })
    await first.spawned(1)
    await first.kill()
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs + 1_000)] })
    await second.event('not-started')
    await second.end()
  })
})

it('after a reboot a stored run is over, even where its pid and start time exist again', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await first.kill()
    const second = home.daemon({ recover: [handle(step, { ...identity, bootId: 'another' })] })
    assert.deepEqual((await second.event('exited')).exit, { kind: 'unknown' })
    await second.end()
  })
})

it('a new daemon goes on with the keeper of the old one', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    const before = home.keeperPids()
    assert.equal(before.length, 1)
    await first.kill()
    const second = home.daemon({ recover: [handle(step, identity)] })
    await second.event('adopted')
    assert.deepEqual(home.keeperPids(), before)
    await second.end()
  })
})

it('a keeper that died while no daemon ran is replaced', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    const [before = 0] = home.keeperPids()
    await first.kill()
    kill(before, 9)
    const second = home.daemon({ recover: [handle(step, identity)] })
    await second.event('adopted')
    const [after = 0] = home.keeperPids()
    assert.notEqual(after, before)
    assert.equal(readStat(after)?.comm, 'sleep')
    await second.end()
  })
})

// ---- a home whose daemons can be killed

interface Daemon {
  readonly pid: number
  event<K extends Event['kind']>(kind: K): Promise<Extract<Event, { kind: K }>>
  spawned(run: number): Promise<Identity>
  kill(): Promise<void>
  /** Lets it close its driver; resolves only if it then ends by itself. */
  end(): Promise<void>
}

interface Home {
  readonly directory: string
  /** Units may wait on it for a word of ours. */
  readonly fifo: string
  daemon(script: Partial<Omit<FixtureScript, 'directory' | 'homeId'>>): Daemon
  write(path: string, text: string): void
  logged(unit: string, text: string): Promise<void>
  ended(identity: Identity): Promise<void>
  reap(pid: number): void
  keeperPids(): readonly number[]
}

async function inHome(test: (home: Home) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-recovery-'))
  const homeId = `test${process.pid}x${directory.slice(-6)}`
  const fifo = join(directory, 'go')
  const daemons: Daemon[] = []
  try {
    await test({
      directory,
      fifo,
      daemon(script) {
        const daemon = startDaemon({ directory, homeId, recover: [], steps: [], asksPidfdInfo: true, ...script })
        daemons.push(daemon)
        return daemon
      },
      write: (path, text) => writeFileSync(path, text),
      logged: (unit, text) =>
        until(() => existsSync(logPath(directory, unit, 'stdout')) && readFileSync(logPath(directory, unit, 'stdout'), 'latin1') === text),
      ended: (identity) =>
        until(() => {
          const stat = readStat(identity.pid)
          return stat === null || isZombie(stat)
        }),
      reap: (pid) => reap(pid),
      keeperPids: () => storedKeepers(directory),
    })
  } finally {
    for (const daemon of daemons) await daemon.kill()
    killHome(homeId)
    rmSync(directory, { recursive: true })
  }
}
