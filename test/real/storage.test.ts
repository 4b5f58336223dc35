import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { isAlive } from './processes.ts'
import { checkSequence, sequenceLine } from './sequence.ts'
import { eager, sequence, sleeper } from './services.ts'
import { until } from './until.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'mounting a small file system needs root'

realTest('on a full disk supervision goes on, says so, and heals', { skip: needsRoot }, async (home) => {
  using disk = smallDisk(home, ['state', 'run', 'log'])
  const file = home.declare('app', {
    web: { ...sleeper, 'x-holdfast': eager },
    talker: sequence('talker', { burst: 100, pauseSeconds: 0.02 }),
  })
  const daemon = await home.start([file])
  const talker = await home.untilState('app/talker', 'running')
  await home.untilLog('app/talker', 'begin')
  disk.fill()
  for (let run = 0; run < 3; run++) {
    const { pid } = await home.untilState('app/web', 'running')
    process.kill(pid!, 'SIGKILL')
    await home.untilUnit('app/web', (unit) => unit.state === 'running' && unit.pid !== pid)
  }
  const info = await home.api.info()
  assert.match(info.storeTrouble ?? 'none', /full|ENOSPC|FULL/)
  assert.match(home.stderr(), /cannot be stored/)
  assert.match((await home.cli('ps')).stderr, /the state cannot be stored/, 'ps says it')
  const explained = await home.cli('explain', 'web')
  assert.match(explained.stdout, /full|cannot be stored|ENOSPC/i, 'explain says it')
  // A wish that would be forgotten is not accepted.
  const refused = await home.cli('stop', 'web')
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /full|ENOSPC|stored/i)
  assert.equal((await home.unit('app/web')).state, 'running')

  disk.free()
  assert.equal((await home.cli('stop', 'web')).code, 0, 'with room again a wish is stored')
  assert.equal((await home.api.info()).storeTrouble, null)
  assert.equal((await home.cli('ps')).stderr, '', 'and nothing when it is over')
  assert.equal((await home.cli('start', 'web')).code, 0)
  const { pid } = await home.unit('app/web')
  await home.untilLog('app/talker', 'holdfast: dropped ')
  await daemon.crash()
  const second = await home.start([file])
  assert.equal((await home.untilState('app/web', 'running')).pid, pid, 'what was stored after it healed is adopted')
  assert.equal((await home.untilState('app/talker', 'running')).pid, talker.pid)
  await second.stop()
  assertLossesAccounted(home.log('app/talker').toString('latin1'), talker.pid!)
})

realTest('a death while the disk is full doubles nothing', { skip: needsRoot }, async (home) => {
  using disk = smallDisk(home, ['state', 'run', 'log'])
  const file = home.declare('app', {
    steady: sequence('steady', { burst: 1, pauseSeconds: 0.05 }),
    restarted: sequence('restarted', { burst: 1, pauseSeconds: 0.05 }),
  })
  const first = await home.start([file])
  const steady = await home.untilState('app/steady', 'running')
  const before = await home.untilState('app/restarted', 'running')
  disk.fill()
  process.kill(before.pid!, 'SIGKILL')
  const unstored = await home.untilUnit('app/restarted', (unit) => unit.state === 'running' && unit.pid !== before.pid)
  await first.crash()
  disk.free()
  await home.start([file])
  // Its run is in no store: it is known by its mark.
  assert.equal((await home.untilState('app/restarted', 'running')).pid, unstored.pid)
  assert.equal((await home.untilState('app/steady', 'running')).pid, steady.pid)
})

realTest('damaged state is moved aside, and what runs is adopted and not doubled', {}, async (home) => {
  const file = home.declare('app', {
    steady: sequence('steady', { burst: 10, pauseSeconds: 0.05 }),
    other: sequence('other', { burst: 10, pauseSeconds: 0.05 }),
  })
  for (const damaged of [['state/state.db'], ['run/run.db'], ['state/state.db', 'run/run.db']]) {
    const first = await home.start([file])
    const pids = [
      (await home.untilState('app/steady', 'running')).pid,
      (await home.untilState('app/other', 'running')).pid,
    ]
    await first.crash()
    for (const path of damaged) damage(home, path)
    const second = await home.start([file])
    const after = [
      (await home.untilState('app/steady', 'running')).pid,
      (await home.untilState('app/other', 'running')).pid,
    ]
    assert.deepEqual(after, pids, `with ${damaged} damaged`)
    assert.match(home.stderr(), /moved to .*corrupt/)
    await second.crash()
  }
  const last = await home.start([file])
  await home.untilState('app/steady', 'running')
  assert.equal(home.starts('steady').length, 1)
  await last.stop()
  for (const name of ['steady', 'other']) checkSequence({ log: home.log(`app/${name}`), name })
})

realTest('the process that keeps the pipes open may be killed at any time while a daemon runs', {}, async (home) => {
  const file = home.declare('app', { steady: sequence('steady', { burst: 200, pauseSeconds: 0.02 }) })
  let daemon = await home.start([file])
  const { pid } = await home.untilState('app/steady', 'running')
  for (let round = 0; round < 5; round++) {
    const keeper = await keeperOf(home)
    process.kill(keeper, 'SIGKILL')
    const next = await keeperOf(home, keeper)
    assert.ok(!isAlive(keeper) && next !== keeper)
    await daemon.crash()
    daemon = await home.start([file])
    assert.equal((await home.untilState('app/steady', 'running')).pid, pid)
  }
  await daemon.stop()
  assert.equal(checkSequence({ log: home.log('app/steady'), name: 'steady' }).length, 1)
})

/** Bytes kept and bytes told to be dropped are together all that was printed. */
function assertLossesAccounted(log: string, pid: number): void {
  const marker = /holdfast: dropped (\d+) bytes \(\w+\)\n/g
  const lost = [...log.matchAll(marker)].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
  assert.ok(lost > 0)
  const lineBytes = sequenceLine('talker', pid, 1).length + 1
  const parts = log.split(/holdfast: dropped \d+ bytes \(\w+\)\n/)
  // A marker begins on a line of its own: after a cut line the newline before it is not the program's.
  const added = parts.slice(0, -1).filter((part) => {
    const line = part.slice(part.lastIndexOf('\n', part.length - 2) + 1)
    return line.length < lineBytes && !line.endsWith(' begin\n')
  }).length
  const kept = parts.reduce((sum, part) => sum + part.length, 0) - added
  const end = log.slice(log.trimEnd().lastIndexOf('\n') + 1)
  const lines = Number(/^talker \d+ end (\d+)\n$/.exec(end)?.[1])
  assert.equal(kept + lost, `talker ${pid} begin\n`.length + lines * lineBytes + end.length)
}

async function keeperOf(home: Home, not?: number): Promise<number> {
  return await until('a keeper', () => {
    const keepers = home.processes().filter(({ command, pid }) => command === 'sleep infinity' && pid !== not)
    return keepers.length === 1 ? keepers[0]!.pid : null
  })
}

/** Overwrites everything, header included, and what SQLite keeps beside the file. */
function damage(home: Home, path: string): void {
  const [directory = '', name = ''] = path.split('/')
  for (const each of readdirSync(join(home.directory, directory)))
    if (each.startsWith(name) && !each.includes('damaged') && !each.includes('corrupt'))
      writeFileSync(join(home.directory, directory, each), 'x'.repeat(20_000))
}

interface SmallDisk {
  fill(): void
  free(): void
  [Symbol.dispose](): void
}

/** Folders of the home on one file system of 6 MB. */
function smallDisk(home: Home, folders: readonly string[]): SmallDisk {
  const place = join(home.directory, 'disk')
  mkdirSync(place)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', place])
  const mounted = [place]
  for (const folder of folders) {
    mkdirSync(join(place, folder))
    mkdirSync(join(home.directory, folder), { mode: 0o700 })
    execFileSync('mount', ['--bind', join(place, folder), join(home.directory, folder)])
    mounted.unshift(join(home.directory, folder))
  }
  const ballast = join(place, 'ballast')
  return {
    fill() {
      const fd = openSync(ballast, 'w')
      for (let bytes = 65_536; bytes > 0; ) {
        try {
          writeSync(fd, Buffer.alloc(bytes))
        } catch {
          bytes = Math.floor(bytes / 2)
        }
      }
      closeSync(fd)
    },
    free: () => rmSync(ballast),
    [Symbol.dispose]() {
      // Lazily: processes of the home may have files open there until the end of the test.
      for (const path of mounted) execFileSync('umount', ['--lazy', path])
    },
  }
}
