import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { bootNow } from '../../sys/boot-clock.ts'
import { kill } from '../../sys/kill.ts'
import { readStat } from '../../sys/proc.ts'
import { isZombie } from './resolve.ts'
import { handleOf as handle, logPath, shell, signalStep, spawnStep, unitSpec, until } from './test-bench.ts'
import { inHome } from './test-home.ts'

const limit = { timeout: 60_000 }

it('a unit outlives the death of its daemon, and what it wrote meanwhile is in the log', limit, async () => {
  await inHome(async (home) => {
    const spec = shell('echo before; read line < "$GO"; echo after; sleep 1000', { environment: { GO: home.fifo } })
    const step = spawnStep('a/b/1', 1, spec)
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await home.logged('a/b/1', 'before\n')
    await first.kill()
    home.go()
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
    home.go()
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
      await until(() => readStat(second.pid)?.state === 'T')
      home.go()
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
    home.go()
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

it('an intent whose process cannot be told is left alone, and found when an observation can tell', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep(
      'a/b/1',
      1,
      shell('for i in 1 2; do setsid sh -c "echo \\$\\$; exec sleep 1000" & done; wait'),
    )
    const first = home.daemon({ steps: [step] })
    const main = await first.spawned(1)
    const pids = () =>
      readFileSync(logPath(home.directory, 'a/b/1', 'stdout'), 'latin1')
        .trim()
        .split('\n')
        .map(Number)
    await until(() => existsSync(logPath(home.directory, 'a/b/1', 'stdout')) && pids().length === 2)
    await first.kill()
    kill(main.pid, 9)
    await home.ended(main)
    const [one = 0, other = 0] = pids()
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs - 60_000)] })
    assert.match((await second.event('unresolved')).message, new RegExp(`processes .*${one}.* all look like its run 1`))
    kill(one, 9)
    await until(() => hasEnded(one))
    second.observe()
    assert.equal((await second.event('adopted')).identity.pid, other)
    await second.event('observed')
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
    // That it ran is known by its number as well, which only a home that lost its numbers gives out twice.
    rmSync(join(home.directory, 'run', 'begun'), { recursive: true })
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs + 1_000)] })
    await second.event('not-started')
    await second.end()
  })
})

it('an intent whose process came and went unseen is over, and not to be started again', limit, async () => {
  await inHome(async (home) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['true']))
    const first = home.daemon({ steps: [step] })
    const identity = await first.spawned(1)
    await home.ended(identity)
    await first.kill()
    const second = home.daemon({ recover: [handle(step, null, bootNow().bootMs - 60_000)] })
    assert.deepEqual((await second.event('exited')).exit, { kind: 'unknown' })
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
    await until(() => hasEnded(before))
    const second = home.daemon({ recover: [handle(step, identity)] })
    await second.event('adopted')
    const [after = 0] = home.keeperPids()
    assert.notEqual(after, before)
    await until(() => readStat(after)?.comm === 'sleep')
    await second.end()
  })
})

// ---- recorded runs

const recorded = { isRecorded: true } as const

for (const [script, exit] of [
  ['exit 7', { kind: 'code', code: 7 }],
  ['kill -TERM $$', { kind: 'signal', signal: 'TERM', core: false }],
] as const) {
  it(
    `a recorded run that ended by '${script}' and was reaped without a daemon has its exit on every kernel`,
    limit,
    async () => {
      await inHome(async (home) => {
        const spec = shell(`read line < "$GO"; echo last; ${script}`, { environment: { GO: home.fifo } })
        const step = spawnStep('a/b/1', 1, spec, recorded)
        const first = home.daemon({ steps: [step], asksPidfdInfo: false })
        const identity = await first.spawned(1)
        await first.kill()
        home.go()
        await home.ended(identity)
        home.reap(identity.pid)
        // Twice, as where we die between telling and storing it.
        for (let round = 0; round < 2; round++) {
          const next = home.daemon({ recover: [handle(step, identity)], asksPidfdInfo: false })
          assert.deepEqual((await next.event('exited')).exit, exit)
          await next.kill()
        }
        assert.equal(readFileSync(logPath(home.directory, 'a/b/1', 'stdout'), 'latin1'), 'last\n')
      })
    },
  )
}

it('an adopted recorded run gets signals to its command, and has its exit on every kernel', limit, async () => {
  await inHome(async (home) => {
    const script = 'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.01; done'
    const step = spawnStep('a/b/1', 1, shell(script), recorded)
    const first = home.daemon({ steps: [step], asksPidfdInfo: false })
    const identity = await first.spawned(1)
    await home.logged('a/b/1', 'ready\n')
    await first.kill()
    const second = home.daemon({
      recover: [handle(step, identity)],
      steps: [signalStep('a/b/1', 1, 'TERM')],
      asksPidfdInfo: false,
    })
    await home.ended(identity)
    home.reap(identity.pid)
    assert.deepEqual((await second.event('exited')).exit, { kind: 'code', code: 5 })
    await second.end()
  })
})

it('a recorded run whose identity was never stored is found, or its exit is', limit, async () => {
  await inHome(async (home) => {
    const lives = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']), recorded)
    const ends = spawnStep('a/b/2', 2, shell('exit 9'), recorded)
    const first = home.daemon({ steps: [lives, ends] })
    const identity = await first.spawned(1)
    await home.ended(await first.spawned(2))
    await first.kill()
    const since = bootNow().bootMs - 60_000
    const second = home.daemon({ recover: [handle(lives, null, since), handle(ends, null, since)] })
    assert.deepEqual((await second.event('adopted')).identity, identity)
    assert.deepEqual((await second.event('exited')).exit, { kind: 'code', code: 9 })
    await second.end()
  })
})

function hasEnded(pid: number): boolean {
  const stat = readStat(pid)
  return stat === null || isZombie(stat)
}

/** Whether a pidfd tells the exit code of a process that was reaped. */
function kernelTellsExits(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 15)
}
