import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Identity } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { kill } from '../../sys/kill.ts'
import { readDescriptors, readStat } from '../../sys/proc.ts'
import { handleOf, numbers, pairPipe, pairSpecs, signalStep, spawnStep, until } from './test-bench.ts'
import { type Daemon, type Home, inHome } from './test-home.ts'

const limit = { timeout: 60_000 }

const counts = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.001; done'

it('writer and logger outlive the death of their daemon, and the next one leaves their pipe to them', limit, () =>
  inHome(async (home) => {
    const { daemon, handles, taken } = await startPair(home, { writes: counts, reads: 'exec cat >>TAKEN' })
    await grown(taken)
    await daemon.kill()
    await grown(taken)
    const second = home.daemon({ recover: handles })
    await second.event('adopted')
    assert(!readDescriptors(second.pid).includes(pairPipe(home.directory)))
    await grown(taken)
    assertCounted(taken)
    await second.end()
  }),
)

it('so they do where nothing of them was stored', limit, () =>
  inHome(async (home) => {
    const { daemon, taken } = await startPair(home, { writes: counts, reads: 'exec cat >>TAKEN' })
    await grown(taken)
    await daemon.kill()
    const second = home.daemon({ recover: [] })
    await second.event('found')
    assert(!readDescriptors(second.pid).includes(pairPipe(home.directory)))
    await grown(taken)
    assertCounted(taken)
    await second.end()
  }),
)

it('what a writer printed while neither logger nor daemon lived waits for the next logger', limit, () =>
  inHome(async (home) => {
    const writes = 'echo 1; read -r line <GO; seq 2 1000'
    const { daemon, handles, identities, taken } = await startPair(home, { writes, reads: 'exec cat >>TAKEN' })
    await until(() => existsSync(taken) && readFileSync(taken, 'latin1') === '1\n')
    await daemon.kill()
    kill(identities.logger.pid, 9)
    await home.ended(identities.logger)
    home.go()
    await home.ended(identities.writer)
    const second = home.daemon({ recover: handles, steps: [spawnStep('a/l/1', 3, handles[0]!.spec)] })
    await second.spawned(3)
    await until(() => readFileSync(taken, 'latin1') === numbers(1, 1_000))
    await second.end()
  }),
)

it('the intent of a writer does not find the logger that reads its pipe, even one that hides whose it is', limit, () =>
  inHome(async (home) => {
    for (const command of ['exec cat', 'exec env -i cat']) {
      const { writer, logger } = pairSpecs('exec sleep 1000', command)
      const reads = spawnStep('a/l/1', 1, logger)
      const first = home.daemon({ steps: [reads] })
      const identity = await first.spawned(1)
      await until(() => readStat(identity.pid)?.comm === 'cat')
      await first.kill()
      const intent = handleOf(spawnStep('a/w/1', 2, writer), null, bootNow().bootMs - 60_000)
      const second = home.daemon({ recover: [handleOf(reads, identity), intent] })
      assert.equal((await second.event('not-started')).unit, 'a/w/1')
      kill(identity.pid, 9)
      await second.event('exited')
      await second.kill()
    }
  }),
)

it('the input of a logger ends, and a later start has a new one, wherever we die on the way', {
  timeout: 600_000,
}, async () => {
  const names = await endedAt(null)
  const from = names.indexOf('input: pipe removed')
  assert(from >= 0 && names.at(-1) === 'input: other end closed', names.join('\n'))
  for (let at = from + 1; at <= names.length; at++) await endedAt(at)
})

/**
 * Ends the input of a logger whose writer has ended, with a death at that crossing of a boundary and another daemon after
 * it. Answers the boundaries that were crossed.
 */
async function endedAt(crossing: number | null): Promise<readonly string[]> {
  let names: readonly string[] = []
  await inHome(async (home) => {
    const pair = await startPair(home, { writes: 'echo 1', reads: 'cat >>TAKEN; exit 7' })
    const { daemon, handles, identities, taken } = pair
    await home.ended(identities.writer)
    await daemon.kill()
    const log = join(home.directory, 'boundaries')
    const environment = {
      HOLDFAST_BOUNDARY_LOG: log,
      ...(crossing === null ? {} : { HOLDFAST_DIE_AT: String(crossing) }),
    }
    const ending = { recover: handles.slice(0, 1), steps: [signalStep('a/l/1', 1, 'EOF')] }
    const second = home.daemon(ending, environment)
    if (crossing !== null) await second.died()
    else await second.event('exited')
    names = readFileSync(log, 'latin1').trim().split('\n')
    await second.kill()
    const third = home.daemon(ending)
    assert.deepEqual((await third.event('exited')).exit, { kind: 'code', code: 7 }, `died at ${names.at(-1)}`)
    assert.equal(readFileSync(taken, 'latin1'), '1\n')
    await third.kill()
    const again = await startPair(home, { writes: 'echo 2; exec sleep 1000', reads: 'exec cat >>TAKEN' }, 3)
    await until(() => readFileSync(taken, 'latin1') === '1\n2\n')
    await again.daemon.kill()
  })
  return names.slice(0, names.indexOf('input: other end closed') + 1)
}

interface Pair {
  readonly daemon: Daemon
  /** Of the logger, then of the writer. */
  readonly handles: readonly RunHandle[]
  readonly identities: { readonly logger: Identity; readonly writer: Identity }
  readonly taken: string
}

async function startPair(
  home: Home,
  scripts: { readonly writes: string; readonly reads: string },
  firstRun = 1,
): Promise<Pair> {
  const taken = join(home.directory, 'taken')
  const specs = pairSpecs(scripts.writes.replace('GO', home.fifo), scripts.reads.replace('TAKEN', taken))
  const reads = spawnStep('a/l/1', firstRun, specs.logger)
  const writes = spawnStep('a/w/1', firstRun + 1, specs.writer)
  const daemon = home.daemon({ steps: [reads, writes] })
  const identities = { logger: await daemon.spawned(firstRun), writer: await daemon.spawned(firstRun + 1) }
  return {
    daemon,
    handles: [handleOf(reads, identities.logger), handleOf(writes, identities.writer)],
    identities,
    taken,
  }
}

async function grown(path: string): Promise<void> {
  const size = () => (existsSync(path) ? readFileSync(path).length : 0)
  const before = size()
  await until(() => size() > before + 200)
}

/** Whole numbers, none of them missing; the last may not be there yet as a whole. */
function assertCounted(path: string): void {
  const lines = readFileSync(path, 'latin1').split('\n').slice(0, -1)
  assert.equal(`${lines.join('\n')}\n`, numbers(1, lines.length))
}
