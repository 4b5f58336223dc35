import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Event, Identity } from '../../core/model.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { becomeSubreaper } from '../../sys/prctl.ts'
import { readStat } from '../../sys/proc.ts'
import { nextChildNews } from '../../sys/wait.ts'
import type { FixtureScript } from './fixture-daemon.ts'
import { isZombie } from './resolve.ts'
import { killHome, logPath, removeDirectory, until } from './test-bench.ts'

// Orphans of a killed daemon come to this process, which reaps them only when a test says so.
assert.equal(becomeSubreaper(), null)

/** A process that runs a driver. */
export interface Daemon {
  readonly pid: number
  event<K extends Event['kind']>(kind: K): Promise<Extract<Event, { kind: K }>>
  spawned(run: number): Promise<Identity>
  /** Resolves when it has died by itself. */
  died(): Promise<void>
  kill(): Promise<void>
  observe(): void
  /** Lets it close its driver; resolves only if it then ends by itself. */
  end(): Promise<void>
}

/** A home whose daemons can be killed. */
export interface Home {
  readonly directory: string
  /** A FIFO from which units may read a line, which `go` writes. */
  readonly fifo: string
  go(): void
  /** `environment`: on top of ours. */
  daemon(
    script: Partial<Omit<FixtureScript, 'directory' | 'homeId'>>,
    environment?: Readonly<Record<string, string>>,
  ): Daemon
  logged(unit: string, text: string): Promise<void>
  ended(identity: Identity): Promise<void>
  reap(pid: number): void
  keeperPids(): readonly number[]
}

/** A test in a home of its own. */
export async function inHome(test: (home: Home) => Promise<void>): Promise<void> {
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
      daemon(script, environment = {}) {
        const whole = { directory, homeId, recover: [], steps: [], asksPidfdInfo: true, ...script }
        const daemon = startDaemon(whole, environment)
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
    removeDirectory(directory)
  }
}

function startDaemon(script: FixtureScript, environment: Readonly<Record<string, string>>): Daemon {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-daemon.ts'), JSON.stringify(script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
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
    died: () => ended,
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
