import type { ContainerSettings } from '../../core/containers/model.ts'
import { parseDeviceText, parseHostText } from '../../formats/compose-values/small-texts.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { readHealthcheck } from './healthcheck.ts'
import { readPorts } from './ports.ts'
import {
  described,
  fail,
  readBoolean,
  readByteSize,
  readFields,
  readInteger,
  readItems,
  readNumber,
  readPairs,
  readWord,
  readWords,
  type Setting,
  settingOf,
  textsOf,
  warn,
} from './reading.ts'
import type { Scene } from './scene.ts'

type Decode = (scene: Scene, setting: Setting) => Partial<ContainerSettings> | null

/** Those that the original agent knows, and those of its successor; what is read elsewhere has null. */
const fields: Readonly<Record<string, Decode | null>> = {
  annotations: (scene, one) => ({ annotations: textsOf(readPairs(scene.reading, one, 'annotations')) }),
  cap_add: (scene, one) => ({ capAdd: readWords(scene.reading, one, 'capabilities') }),
  cap_drop: (scene, one) => ({ capDrop: readWords(scene.reading, one, 'capabilities') }),
  cgroup: word('cgroupNamespace', '"host" or "private"'),
  cgroup_parent: word('cgroupParent', 'the path of a cgroup'),
  command: (scene, one) => ({ command: readCommand(scene, one) }),
  cpu_quota: integer('cpuQuotaUs', -1),
  cpu_period: integer('cpuPeriodUs', 0),
  cpu_rt_period: integer('cpuRealtimePeriodUs', 0),
  cpu_rt_runtime: integer('cpuRealtimeRuntimeUs', 0),
  cpu_shares: integer('cpuShares', 0),
  cpus: readCpus,
  cpuset: word('cpuset', 'processors, such as "0-2"'),
  depends_on: null,
  device_cgroup_rules: (scene, one) => ({ deviceCgroupRules: readWords(scene.reading, one, 'rules') }),
  devices: readDevices,
  dns: (scene, one) => ({ dns: readWords(scene.reading, one, 'addresses') }),
  dns_opt: (scene, one) => ({ dnsOptions: readWords(scene.reading, one, 'options') }),
  dns_search: (scene, one) => ({ dnsSearch: readWords(scene.reading, one, 'domains') }),
  domainname: word('domainname', 'a domain'),
  entrypoint: (scene, one) => ({ entrypoint: readCommand(scene, one) }),
  environment: null,
  extra_hosts: readExtraHosts,
  group_add: (scene, one) => ({ groupAdd: readWords(scene.reading, one, 'groups') }),
  healthcheck: (scene, one) => ({ healthcheck: readHealthcheck(scene.reading, one) }),
  hostname: word('hostname', 'a name'),
  init: boolean('init'),
  ipc: word('ipc', '"shareable", "host", "private" or "service:NAME"'),
  labels: null,
  mac_address: word('macAddress', 'an address such as "02:42:ac:11:00:02"'),
  mem_limit: bytes('memoryBytes'),
  mem_reservation: bytes('memoryReservationBytes'),
  network_mode: null,
  networks: null,
  oom_kill_disable: boolean('isOomKillDisabled'),
  oom_score_adj: (scene, one) => {
    const value = readInteger(scene.reading, one, { min: -1_000, max: 1_000 })
    return value === null ? null : { oomScoreAdj: value === 0 ? null : value }
  },
  pid: word('pid', '"host" or "service:NAME"'),
  pids_limit: integer('pidsMax', -1),
  ports: (scene, one) => ({ ports: readPorts(scene.reading, one) }),
  privileged: boolean('isPrivileged'),
  read_only: boolean('isReadOnly'),
  restart: readRestart,
  runtime: word('runtime', 'the name of a runtime of the engine'),
  security_opt: readSecurityOptions,
  shm_size: bytes('shmBytes'),
  stop_grace_period: null,
  stop_signal: null,
  storage_opt: (scene, one) => {
    warn(scene.reading, one, "'storage_opt' has no effect", 'remove it')
    return null
  },
  sysctls: (scene, one) => ({ sysctls: textsOf(readPairs(scene.reading, one, 'settings of the kernel')) }),
  tmpfs: null,
  tty: boolean('isTty'),
  ulimits: readUlimits,
  user: word('user', 'a user, such as "1000:1000"'),
  userns_mode: word('usernsMode', '"host"'),
  uts: word('uts', '"host"'),
  volumes: null,
  working_dir: readWorkingDir,
}

/** What a Compose file may say and a device has no use for. */
const dropped: ReadonlySet<string> = new Set(
  [
    'build',
    'image',
    'running',
    'contract',
    'expose',
    'container_name',
    'deploy',
    'secrets',
    'configs',
    'env_file',
    'links',
  ].concat([
    'external_links',
    'logging',
    'profiles',
    'extends',
    'platform',
    'pull_policy',
    'scale',
    'stdin_open',
    'attach',
    'develop',
  ]),
)

/** These say what is true anyway: their loss is not told. */
const droppedSilently: ReadonlySet<string> = new Set(['build', 'image', 'running', 'contract', 'expose'])

/** What the composition says of the container, but for what needs more than one of its fields. */
export function readComposition(scene: Scene): Partial<ContainerSettings> {
  const { reading, service } = scene
  let settings: Partial<ContainerSettings> = {}
  for (const entry of service.composition.entries) {
    const setting = settingOf(service.composition.path, entry)
    const decode = Object.hasOwn(fields, entry.key) ? fields[entry.key] : undefined
    if (decode === undefined) warnOfUnknown(scene, setting, entry.key)
    else if (decode !== null) settings = { ...settings, ...decode(scene, setting) }
  }
  return { ...settings, ...readCpuFault(reading, service.composition.get('cpus'), settings) }
}

function warnOfUnknown({ reading }: Scene, setting: Setting, key: string): void {
  if (droppedSilently.has(key) || key.startsWith('x-')) return
  if (dropped.has(key)) warn(reading, setting, `'${key}' has no effect on a device`, 'remove it')
  else warn(reading, setting, `unknown field '${key}' is ignored`, didYouMean(key, Object.keys(fields), ''))
}

/** The engine takes one way of limiting processors only. */
function readCpuFault(
  reading: Scene['reading'],
  setting: Setting | null,
  { nanoCpus, cpuQuotaUs, cpuPeriodUs }: Partial<ContainerSettings>,
): Partial<ContainerSettings> {
  if (setting === null || nanoCpus == null || (cpuQuotaUs == null && cpuPeriodUs == null)) return {}
  fail(reading, setting, "'cpus' limits the same as 'cpu_quota'", 'write only one of the two')
  return {}
}

// ---- one field, one setting ---------------------------------------------------------------------------------------

function word(key: keyof ContainerSettings, expected: string): Decode {
  return ({ reading }, setting) => {
    const text = readWord(reading, setting, expected)
    return text === null || text === '' ? null : { [key]: text }
  }
}

function integer(key: keyof ContainerSettings, min: number): Decode {
  return ({ reading }, setting) => {
    const value = readInteger(reading, setting, { min })
    // Zero is what the engine calls unlimited, or its default.
    return value === null || value === 0 ? null : { [key]: value }
  }
}

function boolean(key: keyof ContainerSettings): Decode {
  return ({ reading }, setting) => {
    const value = readBoolean(reading, setting)
    return value === null ? null : { [key]: value }
  }
}

function bytes(key: keyof ContainerSettings): Decode {
  return ({ reading }, setting) => {
    const value = readByteSize(reading, setting)
    return value === null ? null : { [key]: value }
  }
}

// ---- fields with forms of their own ---------------------------------------------------------------------------------

/** A text is split as a shell would, and run without one: `$` stays as it is. Nothing: as the image says. */
function readCommand({ reading }: Scene, setting: Setting): readonly string[] | null {
  const { node } = setting
  if (node.kind === 'list') {
    const words = readWords(reading, setting, 'texts')
    return words.length === 0 ? null : words
  }
  const text = readWord(reading, setting, 'a command, as a text or a list')
  if (text === null) return null
  const split = splitShellWords(text, 'posix')
  if (split.kind === 'error')
    return fail(reading, setting, `the command cannot be split: ${split.message}`, 'write it as a list')
  return split.words.length === 0 ? null : split.words
}

function readCpus({ reading }: Scene, setting: Setting): Partial<ContainerSettings> | null {
  const cpus = readNumber(reading, setting)
  if (cpus === null || cpus === 0) return null
  const nanoCpus = Math.round(cpus * 1e9)
  if (nanoCpus > 0 && Number.isSafeInteger(nanoCpus)) return { nanoCpus }
  return fail(reading, setting, `${described(setting.node)} is no number of processors`, 'write a number such as 0.5')
}

function readDevices({ reading }: Scene, setting: Setting): Partial<ContainerSettings> {
  const devices = readItems(reading, setting, deviceForms).flatMap((item) => {
    const text = readWord(reading, item, deviceForms)
    const device = text === null ? null : parseDeviceText(text)
    if (text !== null && device === null) fail(reading, item, `'${text}' is not a device`, `write ${deviceForms}`)
    return device ?? []
  })
  return { devices }
}

const deviceForms = 'devices, such as "/dev/ttyUSB0:/dev/ttyUSB0:rwm"'

function readExtraHosts({ reading }: Scene, setting: Setting): Partial<ContainerSettings> {
  if (setting.node.kind === 'map') {
    const pairs = readPairs(reading, setting, 'addresses by their name')
    return { extraHosts: pairs.map(({ key, value }) => `${key}:${value ?? ''}`) }
  }
  const extraHosts = readItems(reading, setting, hostForms).flatMap((item) => {
    const text = readWord(reading, item, hostForms)
    const host = text === null ? null : parseHostText(text)
    if (text !== null && host === null)
      fail(reading, item, `'${text}' is not a host with its address`, `write ${hostForms}`)
    return host ?? []
  })
  return { extraHosts }
}

const hostForms = 'hosts, such as "db:10.0.0.7"'

/** JSON made from YAML turns an unquoted no into false. */
function readRestart({ reading }: Scene, setting: Setting): Partial<ContainerSettings> | null {
  const { node } = setting
  const isNo = node.kind === 'scalar' && node.value === false
  const text = isNo ? 'no' : (readWord(reading, setting, restartForms)?.toLowerCase().trim() ?? null)
  if (text === null) return null
  if (text === 'no' || text === 'always' || text === 'unless-stopped') return { restart: { name: text, retriesMax: 0 } }
  const match = /^on-failure(?::(\d{1,6}))?$/.exec(text)
  if (match !== null) return { restart: { name: 'on-failure', retriesMax: Number(match[1] ?? 0) } }
  return fail(reading, setting, `'${text}' is not a restart policy`, `write ${restartForms}`)
}

const restartForms = '"no", "always", "unless-stopped", "on-failure" or "on-failure:5"'

/** Labels of SELinux are the engine's own affair. */
function readSecurityOptions({ reading }: Scene, setting: Setting): Partial<ContainerSettings> {
  const options = readWords(reading, setting, 'options such as "no-new-privileges"')
  return { securityOptions: options.filter((option) => !/^label[=:]/.test(option)) }
}

function readUlimits({ reading }: Scene, setting: Setting): Partial<ContainerSettings> | null {
  const limits = readFields(
    reading,
    setting,
    'limits by their name: {"nofile": 1024} or {"nofile": {"soft": 1024, "hard": 2048}}',
  )
  if (limits === null) return null
  const read = limits.entries.flatMap((entry) => {
    const one = settingOf(limits.path, entry)
    const name = entry.key.toLowerCase()
    if (one.node.kind !== 'map') {
      const both = readInteger(reading, one, { min: -1 })
      return both === null ? [] : [[name, { soft: both, hard: both }] as const]
    }
    const parts = readFields(reading, one, '{"soft": 1024, "hard": 2048}')
    const part = (key: string) => {
      const value = parts?.get(key) ?? null
      return value === null ? null : readInteger(reading, value, { min: -1 })
    }
    const [soft, hard] = [part('soft'), part('hard')]
    if (soft !== null || hard !== null) return [[name, { soft: soft ?? hard!, hard: hard ?? soft! }] as const]
    fail(reading, one, 'this limit has neither "soft" nor "hard"', 'write {"soft": 1024, "hard": 2048}')
    return []
  })
  return { ulimits: Object.fromEntries(read) }
}

/** Without a slash at its end, as the engine tells it. */
function readWorkingDir({ reading }: Scene, setting: Setting): Partial<ContainerSettings> | null {
  const text = readWord(reading, setting, 'a path')
  return text === null || text === '' ? null : { workingDir: text.replace(/(.)\/+$/, '$1') }
}
