import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Info } from '../../src/wire/api.ts'
import { type Daemon, fixture, type Home, realTest, root } from './harness.ts'
import { descriptorsOf, environmentOf, readProcess } from './processes.ts'
import { checkSequence, readLog } from './sequence.ts'
import { until } from './until.ts'
import { makeVersion, type Version } from './versions.ts'

const ownVersion: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version
const resting = { command: ['sleep', '100000'] }

function versionAt(home: Home, version: string): Promise<Version> {
  return makeVersion(join(home.directory, 'versions', version), version)
}

/** A version whose preflight waits until it is told to go on. */
async function heldVersion(home: Home) {
  const { directory, main } = await versionAt(home, '7.7.7')
  const [begun, go] = [join(home.directory, 'preflight-begun'), join(home.directory, 'preflight-go')]
  const held = `{
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync(${JSON.stringify(begun)}, '')
    while (!existsSync(${JSON.stringify(go)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }\n`
  writeFileSync(main, held + readFileSync(main, 'utf8'))
  return {
    directory,
    untilBegun: () => until('its preflight', () => existsSync(begun)),
    goOn: () => writeFileSync(go, ''),
  }
}

/** Which process each unit is. */
async function pidsOf(home: Home): Promise<Readonly<Record<string, number | null>>> {
  return Object.fromEntries((await home.api.units()).map(({ unit, pid }) => [unit, pid]))
}

/** The daemon's answer, whoever it is; null while there is none. */
async function infoOf(home: Home): Promise<Info | null> {
  return await home.api.info().catch(() => null)
}

/** Ends a daemon that a guard started, and that is therefore no child of ours. */
async function endDaemon(home: Home): Promise<void> {
  const { pid } = await home.api.info()
  process.kill(pid, 'SIGTERM')
  await until('the daemon to end', async () => (await infoOf(home)) === null)
}

async function startResting(home: Home): Promise<Daemon> {
  const daemon = await home.start([home.declare('app', { a: resting, b: resting })])
  await home.untilState('app/a', 'running')
  await home.untilState('app/b', 'running')
  return daemon
}

// ---- what goes well

realTest('an upgrade keeps the pid and every unit, and tells what became of it', {}, async (home) => {
  const daemon = await startResting(home)
  const before = await pidsOf(home)
  const next = await versionAt(home, '7.7.7')
  const result = await home.cli('upgrade', next.directory)
  assert.equal(result.code, 0, result.stderr)
  assert.match(
    result.stdout,
    new RegExp(`^${ownVersion} (→|->) 7\\.7\\.7 .* pid ${daemon.pid}, after \\d+ ms\n2 units`),
  )
  const info = await home.api.info()
  assert.deepEqual([info.version, info.pid, info.directory], ['7.7.7', daemon.pid, next.directory])
  assert.equal(info.upgrade?.from.version, ownVersion)
  assert.equal(info.upgrade?.outcome, 'probation')
  assert.deepEqual(await pidsOf(home), before)
  assert.equal((await home.cli('upgrade', root)).code, 0)
  assert.equal((await home.api.info()).version, ownVersion)
  assert.deepEqual(await pidsOf(home), before)
})

realTest('what is started after an upgrade inherits nothing of it', {}, async (home) => {
  await startResting(home)
  const next = await versionAt(home, '7.7.7')
  assert.equal((await home.cli('upgrade', next.directory)).code, 0)
  assert.equal((await home.cli('restart', 'a')).code, 0)
  const { pid } = await home.unit('app/a')
  await until('its program to be loaded', () => readProcess(pid!)?.command === 'sleep 100000')
  assert.equal(environmentOf(pid!)?.HOLDFAST_CARRIED, undefined)
  assert.deepEqual([...descriptorsOf(pid!).keys()], [0, 1, 2])
})

realTest('ten upgrades under load: nothing is restarted, lost, doubled or refused', {}, async (home, context) => {
  // Of these some end in every gap.
  const brief = {
    command: ['sh', '-c', 'sleep 0.05; exit 7'],
    restart: 'always',
    'x-holdfast': { stable_after: '10ms' },
  }
  const briefs = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`brief${n}`, brief]))
  const services = {
    flood: { command: [fixture('sequence.sh'), 'flood', '200', '0.01'] },
    told: resting,
    ...briefs,
  }
  const daemon = await home.start([home.declare('app', services)])
  await home.untilState('app/told', 'running')
  await home.untilLog('app/flood', ' 00000100 ')
  const floodPid = (await home.unit('app/flood')).pid
  const versions = [await versionAt(home, '7.7.7'), await versionAt(home, '8.8.8')]

  let isOver = false
  const rivals: Daemon[] = []
  const rival = async (): Promise<void> => {
    while (!isOver) {
      const other = home.launch([])
      rivals.push(other)
      assert.deepEqual(await other.exit, { code: 8, signal: null }, 'a second daemon was let in')
    }
  }
  let answers = 0
  const client = async (): Promise<void> => {
    while (!isOver) {
      assert.ok((await home.api.units()).length === 10)
      answers += 1
    }
  }
  const stopper = async (): Promise<void> => {
    while (!isOver) {
      for (const command of ['stop', 'start']) {
        const { code, stderr } = await home.cli(command, '--no-wait', 'told')
        assert.equal(code, 0, stderr)
      }
    }
  }
  const load = Promise.all([rival(), client(), stopper()])
  const gaps: (number | null)[] = []
  for (let n = 0; n < 10; n++) {
    const { version, directory } = versions[n % 2]!
    const { code, stderr } = await home.cli('upgrade', directory)
    assert.equal(code, 0, stderr)
    const info = await home.api.info()
    assert.deepEqual([info.version, info.pid, info.mode], [version, daemon.pid, 'running'])
    gaps.push(info.upgrade?.gapMs ?? null)
  }
  isOver = true
  await load
  context.diagnostic(`gaps under load: ${gaps.join(', ')} ms; ${answers} answers; ${rivals.length} rivals`)

  assert.equal((await home.unit('app/flood')).pid, floodPid)
  assert.equal(home.starts('flood').length, 1)
  await daemon.stop()
  const said = home.stderr()
  const lost = said.split('\n').filter((line) => /unknown|unseen|adopted/.test(line))
  assert.deepEqual(lost, [], 'an exit code was lost')
  assert.ok((said.match(/exit code 7/g) ?? []).length > 100)
  const [run] = checkSequence({ log: readLog(home.logPath('app/flood')), name: 'flood' })
  assert.equal(run?.isEnded, true)
})

realTest('a version replaced in place is upgraded to without a word, and warned about', {}, async (home) => {
  const daemon = await startResting(home)
  const before = await pidsOf(home)
  const place = join(home.directory, 'versions/current')
  await makeVersion(place, '7.7.7')
  assert.equal((await home.cli('upgrade', place)).code, 0)
  await makeVersion(place, '7.7.8')
  const { code, stdout, stderr } = await home.cli('upgrade')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^7\.7\.7 -> 7\.7\.8/)
  assert.match(stderr, /should 7\.7\.8 fail, there is nothing to return to: .* is no longer what version 7\.7\.7/)
  assert.equal((await home.api.info()).pid, daemon.pid)
  assert.deepEqual(await pidsOf(home), before)
})

realTest('of two upgrades at a time the second is refused', {}, async (home) => {
  await startResting(home)
  const held = await heldVersion(home)
  const first = home.cli('upgrade', held.directory)
  await held.untilBegun()
  const second = await home.cli('upgrade', root)
  assert.equal(second.code, 1)
  assert.match(second.stderr, /an upgrade is under way/)
  held.goOn()
  assert.equal((await first).code, 0)
})

realTest(
  'who waits for something while another version takes over is told so, and it comes about',
  {},
  async (home) => {
    const stubborn = { command: [fixture('stubborn.sh'), 'stubborn'], stop_grace_period: '5s' }
    await home.start([home.declare('app', { stubborn })])
    await home.untilLog('app/stubborn', 'stubborn\n')
    const held = await heldVersion(home)
    const upgraded = home.cli('upgrade', held.directory)
    await held.untilBegun()
    const waiting = home.cli('stop', 'stubborn')
    await home.untilState('app/stubborn', 'stopping')
    held.goOn()
    assert.equal((await upgraded).code, 0)
    const { code, stderr } = await waiting
    assert.equal(code, 1)
    assert.match(stderr, /goes on as another version .*what you asked for goes on/)
    await home.untilState('app/stubborn', 'stopped')
  },
)

realTest('a SIGTERM while another version takes over ends everything or nothing', {}, async (home, context) => {
  const daemon = await startResting(home)
  const before = await pidsOf(home)
  const next = await versionAt(home, '7.7.7')
  const asked = home.cli('upgrade', next.directory)
  await until('the change of image', () => home.stderr().includes('becomes 7.7.7'), { everyMs: 1 })
  daemon.kill('SIGTERM')
  let isAnswered = false
  void asked.then(() => {
    isAnswered = true
  })
  const isGoingOn = async () => isAnswered && (await infoOf(home))?.mode === 'running'
  const exit = await until('one or the other', async () => daemon.ended() ?? ((await isGoingOn()) ? 'nothing' : null))
  context.diagnostic(JSON.stringify(exit))
  if (exit === 'nothing' || exit.code === 0) return
  assert.equal(exit.signal, 'SIGTERM')
  const info = await until('the old version', () => infoOf(home))
  assert.equal(info.version, ownVersion)
  assert.deepEqual(await pidsOf(home), before)
  await endDaemon(home)
})

// ---- what does not

interface Broken {
  readonly what: string
  /** Gives the directory to upgrade to. */
  make(home: Home): Promise<string> | string
  readonly says: RegExp
  readonly options?: readonly string[]
  readonly code?: number
}

async function broken(home: Home, change: (version: Version) => void): Promise<string> {
  const version = await versionAt(home, '9.9.9')
  change(version)
  return version.directory
}

/** A launcher that says it is ready, as an image that it is not. */
function impostor(home: Home, image: (ready: Readonly<Record<string, unknown>>) => object): Promise<string> {
  return broken(home, ({ directory, main }) => {
    const path = join(directory, 'runtime')
    writeFileSync(path, 'no program', { mode: 0o755 })
    const ready = { version: '9.9.9', directory, runtime: path, options: [], main, command: 'holdfast', files: [] }
    const answer = { kind: 'ready', image: image(ready), isReturnable: true }
    writeFileSync(join(directory, 'bin/holdfast'), `#!/bin/sh\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n`)
  })
}

const rejected: readonly Broken[] = [
  {
    what: 'has a syntax error',
    make: (home) => broken(home, ({ main }) => writeFileSync(main, 'this is no program')),
    says: /does not start: SyntaxError: /,
  },
  {
    what: 'ends when it is loaded',
    make: (home) => broken(home, ({ main }) => writeFileSync(main, 'process.exit(1)')),
    says: /does not start: it ended without a word/,
  },
  {
    what: 'lacks a part of its bundle',
    make: (home) => broken(home, (version) => version.edit('async function supervise(', () => 'import "./missing.js"')),
    says: /9\.9\.9 does not start: Error \[ERR_MODULE_NOT_FOUND\]/,
  },
  {
    what: 'hangs in its preflight',
    make: (home) => broken(home, ({ main }) => writeFileSync(main, 'setInterval(() => {}, 1000)')),
    options: ['--timeout', '1'],
    code: 124,
    says: /was not over after 1 s/,
  },
  {
    what: 'cannot migrate the state',
    make: (home) =>
      broken(home, (version) =>
        version.edit('stateMigrations = [', (text) =>
          text.replace('stateMigrations = [', "stateMigrations = [{ readableFrom: 1, sql: 'SELECT 1' },"),
        ),
      ),
    says: /cannot go on with the state of this home: .*state\/state\.db: .* already exists/,
  },
  {
    what: 'is not executable',
    make: (home) => broken(home, ({ directory }) => chmodSync(join(directory, 'bin/holdfast'), 0o644)),
    says: /may not be executed \(EACCES\); allow it with: chmod \+x /,
  },
  {
    what: 'is an empty directory',
    make: (home) => {
      mkdirSync(join(home.directory, 'empty'))
      return join(home.directory, 'empty')
    },
    says: /empty is no Holdfast: .*; name the directory of an unpacked Holdfast/,
  },
  { what: 'is not there', make: () => '/nowhere/holdfast', says: /\/nowhere\/holdfast is no directory/ },
  {
    what: 'cannot be become',
    make: (home) => impostor(home, (ready) => ready),
    says: /the upgrade to 9\.9\.9 failed: it could not be become \(ENOEXEC\)/,
  },
  {
    what: 'was changed after its preflight',
    make: (home) => impostor(home, (ready) => ({ ...ready, files: [{ path: '/etc/hostname', pin: 'other' }] })),
    says: /the upgrade to 9\.9\.9 failed: \/etc\/hostname was changed after its preflight/,
  },
]

for (const { what, make, says, options = [], code = 1 } of rejected) {
  realTest(`a version that ${what} is refused, and the old one goes on`, {}, async (home) => {
    const daemon = await startResting(home)
    const before = await pidsOf(home)
    const result = await home.cli('upgrade', ...options, await make(home))
    assert.match(result.stderr, says)
    assert.equal(result.code, code, result.stderr)
    assert.match(
      result.stderr,
      new RegExp(`version ${ownVersion} goes on \\(pid ${daemon.pid}\\), 2 units were left alone`),
    )
    const info = await home.api.info()
    assert.deepEqual([info.version, info.pid, info.mode], [ownVersion, daemon.pid, 'running'])
    assert.deepEqual(await pidsOf(home), before)
    assert.equal((await home.cli('restart', 'a')).code, 0)
  })
}

realTest('a version that fails soon gives way to the old one, in the same process', {}, async (home) => {
  const daemon = await startResting(home)
  const before = await pidsOf(home)
  const { main, directory } = await versionAt(home, '9.9.9')
  const flag = join(home.directory, 'fail')
  const late = `if (process.argv[2] === 'daemon') setInterval(() => {
    if (process.getBuiltinModule('node:fs').existsSync(${JSON.stringify(flag)})) throw new Error('found out late')
  }, 20)\n`
  writeFileSync(main, late + readFileSync(main, 'utf8'))
  assert.equal((await home.cli('upgrade', directory)).code, 0)
  writeFileSync(flag, '')
  const info = await until('the old version', async () => {
    const now = await infoOf(home)
    return now?.version === ownVersion && now.upgrade?.outcome === 'returned' ? now : null
  })
  assert.equal(info.pid, daemon.pid)
  assert.equal(info.upgrade?.why, 'Error: found out late')
  assert.deepEqual(await pidsOf(home), before)
  assert.match(home.stderr(), /this version failed in its first seconds .*version .* goes on/)
})

realTest('a version killed in its first seconds is followed by the old one', {}, async (home) => {
  const daemon = await startResting(home)
  const before = await pidsOf(home)
  const next = await versionAt(home, '9.9.9')
  assert.equal((await home.cli('upgrade', next.directory)).code, 0)
  await daemon.crash()
  const info = await until('the old version', () => infoOf(home))
  assert.equal(info.version, ownVersion)
  assert.equal(info.upgrade?.outcome, 'returned')
  assert.notEqual(info.pid, daemon.pid)
  assert.deepEqual(await pidsOf(home), before)
  await endDaemon(home)
})

realTest(
  'a version that dies before it answers is followed by the old one, and the command says so',
  {},
  async (home) => {
    const daemon = await startResting(home)
    const before = await pidsOf(home)
    const { main, directory } = await versionAt(home, '9.9.9')
    writeFileSync(main, `if (process.argv[2] === 'daemon') process.exit(1)\n${readFileSync(main, 'utf8')}`)
    const result = await home.cli('upgrade', directory)
    assert.equal(result.code, 1)
    assert.match(result.stderr, /the upgrade to 9\.9\.9 failed: version 9\.9\.9 died in its first seconds/)
    assert.deepEqual(await daemon.exit, { code: 1, signal: null })
    assert.deepEqual(await pidsOf(home), before)
    await endDaemon(home)
  },
)

realTest('a version whose state the old one cannot read has no way back, and says so both ways', {}, async (home) => {
  await startResting(home)
  const next = await versionAt(home, '9.9.9')
  next.edit('], runMigrations = [', (text) =>
    text.replace(
      '], runMigrations = [',
      ", { readableFrom: 99, sql: 'CREATE TABLE later (id INTEGER) STRICT' }], runMigrations = [",
    ),
  )
  const forth = await home.cli('upgrade', next.directory)
  assert.equal(forth.code, 0, forth.stderr)
  assert.match(forth.stderr, /should 9\.9\.9 fail, there is no way back: .* cannot read the state as 9\.9\.9 writes it/)
  const back = await home.cli('upgrade', root)
  assert.equal(back.code, 1)
  assert.match(back.stderr, /cannot go on with the state of this home: .*written by a newer Holdfast/)
  assert.equal((await home.api.info()).version, '9.9.9')
})
