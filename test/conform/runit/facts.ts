import { readlinkSync } from 'node:fs'
import { descriptorsOf, environmentOf, readProc, readProcess } from '../../real/processes.ts'
import type { Scene } from './scene.ts'

/**
 * What a process was given at its start, and what it was left with: a line for each fact, so that a difference in one is
 * a difference of one line.
 */
export function seeFacts(scene: Scene, what: string, pid: number): void {
  for (const fact of factsOf(scene, pid)) scene.transcript.add(`${what}: ${fact}`)
}

/** The same, to be compared within one side. */
export function factsOf(scene: Scene, pid: number): readonly string[] {
  const status = readProc(pid, 'status') ?? ''
  const own = readProcess(pid)
  const supervisors = readProcess(scene.side.supervisor.pid)
  const stat = readProc(pid, 'stat') ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const environment = Object.entries(environmentOf(pid) ?? {}).toSorted()
  return [
    `arguments ${JSON.stringify((readProc(pid, 'cmdline') ?? '').split('\0').slice(0, -1))}`,
    `directory ${readlinkSync(`/proc/${pid}/cwd`)}`,
    ...environment.map(([name, value]) => `environment ${name}=${value}`),
    ...descriptorFacts(pid),
    ...statusNames.map((name) => `${name} ${new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1]}`),
    ...(readProc(pid, 'limits') ?? '')
      .split('\n')
      .slice(1, -1)
      .map((line) => `limit ${line.replace(/\s+/g, ' ').trim()}`),
    `session ${relation(pid, own?.session, supervisors?.session)}`,
    `group ${relation(pid, own?.group, supervisors?.group)}`,
    `terminal ${fields[4]}`,
    `nice ${fields[16]}`,
    `scheduling policy ${fields[38]}`,
    `oom_score_adj ${readProc(pid, 'oom_score_adj')?.trim()}`,
    `cgroup ${readProc(pid, 'cgroup') === readProc(scene.side.supervisor.pid, 'cgroup') ? "the supervisor's" : 'another'}`,
  ].map((fact) => scene.transcript.normalise(withoutNumbers(fact)))
}

/** Numbers of runs, and the name of a home, are others each time. */
function withoutNumbers(fact: string): string {
  return fact.replace(/\b(HOLDFAST_(?:RUN|ATTEMPT))=\d+/, '$1=N').replace(/\b(HOLDFAST_\w+)=[0-9a-f]{16}\//, '$1=HOME/')
}

const statusNames = [
  'Umask',
  'Uid',
  'Gid',
  'Groups',
  'SigBlk',
  'SigIgn',
  'SigCgt',
  'CapInh',
  'CapPrm',
  'CapEff',
  'CapBnd',
  'CapAmb',
  'NoNewPrivs',
  'Seccomp',
  'Cpus_allowed',
  'CoreDumping',
  'THP_enabled',
]

/** Without what whoever runs the tests lets everybody inherit. */
function descriptorFacts(pid: number): readonly string[] {
  const ofTheTests = descriptorsOf(process.pid)
  return [...descriptorsOf(pid)]
    .filter(([fd, target]) => fd <= 2 || ofTheTests.get(fd) !== target)
    .toSorted(([a], [b]) => a - b)
    .map(([fd, target]) => {
      const flags = /^flags:\s*(\d+)$/m.exec(readProc(pid, `fdinfo/${fd}`) ?? '')?.[1]
      return `descriptor ${fd} ${target.replace(/^(pipe|socket|anon_inode):.*/, '$1')}, flags ${flags}`
    })
}

function relation(pid: number, id: number | undefined, supervisors: number | undefined): string {
  if (id === pid) return 'of its own'
  return id === supervisors ? "the supervisor's" : 'another'
}
