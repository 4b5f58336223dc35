import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import type { Event, Identity } from '../../core/model.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { kill } from '../../sys/kill.ts'
import { becomeSubreaper } from '../../sys/prctl.ts'
import { readStat } from '../../sys/proc.ts'
import { nextChildNews } from '../../sys/wait.ts'
import type { FixtureScript } from './fixture-daemon.ts'
import { isZombie } from './resolve.ts'
import { handleOf as handle, killHome, logPath, shell, signalStep, spawnStep, unitSpec, until } from './test-bench.ts'

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
    await until(() => {
      const stat = readStat(one)
      return stat === null || isZombie(stat)
    })
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
    const second = home.daemon({ recover: [handle(step, identity)] })
    await second.event('adopted')
    const [after = 0] = home.keeperPids()
    assert.notEqual(after, before)
    assert.equal(readStat(after)?.comm, 'sleep')
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

// ---- a home whose daemons can be killed

interface Daemon {
  readonly pid: number
  event<K extends Event['kind']>(kind: K): Promise<Extract<Event, { kind: K }>>
  spawned(run: number): Promise<Identity>
  kill(): Promise<void>
  observe(): void
  /** Lets it close its driver; resolves only if it then ends by itself. */
  end(): Promise<void>
}

interface Home {
  readonly directory: string
  /** A FIFO from which units may read a line, which `go` writes. */
  readonly fifo: string
  go(): void
  daemon(script: Partial<Omit<FixtureScript, 'directory' | 'homeId'>>): Daemon
  logged(unit: string, text: string): Promise<void>
  ended(identity: Identity): Promise<void>
  reap(pid: number): void
  keeperPids(): readonly number[]
}

async function inHome(test: (home: Home) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-recovery-'))
  const homeId = `test${process.pid}x${directory.slice(-6)}`
  const fifo = join(directory, 'go')
  makeFifo(fifo, 0o600)
  const go = openSync(fifo, constants.O_RDWR)
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
      go: () => void writeSync(go, 'go\n'),
      logged: (unit, text) =>
        until(() => {
          const path = logPath(directory, unit, 'stdout')
          return existsSync(path) && readFileSync(path, 'latin1') === text
        }),
      ended: (identity) =>
        until(() => {
          const stat = readStat(identity.pid)
          return stat === null || isZombie(stat)
        }),
      reap,
      keeperPids: () => storedKeepers(directory),
    })
  } finally {
    for (const daemon of daemons) await daemon.kill()
    killHome(homeId)
    closeSync(go)
    rmSync(directory, { recursive: true })
  }
}

function startDaemon(script: FixtureScript): Daemon {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-daemon.ts'), JSON.stringify(script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const events: Event[] = []
  let wake = () => {}
  createInterface(child.stdout).on('line', (line) => {
    events.push(JSON.parse(line) as Event)
    wake()
  })
  const ended = new Promise<void>((done) => child.on('exit', () => done()))

  async function event<K extends Event['kind']>(kind: K, run?: number): Promise<Extract<Event, { kind: K }>> {
    for (;;) {
      const found = events.find((one) => one.kind === kind && (run === undefined || ('run' in one && one.run === run)))
      if (found) return found as Extract<Event, { kind: K }>
      await new Promise<void>((done) => {
        wake = done
      })
    }
  }

  return {
    pid: child.pid ?? 0,
    event,
    spawned: async (run) => (await event('spawned', run)).identity,
    observe: () => void child.stdin.write('observe\n'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async end() {
      child.stdin.end()
      await ended
    },
  }
}

/** Reaps one of our adopted children that has ended, and whoever else has. */
function reap(pid: number): void {
  for (let news = nextChildNews(); news !== null; news = nextChildNews()) if (news.pid === pid) return
  assert.fail(`process ${pid} was still to be reaped`)
}

function storedKeepers(directory: string): readonly number[] {
  const stored = JSON.parse(readFileSync(join(directory, 'run', 'keepers.json'), 'utf8')) as {
    readonly keepers: readonly { readonly pid: number }[]
  }
  return stored.keepers.map((keeper) => keeper.pid)
}

/** Whether a pidfd tells the exit code of a process that was reaped. */
function kernelTellsExits(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 15)
}
