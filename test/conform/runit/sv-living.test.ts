import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decodeStatus } from '../../../src/formats/supervise-status.ts'
import { readProc } from '../../real/processes.ts'
import { until } from '../../real/until.ts'
import { ask, createBench, inTurns, skip, supervise, superviseFile, unordered, writeTree } from './sv-bench.ts'

/** Services under the real runsv, which do what they are told. */

const runs = '#!/bin/sh\nexec sleep 1000\n'

const living: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  up: { run: runs },
  idle: { run: runs, down: '' },
  stubborn: { run: '#!/bin/sh\ntrap "" TERM\nexec sleep 1000\n' },
  failing: { run: runs, check: '#!/bin/sh\nexit 1\n' },
  passing: { run: runs, check: '#!/bin/sh\nexit 0\n' },
  paused: { run: runs },
  once: { run: runs, down: '' },
  finishing: { run: runs, finish: runs },
  logged: { run: runs, 'log/run': '#!/bin/sh\nexec cat\n' },
}

const livingJobs: readonly (readonly string[])[] = [
  ...['start', 'stop', 'restart', 'try-restart', 'once', 'pause', 'cont', 'term', 'kill', 'exit', 'check'].map(
    (word) => ['-w', '5', word],
  ),
  ...['force-stop', 'force-restart', 'force-shutdown'].map((word) => ['-w', '5', word]),
  ...['up', 'down', 'once', 'pause', 'cont', 'term', 'kill', 'exit', '1', 'interrupt', 'status'].map((word) => [word]),
]

test('services under the real runsv go the same ways by either client', { skip }, async (context) => {
  const bench = createBench(context)
  await inTurns([...livingJobs.entries()], 6, async ([at, words]) => {
    const sets = await Promise.all(
      ['real', 'ours'].map((side) => startLiving(context, join(bench.directory, `living-${side}-${at}`))),
    )
    // It is up already: the first look may be before or after runsv knows that it is wanted up.
    const names = [...Object.keys(living), 'logged/log'].filter((name) => !(words.includes('start') && name === 'once'))
    const [real, ours] = await Promise.all(
      [bench.real, bench.ours].map((client, side) =>
        ask(client.sv, [...words, ...names], { cwd: bench.directory, environment: { SVDIR: sets[side]! } }),
      ),
    )
    assert.deepEqual(unordered(ours!), unordered(real!), `sv ${words.join(' ')}`)
    // Who is killed when the time is over is not waited for.
    if (words[2]?.startsWith('force-') === true)
      await until('those killed to be gone', () => statesOf(sets[1]!) === statesOf(sets[0]!))
    // What was not waited for may not have begun.
    if (words[0] === '-w') assert.equal(statesOf(sets[1]!), statesOf(sets[0]!), `after sv ${words.join(' ')}`)
  })
})

/** All as they are meant to be, and older than what counts as new: a second. */
async function startLiving(context: TestContext, directory: string): Promise<string> {
  for (const [name, files] of Object.entries(living)) {
    writeTree(join(directory, name), files)
    supervise(context, join(directory, name))
  }
  const path = (name: string) => join(directory, name)
  const isAt = (name: string, stat: string) => superviseFile(path(name), 'stat') === stat
  const tell = (name: string, bytes: string) => writeFileSync(join(path(name), 'supervise/control'), bytes)
  const begun = Object.keys(living).filter((name) => !['idle', 'once'].includes(name))
  await until('services to run', () => [...begun, 'logged/log'].every((name) => isAt(name, 'run\n')))
  await until('services to be down', () => isAt('idle', 'down\n') && isAt('once', 'down\n'))
  // A child that is not yet what it is to become would take a signal otherwise.
  const isSleeping = (name: string) => readProc(Number(superviseFile(path(name), 'pid')), 'comm') === 'sleep\n'
  await until('services to sleep', () => begun.every(isSleeping))
  tell('paused', 'p')
  tell('once', 'o')
  tell('finishing', 't')
  await until('the paused one', () => isAt('paused', 'run, paused\n'))
  await until('the one that runs once', () => isAt('once', 'run, want down\n') && isSleeping('once'))
  await until('the finishing one', () => isAt('finishing', 'finish\n') && isSleeping('finishing'))
  await until('all to be old', () => Object.keys(living).every((name) => ageSeconds(path(name)) > 1.2))
  return directory
}

function ageSeconds(directory: string): number {
  const { sinceSeconds, sinceNanoseconds } = decodeStatus(readFileSync(join(directory, 'supervise/status')))!
  return Date.now() / 1000 - sinceSeconds - sinceNanoseconds / 1e9
}

function statesOf(directory: string): string {
  const names = [...Object.keys(living), 'logged/log']
  return names.map((name) => `${name}: ${superviseFile(join(directory, name), 'stat')}`).join('')
}
