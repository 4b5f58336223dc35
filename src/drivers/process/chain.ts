import type { Failure, ProcessLimits } from '../../core/model.ts'
import { toolPackages } from '../../core/target/limits-lacks.ts'
import { findTools } from '../../sys/abilities.ts'
import type { Account } from './account.ts'
import { failure } from './failure.ts'

export interface ChainRequest {
  readonly program: string
  readonly command: readonly string[]
  readonly account: Account
  readonly limits: ProcessLimits | null
  /** Files into which the process writes 0 to join its cgroups. */
  readonly join: readonly string[]
  /** As the program sees it: inside of the new root, where there is one. */
  readonly workingDir: string
  readonly environment: Readonly<Record<string, string>>
  /** Our own nice. */
  readonly nice: number
}

export interface Chained {
  readonly path: string
  readonly argv: readonly string[]
}

/**
 * What has to happen in the process itself goes before its command, each program replacing the one before under the same
 * pid, about 0.7 ms each. Outermost first: whoever joins and sets comes while the process is still privileged; hard limits
 * are raised before the user is given up; the root is changed after the last tool that has to be found outside of it.
 */
export function chain(request: ChainRequest): Chained | Failure {
  const { program, command, account, limits } = request
  const links = linksOf(request)
  if (links.length === 0) return { path: program, argv: command }
  const tools = limits === null && account.groups === null ? {} : findTools()
  const argv: string[] = []
  for (const { tool, words } of links) {
    const path = tool.startsWith('/') ? tool : tools[tool]
    if (path === undefined) return missing(tool)
    argv.push(path, ...words)
  }
  return { path: argv[0]!, argv: [...argv, program, ...command.slice(1)] }
}

interface Link {
  /** Its name, or its path where every host has it there. */
  readonly tool: string
  readonly words: readonly string[]
}

function linksOf(request: ChainRequest): readonly Link[] {
  const { account, limits } = request
  const root = limits?.chroot ?? null
  return [
    ...joining(request),
    ...(limits === null ? [] : attributes(limits, request.nice)),
    ...(root === null ? switching(account) : [...groupSwitching(account), newRoot(root, request)]),
  ]
}

/** What a shell does without another program: writing into files. */
function joining({ join, limits, environment }: ChainRequest): readonly Link[] {
  const oomScoreAdj = limits?.oomScoreAdj ?? null
  const values = [...join, ...(oomScoreAdj === null ? [] : [String(oomScoreAdj)])]
  if (values.length === 0) return []
  const writes = values.map((_, index) => (index < join.length ? `echo 0 >"$${index + 1}"` : intoOwnScore(index + 1)))
  const names = Object.keys(environment)
  const script = [
    // It adds these to the environment, and the program is to find what it would find without a shell.
    `unset ${['PWD', 'OLDPWD', 'SHLVL'].filter((name) => !names.includes(name)).join(' ')}`,
    `{ ${writes.join(' && ')}; } || { echo "holdfast: the cgroup or oom_score_adj was refused" >&2; exit 126; }`,
    `shift ${values.length}`,
    'exec "$@"',
  ].join('\n')
  // Shells drop variables that could not be theirs.
  const dropped = Object.entries(environment).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  const shell = { tool: '/bin/sh', words: ['-c', script, 'sh', ...values] }
  if (dropped.length === 0) return [shell]
  return [shell, { tool: '/usr/bin/env', words: dropped.map(([name, value]) => `${name}=${value}`) }]
}

function intoOwnScore(index: number): string {
  return `echo "$${index}" >/proc/self/oom_score_adj`
}

function attributes(limits: ProcessLimits, ownNice: number): readonly Link[] {
  const { nice, ionice, cpuAffinity } = limits
  const ulimits = Object.entries(limits.ulimits)
  const links: Link[] = []
  // It counts from what we have ourselves.
  if (nice !== null && nice !== ownNice) links.push({ tool: 'nice', words: ['-n', String(nice - ownNice)] })
  if (ionice !== null) {
    const level = ionice.level === null ? [] : ['-n', String(ionice.level)]
    links.push({ tool: 'ionice', words: ['-c', ioClasses[ionice.class], ...level] })
  }
  if (cpuAffinity !== null) links.push({ tool: 'taskset', words: [maskOf(cpuAffinity)] })
  // Near to the program: few descriptors or little memory could be too little for the tools.
  if (ulimits.length > 0) {
    const texts = ulimits.map(([name, { soft, hard }]) => `--${name}=${soft ?? 'unlimited'}:${hard ?? 'unlimited'}`)
    links.push({ tool: 'prlimit', words: [...texts, '--'] })
  }
  return links
}

const ioClasses = { realtime: '1', 'best-effort': '2', idle: '3' }

function maskOf(cpus: readonly number[]): string {
  return cpus.reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n).toString(16)
}

function switching(account: Account): readonly Link[] {
  const [groups] = groupSwitching(account)
  if (groups === undefined) return []
  return [{ ...groups, words: [`--reuid=${account.uid}`, ...groups.words] }]
}

/** Only the groups: who changes the root needs its privileges until then. */
function groupSwitching(account: Account): readonly Link[] {
  if (account.groups === null) return []
  const groups = account.groups.length === 0 ? '--clear-groups' : `--groups=${account.groups.join(',')}`
  return [{ tool: 'setpriv', words: [`--regid=${account.gid}`, groups, '--'] }]
}

/** unshare(1), and not chroot(1), because it enters a folder of the new root too, with nothing needed inside of it. */
function newRoot(root: string, { account, workingDir }: ChainRequest): Link {
  const user = account.groups === null ? [] : [`--setuid=${account.uid}`]
  return { tool: 'unshare', words: [`--root=${root}`, `--wd=${workingDir}`, ...user, '--'] }
}

const settings: Readonly<Record<string, string>> = {
  prlimit: '`ulimits`',
  nice: '`nice`',
  ionice: '`ionice`',
  taskset: '`cpuset`',
  unshare: '`chroot`',
  setpriv: '`user`',
}

function missing(tool: string): Failure {
  return failure('ENOENT', `${settings[tool]} needs ${tool}; install ${toolPackages[tool]} or remove ${settings[tool]}`)
}
