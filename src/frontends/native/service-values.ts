import { hashData } from '../../base/hash.ts'
import type {
  CgroupLimits,
  Check,
  Dependency,
  Hook,
  IoLimit,
  ListenerPool,
  ListenSocket,
  Probe,
  ProcessLimits,
  ProcessSpec,
  Schedule,
  Service,
  StdinSpec,
  StopRung,
  Ulimit,
} from '../../core/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { printDuration } from '../../formats/duration.ts'
import { shellWord } from '../../wire/home.ts'
import { containerValues } from './container-values.ts'

/** A setting by the name people know it by, and its value as text. What is not set has none. */
type Value = readonly [field: string, text: string]

/** Every setting of a service. A field below another (`schedule.overlap`, `schedule`) is there only with it. */
export function serviceValues(service: Service): ReadonlyMap<string, string> {
  const {
    process,
    container,
    instances,
    name: _name,
    checks,
    hooks,
    schedule,
    once,
    stop,
    dependsOn,
    labels,
    ...rest
  } = service
  const values = new Map<string, string>([
    ...(container === undefined ? processValues(process) : containerValues(container, service.name)),
    ['replicas', String(instances.length)],
    // Of a container they follow from what is told of it already.
    ...(container === undefined ? [['stop', stop.map(rungText).join(', ')] as const] : []),
    ...dependsOn.map(
      (edge): Value => [
        `depends_on.${edge.app === undefined ? '' : `${edge.app}/`}${edge.service}`,
        dependencyText(edge),
      ],
    ),
    ...flat('', container === undefined ? rest : withoutRestart(rest)),
    ...Object.entries(labels).map(([name, text]): Value => [`labels.${name}`, text]),
    ...checkValues('healthcheck', checks.readiness),
    ...checkValues('liveness', checks.liveness),
    ...hookValues('hooks.pre_start', hooks.preStart),
    ...hookValues('hooks.post_stop', hooks.postStop),
    ...scheduleValues(schedule),
    ...(once === null ? [] : [['once', once] as const]),
  ])
  // Where only the number of them differs, the number says it all.
  if (instances.some(({ process: own }) => own !== undefined)) values.set('instances', hashData(instances))
  return values
}

/** What an app says of the listeners in it. */
export function listenerValues({ events, bufferMax, result }: ListenerPool): readonly Value[] {
  return [
    ['listener.events', events.join(', ')],
    ['listener.buffer', String(bufferMax)],
    ['listener.result', result],
  ]
}

/** The policy of the engine says when; what it leaves to us stays. */
function withoutRestart<T extends Pick<Service, 'restart'>>({ restart, ...rest }: T): object {
  const { backoff, stableMs } = restart
  return { ...rest, restart: { backoff, stableMs } }
}

/** Whether only that it differs may be told: environments, headers and options may hold secrets, a hash says nothing. */
export function isHidden(field: string): boolean {
  return secretFields.test(field) || field === 'instances'
}

const secretFields =
  /^(?:environment|logging\.options|(?:healthcheck|liveness)\.headers)\.|^(?:networks|volumes)\.[^.]+\.driver_opts\./

function* processValues(process: ProcessSpec): Iterable<Value> {
  const { command, environment, envFiles, stdin, limits, ...rest } = process
  yield ['command', commandText(command)]
  for (const [name, value] of Object.entries(environment)) yield [`environment.${name}`, value]
  if (envFiles.length > 0)
    yield ['env_file', envFiles.map(({ path, required }) => `${path}${required ? '' : ' (if it is there)'}`).join(', ')]
  yield ['stdin', stdinText(stdin)]
  if (limits !== null) yield* limitValues(limits)
  yield* flat('', rest)
}

function commandText(command: readonly string[]): string {
  return command.map(shellWord).join(' ')
}

/** `SIGTERM to its group for 10s`. */
function rungText({ signal, scope, waitMs }: StopRung): string {
  const whom = scope === 'main' ? '' : ` to its ${scope}`
  return `SIG${signal}${whom} for ${printDuration(waitMs)}`
}

function dependencyText({ condition, required, restart }: Dependency): string {
  return `${condition}${required ? '' : ', not required'}${restart ? ', restarted with it' : ''}`
}

function stdinText(stdin: StdinSpec): string {
  if (stdin.kind === 'socket') return `socket ${socketText(stdin.socket)}`
  return stdin.kind === 'file' ? stdin.path : stdin.kind
}

/** `unix:/run/php.sock mode 700 of www`, `tcp:127.0.0.1:9000 backlog 64`: all that makes it another one. */
function socketText({ address, backlog }: ListenSocket): string {
  const waiting = backlog === null ? '' : ` backlog ${backlog}`
  if (address.kind === 'tcp') return `tcp:${address.host}:${address.port}${waiting}`
  const owner = address.owner === null ? '' : ` of ${address.owner}`
  return `unix:${address.path} mode ${address.mode.toString(8)}${owner}${waiting}`
}

// ---- around the runs -------------------------------------------------------------------------------------------

function* checkValues(field: string, check: Check | null): Iterable<Value> {
  if (check === null) return
  const { probe, ...timing } = check
  yield [field, probeText(probe)]
  yield* flat(field, timing)
  if (probe.kind !== 'http') return
  yield [`${field}.status`, `${probe.statusMin}-${probe.statusMax}`]
  if (probe.bodyPattern !== null) yield [`${field}.body`, probe.bodyPattern]
  for (const [name, value] of Object.entries(probe.headers)) yield [`${field}.headers.${name}`, value]
}

function probeText(probe: Probe): string {
  switch (probe.kind) {
    case 'exec':
      return `exec ${commandText(probe.command)}`
    case 'http':
      return `http ${probe.url}`
    case 'tcp':
      return `tcp ${probe.host}:${probe.port}`
    case 'log':
      return `log ${probe.pattern}`
  }
}

function* hookValues(field: string, hook: Hook | null): Iterable<Value> {
  if (hook === null) return
  const { command, ...rest } = hook
  yield [field, commandText(command)]
  yield* flat(field, rest)
}

function* scheduleValues(schedule: Schedule | null): Iterable<Value> {
  if (schedule === null) return
  const { cron, timeZone, ...rest } = schedule
  yield ['schedule', cron]
  if (timeZone !== null) yield ['schedule.timezone', timeZone]
  yield* flat('schedule', rest)
}

// ---- limits ----------------------------------------------------------------------------------------------------

function* limitValues(limits: ProcessLimits): Iterable<Value> {
  const { ulimits, nice, ionice, oomScoreAdj, cpuAffinity, chroot, cgroup, enforcement } = limits
  for (const [name, ulimit] of Object.entries(ulimits)) yield [`ulimits.${name}`, ulimitText(ulimit)]
  if (ionice !== null) yield ['limits.ionice', ionice.level === null ? ionice.class : `${ionice.class}:${ionice.level}`]
  if (oomScoreAdj !== null) yield ['oom_score_adj', String(oomScoreAdj)]
  if (cpuAffinity !== null) yield ['cpuset', cpuAffinity.join(',')]
  yield* flat('limits', { nice, chroot })
  if (cgroup !== null) yield* cgroupValues(cgroup)
  if (enforcement !== 'required') yield ['limits.enforcement', enforcement]
}

function ulimitText({ soft, hard }: Ulimit): string {
  const text = (limit: number | null) => (limit === null ? 'unlimited' : String(limit))
  return soft === hard ? text(soft) : `soft ${text(soft)}, hard ${text(hard)}`
}

const cgroupFields: Readonly<Record<keyof Omit<CgroupLimits, 'io'>, { field: string; isBytes: boolean }>> = {
  memoryMaxBytes: { field: 'mem_limit', isBytes: true },
  memoryHighBytes: { field: 'limits.memory_high', isBytes: true },
  memoryLowBytes: { field: 'mem_reservation', isBytes: true },
  swapMaxBytes: { field: 'limits.swap', isBytes: true },
  cpus: { field: 'cpus', isBytes: false },
  cpuWeight: { field: 'limits.cpu_weight', isBytes: false },
  pidsMax: { field: 'pids_limit', isBytes: false },
  ioWeight: { field: 'limits.io_weight', isBytes: false },
}

const rateFields: Readonly<Record<keyof Omit<IoLimit, 'path'>, { field: string; isBytes: boolean }>> = {
  readBytesPerSecond: { field: 'device_read_bps', isBytes: true },
  writeBytesPerSecond: { field: 'device_write_bps', isBytes: true },
  readsPerSecond: { field: 'device_read_iops', isBytes: false },
  writesPerSecond: { field: 'device_write_iops', isBytes: false },
}

function* cgroupValues({ io, ...limits }: CgroupLimits): Iterable<Value> {
  for (const [name, { field, isBytes }] of Object.entries(cgroupFields)) {
    const value = limits[name as keyof typeof cgroupFields]
    if (value !== null) yield [field, isBytes ? printByteSize(value) : String(value)]
  }
  for (const device of io) {
    for (const [name, { field, isBytes }] of Object.entries(rateFields)) {
      const value = device[name as keyof typeof rateFields]
      if (value !== null) yield [`blkio_config.${field}.${device.path}`, isBytes ? printByteSize(value) : String(value)]
    }
  }
}

// ---- everything else -------------------------------------------------------------------------------------------

/** `restart.backoff.maxMs: 10000` → `restart.backoff.max: 10s`: each value of nested settings. Lists count as one value. */
function* flat(path: string, settings: object): Iterable<Value> {
  for (const [name, value] of Object.entries(settings)) {
    if (value === null) continue
    const field = `${path === '' ? '' : `${path}.`}${wordsOf(name)}`
    if (typeof value === 'object' && !Array.isArray(value)) yield* flat(field, value)
    else yield [field, valueText(name, value)]
  }
}

function wordsOf(name: string): string {
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('Ms')) return printDuration(value)
  if (typeof value === 'number' && name.startsWith('bytes')) return printByteSize(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
