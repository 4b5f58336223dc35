import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../core/model.ts'
import type { ProcessRow } from '../../sys/process-table.ts'
import { type ContainerLook, containerFacts, containerFactsOfAll } from './facts.ts'

const id = '8a5bef02b3f4'.repeat(5)

function run(
  pid: number,
  container: { readonly id: string; readonly startedAt: string } | undefined = { id, startedAt: '' },
): Run {
  const identity = {
    pid,
    startTicks: 0,
    bootId: 'boot',
    pidNamespace: '',
    ...(container === undefined ? {} : { container }),
  }
  return {
    n: 1,
    role: 'main',
    runHash: '',
    startedBootMs: 0,
    identity,
    isAdopted: false,
    isPaused: false,
    isStable: false,
    gotTerm: false,
    shortfalls: [],
  }
}

function look(cgroups: Readonly<Record<number, string>>): ContainerLook {
  const row = (pid: number): ProcessRow => ({ pid, ppid: 1, startTicks: 1, cpuMs: 20, rssBytes: 4_096 })
  return {
    cgroupOf: (pid) => cgroups[pid] ?? null,
    mounts: [],
    rows: (pids) => new Map(pids.filter((pid) => cgroups[pid] !== undefined).map((pid) => [pid, row(pid)])),
    usage: () => ({ rssBytes: 4_096, rssPeakBytes: 8_192, cpuMs: 20 }),
  }
}

test('what a container uses is told by its process, where its cgroup has the id of the container', () => {
  for (const cgroup of [
    `0::/docker/${id}\n`,
    `0::/system.slice/docker-${id}.scope\n`,
    `4:memory:/x/libpod-${id}.scope/a\n`,
  ]) {
    const facts = containerFacts(run(7), look({ 7: cgroup }))
    assert.deepEqual(facts, {
      pids: [7],
      rssBytes: 4_096,
      rssPeakBytes: 8_192,
      processes: 1,
      cpuMs: 20,
      memoryBytes: null,
      memoryPeakBytes: null,
      processesPeak: null,
      oomKills: null,
    })
  }
})

test('a pid that is none of the container any more, or one of another host, tells nothing', () => {
  assert.equal(containerFacts(run(7), look({ 7: '0::/user.slice\n' })), null)
  assert.equal(containerFacts(run(7), look({})), null)
  assert.equal(containerFacts(run(0), look({ 0: `0::/docker/${id}\n` })), null)
})

test('of many only those are told that are there', () => {
  const runs = [7, 8].map((pid) => ({ unit: `a/web/${pid}`, run: run(pid) }))
  const facts = containerFactsOfAll(runs, () => look({ 7: `0::/docker/${id}\n` }))
  assert.deepEqual([...facts.keys()], ['a/web/7'])
  assert.equal(facts.get('a/web/7')?.rssPeakBytes, null)
})

test('where nothing runs nothing is read', () => {
  const never = (): never => assert.fail('it was read')
  assert.equal(containerFactsOfAll([], never).size, 0)
})
