import {
  boolean,
  choice,
  containerCommand,
  integer,
  type KeySpec,
  list,
  mapOf,
  named,
  ofContainers,
  oneOrMore,
  pairs,
  path,
  size,
  text,
  type ValueSpec,
} from './key-table.ts'

/** Of a service with an image: what containers have and processes do not. */

const portNumber = integer(1, 65_535)

export const portMap = mapOf(
  {
    target: { what: 'The port of the container.', value: portNumber, example: 80 },
    published: {
      what: 'The port of the host.',
      value: { kind: 'either', of: [portNumber, text('a port, or a range')] },
      otherwise: 'any that is free',
      example: '8080',
    },
    host_ip: {
      what: 'The address of the host.',
      value: text('an address'),
      otherwise: 'every one',
      example: '127.0.0.1',
    },
    protocol: { what: 'The protocol.', value: choice('tcp', 'udp', 'sctp'), default: 'tcp', example: 'udp' },
    mode: { what: 'Has no meaning on one host.', value: choice('host', 'ingress'), example: 'host' },
    name: { what: 'What people call it; it means nothing to Holdfast.', value: text('a name'), example: 'web' },
    app_protocol: {
      what: 'What is spoken there; it means nothing to Holdfast.',
      value: text('a protocol'),
      example: 'http',
    },
  },
  { required: ['target'] },
)

export const bindMap = mapOf(
  {
    propagation: {
      what: 'Whether mounts below it are seen on the other side.',
      value: choice('private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'),
      otherwise: "the engine's",
      example: 'rslave',
    },
    create_host_path: {
      what: 'false: the source must be there, else it is made as a directory.',
      value: boolean,
      default: true,
      example: false,
    },
    selinux: {
      what: 'z: labelled for all containers; Z: for this one alone.',
      value: choice('z', 'Z'),
      example: 'z',
    },
  },
  { notYet: { recursive: 'mounts below the source are always there: remove it' } },
)

export const volumeOptionsMap = mapOf(
  {
    nocopy: {
      what: 'true: what the image has there is not copied into a new volume.',
      value: boolean,
      default: false,
      example: true,
    },
    subpath: { what: 'A directory of the volume, in place of its root.', value: text('a path'), example: 'sub' },
  },
  { notYet: { labels: 'write them below the volume at the top' } },
)

export const tmpfsMap = mapOf({
  size: { what: 'How much it may hold.', value: size, otherwise: 'half of the memory', example: '64m' },
  mode: {
    what: 'The permissions of its root, octal.',
    value: text('an octal number', '^(0o?)?[0-7]{1,4}$', { min: 0, max: 7_777 }),
    example: '1777',
  },
})

export const mountMap = mapOf(
  {
    type: {
      what: 'bind: a path of the host. volume: a volume. tmpfs: nothing, in memory.',
      value: choice('volume', 'bind', 'tmpfs'),
      example: 'tmpfs',
    },
    source: {
      what: 'A path of the host, or a volume by its key at the top; a volume without it is new with each container.',
      value: text('a path or the key of a volume'),
      example: 'data',
      beside: { type: 'volume', target: '/data' },
    },
    target: { what: 'The path in the container.', value: text('a path'), example: '/data', beside: { type: 'tmpfs' } },
    read_only: {
      what: 'true: it cannot be written to.',
      value: boolean,
      default: false,
      example: true,
    },
    consistency: { what: 'Has no meaning on Linux.', value: text('a word'), example: 'cached' },
    bind: {
      what: 'Of bind.',
      value: bindMap,
      example: { create_host_path: false },
      beside: { type: 'bind', source: '/srv', target: '/srv' },
    },
    volume: {
      what: 'Of volume.',
      value: volumeOptionsMap,
      example: { nocopy: true },
      beside: { type: 'volume', source: 'data', target: '/data' },
    },
    tmpfs: {
      what: 'Of tmpfs.',
      value: tmpfsMap,
      example: { size: '64m' },
      beside: { type: 'tmpfs', target: '/run' },
    },
  },
  {
    required: ['type', 'target'],
    notYet: { image: 'the engine cannot mount images: copy what is needed into a volume' },
  },
)

export const joinMap = mapOf(
  {
    aliases: {
      what: 'Names it has on this network, besides that of the service.',
      value: list(text('a name')),
      example: ['database'],
    },
    ipv4_address: { what: 'Its IPv4 address there.', value: text('an address'), example: '172.28.0.10' },
    ipv6_address: { what: 'Its IPv6 address there.', value: text('an address'), example: '2001:db8::10' },
    link_local_ips: {
      what: 'Link-local addresses there.',
      value: list(text('an address')),
      example: ['169.254.8.8'],
    },
    mac_address: { what: 'Its MAC address there.', value: text('a MAC address'), example: '02:42:ac:11:65:43' },
    driver_opts: { what: 'Options of the driver.', value: named('OPTION', 'the value'), example: { foo: 'bar' } },
    priority: {
      what: 'Networks are joined from the highest priority to the lowest, then by their keys.',
      value: integer(-1_000_000, 1_000_000),
      default: 0,
      example: 1_000,
    },
  },
  {
    notYet: {
      gw_priority: 'the engine chooses the gateway: remove it',
      interface_name: 'the engine names the interfaces: remove it',
    },
  },
)

export const deviceMap = mapOf(
  {
    source: { what: 'The device of the host.', value: text('a path'), example: '/dev/ttyUSB0' },
    target: { what: 'Its path in the container.', value: text('a path'), otherwise: 'the same', example: '/dev/tty0' },
    permissions: {
      what: 'r, w and m: read, write, make.',
      value: text('some of r, w and m', '^[rwm]{1,3}$'),
      default: 'rwm',
      example: 'rw',
    },
  },
  { required: ['source'] },
)

const deviceCount: ValueSpec = { kind: 'either', of: [integer(-1, 1_024), { kind: 'literal', value: 'all' }] }

const requestKeys = {
  driver: { what: 'The driver of the devices.', value: text('a driver'), example: 'nvidia' },
  count: { what: 'How many; all for all of them.', value: deviceCount, default: 'all', example: 1 },
  device_ids: {
    what: 'Which ones, in place of count.',
    value: list(text('a device')),
    example: ['0', '3'],
  },
  options: {
    what: 'Options of the driver.',
    value: named('OPTION', 'the value'),
    example: { virtualization: 'false' },
  },
} as const satisfies Readonly<Record<string, KeySpec>>

const capabilities: KeySpec = {
  what: 'What they have to be able to do.',
  value: list(text('a capability')),
  example: ['gpu'],
}

export const requestMap = mapOf({ capabilities, ...requestKeys }, { required: ['capabilities'] })

export const gpuMap = mapOf({ ...requestKeys, capabilities: { ...capabilities, example: ['utility'] } })

export const fileMap = mapOf(
  {
    source: { what: 'Its key at the top.', value: text('a key'), example: 'b' },
    target: {
      what: 'Its path in the container.',
      value: text('a path'),
      otherwise: '/run/secrets/NAME of a secret, /NAME of a config',
      example: '/etc/app.conf',
    },
    uid: { what: 'Has no effect: the file is seen as it is on the host.', value: text('a number'), example: '0' },
    gid: { what: 'Has no effect: the file is seen as it is on the host.', value: text('a number'), example: '0' },
    mode: {
      what: 'Has no effect: the file is seen as it is on the host.',
      value: text('an octal number'),
      example: '0444',
    },
  },
  { required: ['source'] },
)

export const loggingMap = mapOf({
  driver: {
    what: 'Where the engine puts the output. Holdfast reads it from the engine, where the driver lets it.',
    value: text('a driver'),
    default: 'json-file',
    example: 'local',
  },
  options: { what: 'Options of the driver.', value: named('OPTION', 'the value'), example: { 'max-size': '10m' } },
})

const microseconds: ValueSpec = {
  kind: 'either',
  of: [integer(0, Number.MAX_SAFE_INTEGER), { kind: 'duration' }],
}

/** A name of an app's, of which the tests know one. */
const namespaceWhat = 'service:NAME shares that of the container of another service, which is started first.'

export const containerKeys = ofContainers({
  image: {
    what: 'The image of its containers; a service with one is a container, one without is a process of this host.',
    value: text('an image, with its registry, tag or digest where they are not the usual ones'),
    example: 'nginx:1.27',
  },
  build: {
    what: 'Images are not built here: beside image it is ignored with a warning, and the image has to be there or to be pulled.',
    value: { kind: 'anything' },
    example: './web',
  },
  pull_policy: {
    what: 'When the image is pulled: missing, where the engine does not have it; always, for each new declaration; never.',
    value: choice('missing', 'if_not_present', 'always', 'never'),
    default: 'missing',
    example: 'always',
  },
  platform: {
    what: 'The platform of the image.',
    value: text('os/arch'),
    otherwise: "the engine's",
    example: 'linux/arm64',
  },
  entrypoint: {
    what: "In place of the image's, whose command does not count then either. An empty one removes it.",
    value: containerCommand,
    otherwise: "the image's",
    example: ['/docker-entrypoint.sh'],
  },
  container_name: {
    what: 'What the engine calls its container; with it there can be only one.',
    value: text('a name', '^[a-zA-Z0-9][a-zA-Z0-9_.-]+$', { min: 10, max: Number.MAX_SAFE_INTEGER }),
    otherwise: 'APP-SERVICE-N',
    example: 'shop-web',
  },
  ports: {
    what: 'Ports that are published: [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL], each a port or a range, or a map. Write them in quotes.',
    value: list({ kind: 'either', of: [portNumber, text('ports'), portMap] }),
    example: ['8080:80', '127.0.0.1:5000-5001:5000-5001/udp'],
  },
  expose: {
    what: 'Ports told to other containers without being published.',
    value: list({ kind: 'either', of: [portNumber, text('a port or a range')] }),
    example: ['3000', '8000-8001/udp'],
  },
  volumes: {
    what: 'What is mounted: SOURCE:TARGET[:OPTIONS], where SOURCE is a path of the host (beginning with /, . or ~) or a key of volumes; TARGET alone for a volume that is new with each container; or a map.',
    value: list({ kind: 'either', of: [text('a volume'), mountMap] }),
    example: ['data:/data', './conf:/etc/app:ro'],
  },
  tmpfs: {
    what: 'Directories in memory: TARGET[:OPTIONS] with options as of mount, such as size=64m and mode=1777.',
    value: oneOrMore(text('a path, with options')),
    example: '/run:size=64m,mode=1777',
  },
  secrets: {
    what: 'Keys of secrets, which are seen read-only as /run/secrets/NAME; or maps.',
    value: list({ kind: 'either', of: [text('a key'), fileMap] }),
    example: ['b'],
  },
  configs: {
    what: 'Keys of configs, which are seen read-only as /NAME; or maps.',
    value: list({ kind: 'either', of: [text('a key'), fileMap] }),
    example: ['b'],
  },
  networks: {
    what: 'Networks it joins, by their keys: a list, or a map with what it is there.',
    value: {
      kind: 'either',
      of: [
        list(text('a key')),
        { kind: 'named', name: 'NETWORK', value: { kind: 'either', of: [joinMap, { kind: 'literal', value: null }] } },
      ],
    },
    otherwise: 'default',
    example: { b: { aliases: ['database'] } },
  },
  network_mode: {
    what: `In place of networks: host, none, bridge, or container:NAME. ${namespaceWhat}`,
    value: text('a mode'),
    example: 'host',
  },
  links: {
    what: 'Services that are started first, as SERVICE or SERVICE:ALIAS; an alias is a name of theirs on the networks both have.',
    value: list(text('a service, with an alias')),
    example: ['d:database'],
  },
  extra_hosts: {
    what: 'Lines for /etc/hosts: HOST=ADDRESS, or a map; host-gateway is the address of this host.',
    value: {
      kind: 'either',
      of: [list(text('HOST=ADDRESS')), { kind: 'named', name: 'HOST', value: oneOrMore(text('an address')) }],
    },
    example: ['gateway=host-gateway'],
  },
  dns: { what: 'Name servers.', value: oneOrMore(text('an address')), example: ['9.9.9.9'] },
  dns_opt: { what: 'Options of its resolver.', value: oneOrMore(text('an option')), example: ['use-vc'] },
  dns_search: {
    what: 'Domains that names are looked up in.',
    value: oneOrMore(text('a domain')),
    example: 'example.com',
  },
  hostname: { what: 'What the host is called in it.', value: text('a name'), otherwise: 'its id', example: 'web' },
  domainname: { what: 'The domain of its host name.', value: text('a domain'), example: 'example.com' },
  mac_address: { what: 'Its MAC address.', value: text('a MAC address'), example: '02:42:ac:11:65:43' },
  label_file: {
    what: 'Files of NAME=value lines with further labels; labels win.',
    value: oneOrMore(path),
    example: './more.env',
  },
  annotations: { what: 'Annotations for the runtime.', value: pairs('the value'), example: { 'com.example.a': 'b' } },
  tty: { what: 'true: its output is a terminal.', value: boolean, default: false, example: true },
  init: {
    what: 'true: a small init is its process 1, which reaps what is left over.',
    value: boolean,
    otherwise: "the engine's",
    example: true,
  },
  read_only: { what: 'true: its root cannot be written to.', value: boolean, default: false, example: true },
  privileged: { what: 'true: nearly as root on the host.', value: boolean, default: false, example: true },
  cap_add: {
    what: 'Capabilities it has besides the usual ones.',
    value: list(text('a capability')),
    example: ['NET_ADMIN'],
  },
  cap_drop: { what: 'Capabilities it does not have.', value: list(text('a capability')), example: ['ALL'] },
  security_opt: {
    what: 'Options of security: no-new-privileges, apparmor=…, label=…, seccomp=FILE.',
    value: list(text('an option')),
    example: ['no-new-privileges=true'],
  },
  group_add: {
    what: 'Further groups of its user, by name or number.',
    value: list(text('a group')),
    example: ['audio'],
  },
  sysctls: {
    what: 'Settings of the kernel in it.',
    value: pairs('the value'),
    example: { 'net.core.somaxconn': 1_024 },
  },
  devices: {
    what: 'Devices of the host: SOURCE[:TARGET[:PERMISSIONS]], a CDI name, or a map.',
    value: list({ kind: 'either', of: [text('a device'), deviceMap] }),
    example: ['/dev/ttyUSB0:/dev/ttyUSB0:rw'],
  },
  device_cgroup_rules: {
    what: 'Rules for devices that may appear later.',
    value: list(text('a rule')),
    example: ['c 189:* rmw'],
  },
  gpus: {
    what: 'Graphics processors: all, or a list of maps.',
    value: { kind: 'either', of: [{ kind: 'literal', value: 'all' }, list(gpuMap)] },
    example: 'all',
  },
  storage_opt: { what: 'Options of the storage driver.', value: named('OPTION', 'the value'), example: { size: '1G' } },
  ipc: {
    what: `Its IPC namespace: private, shareable, host, none, or container:NAME. ${namespaceWhat}`,
    value: text('a namespace'),
    otherwise: "the engine's",
    example: 'shareable',
  },
  pid: {
    what: `Its PID namespace: host, or container:NAME. ${namespaceWhat}`,
    value: text('a namespace'),
    otherwise: 'its own',
    example: 'host',
  },
  uts: { what: "host: it has this host's name.", value: text('a namespace'), otherwise: 'its own', example: 'host' },
  userns_mode: {
    what: 'host: users in it are those of the host.',
    value: text('a mode'),
    otherwise: "the engine's",
    example: 'host',
  },
  cgroup: {
    what: 'Its cgroup namespace.',
    value: choice('host', 'private'),
    otherwise: "the engine's",
    example: 'private',
  },
  cgroup_parent: { what: 'The cgroup that its own is in.', value: text('a cgroup'), example: 'shop.slice' },
  runtime: { what: 'What runs it.', value: text('a runtime'), otherwise: "the engine's", example: 'runc' },
  shm_size: { what: 'The size of /dev/shm.', value: size, otherwise: "the engine's", example: '64m' },
  mem_swappiness: {
    what: 'How willingly the kernel swaps it out, in percent.',
    value: integer(0, 100),
    example: 10,
  },
  oom_kill_disable: {
    what: 'true: it is not killed when its memory is used up, but waits.',
    value: boolean,
    default: false,
    example: true,
  },
  cpu_quota: {
    what: 'So much processor time in each cpu_period, in microseconds.',
    value: microseconds,
    example: 50_000,
  },
  cpu_period: {
    what: 'In microseconds, or a duration.',
    value: microseconds,
    otherwise: '100000',
    example: 100_000,
  },
  cpu_rt_runtime: {
    what: 'So much realtime processor time in each cpu_rt_period, in microseconds or a duration.',
    value: microseconds,
    example: '400ms',
  },
  cpu_rt_period: { what: 'In microseconds, or a duration.', value: microseconds, example: '1400us' },
  logging: {
    what: 'What the engine does with its output. Holdfast keeps it as x-holdfast.logs says either way.',
    value: loggingMap,
    example: { driver: 'local', options: { 'max-size': '10m' } },
  },
})

export const blkioWeightMap = mapOf(
  {
    path: { what: 'The device.', value: text('a path'), example: '/dev/sda' },
    weight: { what: 'The share of its input and output.', value: integer(10, 1_000), example: 400 },
  },
  { required: ['path', 'weight'] },
)
