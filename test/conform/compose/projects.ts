// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the projects
/** Small projects that both tools read: what each of them comes to is compared. */
export interface Project {
  readonly name: string
  /** By their paths in the directory of the project. */
  readonly files: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  /** Neither tool takes it. */
  readonly isRefused?: true
}

const main = 'docker-compose.yml'
const override = 'docker-compose.override.yml'

/** One service `a` of these lines. */
function one(name: string, lines: string, more: Partial<Project> & { readonly top?: string } = {}): Project {
  const text = `services:\n  a:\n    image: busybox\n${indented(lines)}\n${more.top ?? ''}\n`
  const { environment, isRefused } = more
  return {
    name,
    files: { [main]: text, ...more.files },
    ...(environment === undefined ? {} : { environment }),
    ...(isRefused === undefined ? {} : { isRefused }),
  }
}

/** The service `a` of the first lines with the second ones merged into it. */
function merged(name: string, base: string, over: string, top = '', files: Project['files'] = {}): Project {
  const text = (lines: string) => `services:\n  a:\n${indented(lines)}\n`
  return { name, files: { [main]: `${text(`image: busybox\n${base}`)}${top}`, [override]: text(over), ...files } }
}

function indented(lines: string): string {
  return lines.replace(/^/gm, '    ')
}

export const projects: readonly Project[] = [
  one('only an image', ''),
  one('a command as a text', 'command: sh -c "echo a b" \'c d\' e\\ f'),
  one('a command and an entrypoint as lists', 'command: [a, "b c"]\nentrypoint: [/bin/sh, -c]'),
  one('images with registries and digests', 'command: a', {
    files: {
      [main]: `services:\n  a: {image: "registry.example:5000/team/a:1.2"}\n  b: {image: "busybox@sha256:${'0'.repeat(64)}"}\n  c: {image: docker.io/library/redis}\n`,
    },
  }),
  one('environment as a list', 'environment: [A=1, B=b=c, "C=", HOME, NOT_THERE]', {
    environment: { HOME: '/home/ann' },
  }),
  one('environment as a map', 'environment: {A: 1, B: "b c", C: "", D: "true", HOME: , NOT_THERE: }', {
    environment: { HOME: '/home/ann' },
  }),
  one(
    'env files, of which later ones win and environment over all',
    'env_file: [a.env, b.env]\nenvironment: {C: own}',
    {
      files: { 'a.env': 'A=1\nB=1\nC=1\n# no\n\nexport D=4\n', 'b.env': 'B=2\nE="a b"\n' },
    },
  ),
  one('an env file with variables', 'env_file: a.env', {
    files: { 'a.env': 'A=$HOME/a\n' },
    environment: { HOME: '/h' },
  }),
  one('an env file that is not there', 'env_file: none.env', { isRefused: true }),
  one(
    'every form of variables',
    'labels: {a: "$A", b: "${A}", c: "${NONE:-d}", d: "${EMPTY:-d}", e: "${EMPTY-d}", f: "$$A", g: "x${A}y", h: "${A:?no}"}',
    { environment: { A: 'value', EMPTY: '' } },
  ),
  one('a variable inside of a default', 'labels: {a: "${NONE:-${A}}"}', { environment: { A: 'value' } }),
  one('a variable that has to be set', 'labels: {a: "${NONE:?say it}"}', { isRefused: true }),
  one('variables of .env, below those of the environment', 'labels: {a: "$A", b: "$B", c: "$C"}', {
    files: { '.env': "A=file\nB=file\nC='a $$b'\n" },
    environment: { A: 'environment' },
  }),
  one(
    'ports in short',
    'ports: ["3000", "8000:80", "9090-9091:8080-8081", "127.0.0.1:8001:8001", "6060:6060/udp", 5000]',
  ),
  one('ports as maps', 'ports: [{target: 80, published: 8080, protocol: udp, mode: host}, {target: 81}]'),
  one('ports that are exposed', 'expose: ["3000", 8000]'),
  one(
    'volumes in short',
    'volumes: ["./data:/data:ro", "../up:/up", "named:/named", "/anonymous", "/abs:/abs:rw", "~/home:/home:z"]',
    { top: 'volumes: {named: }', environment: { HOME: '/home/ann' } },
  ),
  one(
    'volumes as maps',
    'volumes:\n  - {type: volume, source: named, target: /named, volume: {nocopy: true}}\n  - {type: bind, source: ./data, target: /data, read_only: true, bind: {propagation: rslave}}\n  - {type: tmpfs, target: /run, tmpfs: {size: 1000000}}',
    { top: 'volumes: {named: }' },
  ),
  one('a volume that is not declared', 'volumes: ["named:/named"]', { isRefused: true }),
  one('tmpfs', 'tmpfs: [/run, "/tmp:size=64m,mode=1777,noexec"]'),
  one('volumes with names, drivers and labels', 'volumes: ["a:/a", "b:/b", "c:/c"]', {
    top: 'volumes:\n  a: {name: other, labels: {x: y}}\n  b: {external: true}\n  c: {driver: local, driver_opts: {type: nfs, o: "addr=10.0.0.1", device: ":/srv"}}',
  }),
  one('networks as a list', 'networks: [front, back]', { top: 'networks: {front: , back: {internal: true}}' }),
  one(
    'networks as a map',
    'networks: {front: {aliases: [x, y], ipv4_address: 172.28.0.10, ipv6_address: "2001:db8::10", link_local_ips: [169.254.8.8]}, back: }',
    {
      top: 'networks: {front: {ipam: {config: [{subnet: 172.28.0.0/16}, {subnet: "2001:db8::/64"}]}, enable_ipv6: true}, back: }',
    },
  ),
  one('networks with names, drivers and labels', 'networks: [a, b, c]', {
    top: 'networks:\n  a: {name: other, labels: [x=y], attachable: true}\n  b: {external: true, name: theirs}\n  c: {driver: macvlan, driver_opts: {parent: eth0}, ipam: {driver: default, config: [{subnet: 10.9.0.0/16, gateway: 10.9.0.1, ip_range: 10.9.1.0/24, aux_addresses: {x: 10.9.0.5}}], options: {a: b}}}',
  }),
  one('a network that is not declared', 'networks: [front]', { isRefused: true }),
  one('the network of the host', 'network_mode: host'),
  one('namespaces of another service', 'network_mode: "service:b"\npid: "service:b"\nipc: "service:b"', {
    files: {
      [main]:
        'services:\n  a: {image: busybox, network_mode: "service:b", pid: host, ipc: shareable}\n  b: {image: busybox}\n',
    },
  }),
  one('a network mode and networks', 'network_mode: host\nnetworks: [default]', { isRefused: true }),
  {
    name: 'dependencies as a list and as a map',
    files: {
      [main]:
        'services:\n  a: {image: x, depends_on: [b, c]}\n  b: {image: x, depends_on: {c: {condition: service_healthy}, d: {condition: service_completed_successfully}}}\n  c: {image: x, healthcheck: {test: exit 0}}\n  d: {image: x}\n',
    },
  },
  {
    name: 'services that depend on each other',
    files: { [main]: 'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n' },
    isRefused: true,
  },
  {
    name: 'links',
    files: { [main]: 'services:\n  a: {image: x, links: [b, "b:database"]}\n  b: {image: x}\n' },
  },
  {
    name: 'extends in the same file',
    files: {
      [main]:
        'services:\n  base: {image: x, environment: {A: 1, B: 1}, labels: [a=1], cap_add: [NET_ADMIN], command: base, dns: [1.1.1.1]}\n  a: {extends: {service: base}, environment: [B=2, C=3], labels: {b: 2}, cap_add: [SYS_TIME], command: own, dns: [2.2.2.2]}\n  b: {extends: {service: a}, image: y}\n',
    },
  },
  {
    name: 'extends from another file, with paths of that',
    files: {
      [main]: 'services:\n  a: {extends: {file: sub/common.yml, service: web}, volumes: ["./own:/own"]}\n',
      'sub/common.yml':
        'services:\n  base: {image: x, env_file: base.env}\n  web: {extends: {service: base}, volumes: ["./data:/data", "../up:/up"], environment: {A: "$A"}}\n',
      'sub/base.env': 'FROM=base\n',
    },
    environment: { A: 'value' },
  },
  {
    name: 'extends in a circle',
    files: { [main]: 'services:\n  a: {image: x, extends: {service: b}}\n  b: {image: x, extends: {service: a}}\n' },
    isRefused: true,
  },
  {
    name: 'extends of what is not there',
    files: { [main]: 'services:\n  a: {image: x, extends: {service: b}}\n' },
    isRefused: true,
  },
  merged(
    'an override of single values',
    'command: a b\nentrypoint: [x]\nuser: ann\nrestart: always\nmem_limit: 10m\nstop_signal: SIGINT',
    'command: [c]\nentrypoint: y z\nuser: ben\nrestart: on-failure:2\nmem_limit: 20m',
  ),
  merged(
    'an override of commands that are lists',
    'command: [a, b]\nentrypoint: [c]\nhealthcheck: {test: [CMD, d]}',
    'command: [e]\nentrypoint: [f]\nhealthcheck: {test: [CMD, g]}',
  ),
  merged('an override of an image', 'command: a', 'image: nginx:1'),
  merged('an override of environment', 'environment: {A: 1, B: 1}', 'environment: [B=2, C=3]'),
  merged('an override of labels', 'labels: [a=1, b=1]', 'labels: {b: 2, c: 3}'),
  merged(
    'an override of ports',
    'ports: ["80:80", "81:81"]',
    'ports: ["80:80", "8080:80", {target: 82, published: 82}]',
  ),
  merged(
    'an override of volumes',
    'volumes: ["named:/a", "./b:/b", "/c"]',
    'volumes: ["./other:/a:ro", "named:/d"]',
    'volumes: {named: }\n',
  ),
  merged(
    'an override of lists',
    'dns: [1.1.1.1]\ncap_add: [A, B]\nexpose: ["1"]\ntmpfs: /a',
    'dns: 2.2.2.2\ncap_add: [B, C]\nexpose: ["2"]\ntmpfs: [/b]',
  ),
  merged('an override of extra hosts', 'extra_hosts: ["a:1.1.1.1"]', 'extra_hosts: {b: 2.2.2.2}'),
  merged(
    'an override of a check',
    'healthcheck: {test: [CMD, a, b], interval: 10s, retries: 3}',
    'healthcheck: {test: c, interval: 20s}',
  ),
  merged(
    'an override of networks',
    'networks: [front]',
    'networks: {front: {aliases: [x]}, back: {}}',
    'networks: {front: , back: }\n',
  ),
  merged(
    'an override of logging with the same driver',
    'logging: {driver: local, options: {max-size: 1m, max-file: "2"}}',
    'logging: {options: {max-size: 2m}}',
  ),
  merged(
    'an override of logging with another driver',
    'logging: {driver: local, options: {max-size: 1m}}',
    'logging: {driver: syslog, options: {tag: x}}',
  ),
  merged(
    'an override of limits',
    'ulimits: {nofile: 10, nproc: {soft: 1, hard: 2}}',
    'ulimits: {nofile: {soft: 3, hard: 4}}',
  ),
  merged(
    'an override of resources',
    'deploy: {resources: {limits: {memory: 10M, cpus: "0.5"}}}',
    'deploy: {resources: {limits: {memory: 20M}, reservations: {memory: 5M}}}',
  ),
  merged(
    'an override of dependencies',
    'depends_on: {b: {condition: service_healthy}}',
    'depends_on: {c: {condition: service_started}}',
    '  b: {image: x, healthcheck: {test: x}}\n  c: {image: x}\n',
  ),
  merged('an override of env files', 'env_file: a.env', 'env_file: [b.env]\nenvironment: {C: 3}', '', {
    'a.env': 'A=1\nB=1\nC=1\n',
    'b.env': 'B=2\nC=2\n',
  }),
  merged('an override of devices', 'devices: ["/dev/null:/dev/x", "/dev/zero"]', 'devices: ["/dev/full:/dev/x"]'),
  merged(
    'an override of secrets',
    'secrets: [token]',
    'secrets: [{source: token, target: other}]',
    'secrets: {token: {file: ./token.txt}}\n',
    { 'token.txt': 'x' },
  ),
  merged(
    'an override of settings of the kernel',
    'sysctls: {net.core.somaxconn: 1}\nstorage_opt: {size: 1G}',
    'sysctls: [net.core.somaxconn=2, net.ipv4.tcp_syncookies=0]\nstorage_opt: {size: 2G}',
  ),
  merged('an override of tmpfs', 'tmpfs: ["/run:size=1m", /tmp]', 'tmpfs: ["/var/tmp"]'),
  one(
    'limits of resources',
    'mem_limit: 512m\nmemswap_limit: 1g\nmem_reservation: 128m\nmem_swappiness: 10\ncpus: 1.5\ncpu_shares: 512\ncpuset: 0-1\npids_limit: 100\nshm_size: 64m\noom_score_adj: 500\noom_kill_disable: true\nulimits: {nofile: 1024, core: {soft: 0, hard: 5}}',
  ),
  one('quotas of processors', 'cpu_quota: 50000\ncpu_period: 100000\ncpu_rt_period: 1400us\ncpu_rt_runtime: 400ms'),
  one(
    'limits of input and output',
    'blkio_config: {weight: 300, weight_device: [{path: /dev/sda, weight: 400}], device_read_bps: [{path: /dev/sdb, rate: 12mb}], device_write_iops: [{path: /dev/sdb, rate: 30}]}',
  ),
  one(
    'devices and rights',
    'devices: ["/dev/null:/dev/x", "/dev/zero:/dev/zero:r"]\nprivileged: true\nread_only: true\ncap_drop: [ALL]\ngroup_add: [mail, 1000]\nsecurity_opt: ["no-new-privileges:true", "label:disable"]\ndevice_cgroup_rules: ["c 1:3 mr"]\nuserns_mode: host',
  ),
  one(
    'names and addresses',
    'hostname: h\ndomainname: example.com\nmac_address: 02:42:ac:11:65:43\ndns: [1.1.1.1, 8.8.8.8]\ndns_search: example.com\ndns_opt: [use-vc]\nextra_hosts: ["a:1.1.1.1", "b:::1"]\ncontainer_name: my-a',
  ),
  one(
    'what it is in',
    'tty: true\nstdin_open: true\ninit: true\nuser: "1000:1000"\nworking_dir: /srv\nsysctls: {net.core.somaxconn: 1024}\nstorage_opt: {size: 1G}\ncgroup_parent: x\nplatform: linux/amd64\nisolation: default'.replace(
      '\nisolation: default',
      '',
    ),
  ),
  one('checks', 'healthcheck: {test: ["CMD", "a", "b"], interval: 1m30s, timeout: 10s, retries: 3, start_period: 40s}'),
  one('no check', 'healthcheck: {disable: true}'),
  one('how it stops', 'stop_signal: SIGUSR1\nstop_grace_period: 1m30s'),
  one('how it is started again', 'restart: on-failure:5\nscale: 3'),
  one(
    'resources and replicas of deploy',
    'deploy: {replicas: 2, resources: {limits: {cpus: "0.25", memory: 50M}, reservations: {memory: 20M}}, restart_policy: {condition: on-failure, max_attempts: 3}}',
  ),
  one('logging', 'logging: {driver: json-file, options: {max-size: "10m", max-file: "3"}}'),
  one(
    'secrets and configs',
    'secrets: [token, {source: token, target: other}]\nconfigs: [app, {source: app, target: /etc/app.conf}]',
    {
      top: 'secrets: {token: {file: ./token.txt}}\nconfigs: {app: {file: ./app.conf}}',
      files: { 'token.txt': 'x', 'app.conf': 'y' },
    },
  ),
  {
    name: 'profiles',
    files: {
      [main]:
        'services:\n  a: {image: x}\n  b: {image: x, profiles: [debug, test]}\n  c: {image: x, profiles: [other]}\n',
    },
    environment: { COMPOSE_PROFILES: 'test' },
  },
  {
    name: 'anchors, merge keys and what is for others',
    files: {
      [main]:
        'x-common: &common\n  image: x\n  environment: &env {A: "1"}\nservices:\n  a:\n    <<: *common\n    command: a\n  b:\n    <<: *common\n    environment: {<<: *env, B: "2"}\n    x-mine: {any: thing}\n',
    },
  },
  {
    name: 'a project that is named by the environment',
    files: { [main]: 'services:\n  a: {image: x}\n' },
    environment: { COMPOSE_PROJECT_NAME: 'other' },
  },
  one('a key that there is not', 'imagee: x', { isRefused: true }),
  one('a value of another kind', 'ports: 80', { isRefused: true }),
]
