import assert from 'node:assert/strict'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { built, holdfast } from '../../real/harness.ts'
import { until } from '../../real/until.ts'
import { type Bench, type Call, isRoot, openBench, type Side } from './chpst/bench.ts'
import { type Case, cases } from './chpst/cases.ts'
import { missingTools } from './tools.ts'

describe('chpst', { skip: missingTools() }, () => {
  let bench: Bench

  before(async () => {
    await built()
    bench = openBench()
  })
  after(() => bench.close())

  describe('gives a program what the original gives it, and says and answers the same', { concurrency: 3 }, () => {
    for (const [index, each] of cases.entries()) {
      it(`${index}: ${each.title}`, { skip: missing(each) }, async () => {
        const [original, ours] = await Promise.all([bench.outcome('original', each), bench.outcome('ours', each)])
        assert.deepEqual(ours, original)
      })
    }
  })

  for (const side of ['original', 'ours'] as const) {
    it(`${side}: waits for a lock with -l, gives up at once with -L, and holds it while the program runs`, async () => {
      await withHolder(side, async (release) => {
        const refused = await bench.outcome(side, { args: ['-L', 'open/held', 'DIR/probe'] })
        assert.deepEqual(
          [refused.code, refused.stderr],
          [111, 'chpst: fatal: unable to lock: open/held: temporary failure\n'],
        )
        const silent = await bench.outcome(side, { name: 'setlock', args: ['-x', 'open/held', 'DIR/probe'] })
        assert.deepEqual([silent.code, silent.stdout, silent.stderr], [0, [''], ''])
        const waiting = bench.outcome(side, { args: ['-l', 'open/held', 'DIR/probe'] })
        await until('the wait for the lock', () => waiters(bench.directory(side)).length === 1)
        release()
        assert.equal((await waiting).code, 42)
      })
    })

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGHUP'] as const) {
      it(`${side}: dies of ${signal} while it waits for a lock`, async () => {
        await withHolder(side, async () => {
          const child = bench.start(side, { args: ['-l', 'open/held', 'DIR/probe'] })
          const ended = new Promise((resolve) => child.on('exit', (_, by) => resolve(by)))
          const [pid] = await until('the wait for the lock', () => {
            const pids = waiters(bench.directory(side))
            return pids.length === 1 ? pids : null
          })
          assert.equal(pid, child.pid)
          child.kill(signal)
          assert.equal(await ended, signal)
        })
      })
    }
  }

  it('with -V says what it is, then how it is used, as the original does', async () => {
    const [original, ours] = await Promise.all([
      bench.outcome('original', { args: ['-V'] }),
      bench.outcome('ours', { args: ['-V'] }),
    ])
    const [version, ...usage] = ours.stderr.split('\n')
    assert.equal(version, 'chpst of holdfast, as runit 2.1.2')
    assert.deepEqual(usage, original.stderr.split('\n').slice(1))
    assert.equal(ours.code, original.code)
  })

  it('has enough memory left to run a program, or to say why not, under any limit of memory', async () => {
    const call = (limit: string, program: string): Call => ({ args: [limit, '3000000', program] })
    for (const limit of ['-m', '-d']) {
      for (let round = 0; round < 5; round += 1) {
        assert.equal((await bench.outcome('ours', call(limit, 'DIR/probe'))).code, 42)
        assert.equal((await bench.outcome('ours', call(limit, 'nosuch'))).code, 111)
      }
    }
  })

  async function withHolder(side: Side, body: (release: () => void) => Promise<void>): Promise<void> {
    const holder = bench.start(side, { args: ['-l', 'open/held', '/bin/sh', '-c', 'echo held; exec /bin/sleep 600'] })
    const gone = new Promise((resolve) => holder.on('exit', resolve))
    try {
      await new Promise((resolve) => holder.stdout!.once('data', resolve))
      await body(() => holder.kill('SIGKILL'))
    } finally {
      holder.kill('SIGKILL')
      await gone
    }
  }
})

function missing({ needs }: Case): string | false {
  if (needs?.startsWith('root') && !isRoot) return 'only root may do this'
  if (needs === 'root and an open project' && !isOpenToOthers(holdfast)) return 'other users cannot read the project'
  return false
}

function isOpenToOthers(path: string): boolean {
  accessSync(path, constants.R_OK)
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false
    if (at === dirname(at)) return true
  }
}

/** Who waits for the lock that the tests hold: pids. */
function waiters(directory: string): readonly number[] {
  const { ino } = statSync(`${directory}/open/held`)
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const found = /-> FLOCK\s+ADVISORY\s+WRITE (\d+) \S+:(\d+) /.exec(line)
      return found !== null && Number(found[2]) === ino ? [Number(found[1])] : []
    })
}
