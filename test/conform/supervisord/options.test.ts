import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DecodedSource } from '../../../src/dialects/decoding.ts'
import { diskSourceReader } from '../../../src/dialects/source-reader.ts'
import { decodeSupervisord } from '../../../src/dialects/supervisord/decode.ts'
import { serverUrlOf } from '../../../src/dialects/supervisord/servers.ts'
import type { ProcessSettings } from '../../../src/dialects/supervisord/settings.ts'
import { optionCases } from './options-cases.ts'

/** The original reads each of the files and tells what it makes of them, or what it ends with. */
const original = `
import json, sys
from supervisor import loggers, options
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.events import getEventNameByType

class Ended(Exception):
    pass

def usage(self, text):
    raise Ended(str(text))

options.ServerOptions.usage = usage
fields = [name for name in options.ProcessConfig.req_param_names if name not in ('uid', 'autorestart', 'umask')]

def plain(value):
    return 'AUTO' if value is Automatic else int(value) if hasattr(value, 'name') else value

def process(config):
    said = {name: plain(getattr(config, name)) for name in fields}
    for name in ('stdout_logfile', 'stderr_logfile'):
        said[name] = said[name] or None # an empty name is none as well
    restarts = {RestartUnconditionally: True, RestartWhenExitUnexpected: 'unexpected', False: False}
    return dict(said, autorestart=restarts[config.autorestart], environment=config.environment, serverurl=config.serverurl, umask=config.umask)

def group(config):
    said = {'name': config.name, 'priority': config.priority, 'processes': [process(one) for one in config.process_configs]}
    if hasattr(config, 'pool_events'):
        said['events'] = sorted(getEventNameByType(one) for one in config.pool_events)
        said['buffer_size'] = config.buffer_size
    if hasattr(config, 'socket_config'):
        said['socket'] = config.socket_config.url
        said['backlog'] = config.socket_config.backlog
        said['mode'] = getattr(config.socket_config, 'mode', None)
    return said

def server(config):
    names = ('section', 'file', 'host', 'port', 'username', 'password', 'chmod')
    return {name: config[name] for name in names if name in config}

def read(path):
    one = options.ServerOptions()
    try:
        one.realize(['-c', path])
    except Ended as error:
        return {'error': str(error)}
    section = one.configroot.supervisord
    names = ('minfds', 'minprocs', 'user', 'umask', 'logfile_maxbytes', 'logfile_backups', 'identifier', 'nodaemon', 'silent', 'nocleanup')
    return {
        'main': dict({name: getattr(section, name) for name in names}, loglevel=
            [name for name, level in loggers.LevelsByDescription.__dict__.items() if level == section.loglevel][0], directory=section.directory),
        'servers': [server(config) for config in one.server_configs],
        'serverurl': one.serverurl,
        'groups': [group(config) for config in one.process_group_configs],
        'factories': [name for name, factory, extras in one.rpcinterface_factories],
        'notices': [['warn', text] for text in one.parse_warnings] + [['info', text] for text in one.parse_infos],
    }

json.dump([read(path) for path in json.load(sys.stdin)], sys.stdout)
`

/** The package is the system's, and so is the Python that has it. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import supervisor.options']).status === 0,
)
const skip = python === undefined ? 'supervisor is not installed: run scripts/test-deps' : false

const environment = { PATH: '/usr/bin:/bin', HOME: '/root', LANG: 'C.UTF-8' }
const directory = mkdtempSync(join(tmpdir(), 'holdfast-options-'))
after(() => rmSync(directory, { recursive: true }))

type Told = Readonly<Record<string, unknown>>

test('options mean what they mean to supervisord, and are refused in its words', { skip }, () => {
  const paths = optionCases.map(({ text, files = {} }, index) => {
    const place = join(directory, `case-${index}`)
    mkdirSync(place)
    for (const [name, content] of Object.entries({ ...files, 'main.conf': text }))
      writeFileSync(join(place, name), content)
    return join(place, 'main.conf')
  })
  const asked = spawnSync(python!, ['-W', 'ignore', '-c', original], {
    input: JSON.stringify(paths),
    env: environment,
    maxBuffer: 2 ** 28,
  })
  assert.equal(asked.status, 0, asked.stderr.toString())
  const answers: readonly Told[] = JSON.parse(asked.stdout.toString())
  const reader = diskSourceReader(environment)
  const wrong = optionCases.flatMap(({ text, differs }, index) => {
    const ours = decodeSupervisord([paths[index]!], reader)
    const expected = answers[index]!
    if (differs === undefined) return differenceOf(text, tell(ours), expected)
    // A difference that is none any more is to be taken off the list.
    const error = ours.supervisord!.error
    const isMeant = error === null ? differs.error === null : (differs.error?.test(error) ?? false)
    const isOne = differenceOf(text, tell(ours), expected).length > 0
    return isMeant && isOne ? [] : [`${text}\n  is no longer different as listed: ${error}`]
  })
  assert.deepEqual(wrong, [])
})

function differenceOf(text: string, ours: Told, expected: Told): readonly string[] {
  try {
    assert.deepEqual(ours, expected)
    return []
  } catch (error) {
    return [`${text}\n${(error as Error).message}`]
  }
}

function tell(source: DecodedSource): Told {
  const { error, groups, servers, notices, hasRpcInterface, ...main } = source.supervisord!
  if (error !== null) return { error }
  const apps = new Map(source.apps.map((app) => [app.name, app]))
  return {
    main: {
      minfds: main.minfds,
      minprocs: main.minprocs,
      user: main.user,
      umask: main.umask,
      logfile_maxbytes: main.logfileBytesMax,
      logfile_backups: main.logfileBackupsMax,
      identifier: main.identifier,
      nodaemon: main.nodaemon,
      silent: main.silent,
      nocleanup: main.nocleanup,
      loglevel: main.loglevel,
      directory: main.directory,
    },
    servers: servers.map(({ section, address, login }) => {
      const place =
        address.kind === 'unix'
          ? { file: address.path, chmod: address.mode }
          : { host: address.host, port: address.port }
      return { section, ...place, username: login?.username ?? null, password: login?.password ?? null }
    }),
    serverurl: serverUrlOf(servers),
    groups: groups.map(({ name, priority, processes }) => {
      const app = apps.get(name)!
      const { listener, services } = app
      const stdin = Object.values(services)[0]?.process.stdin
      const socket = stdin?.kind === 'socket' ? stdin.socket : null
      const specs = new Map(
        Object.values(services).flatMap((service) =>
          service.instances.map(({ n, process }) => [`${service.name}/${n}`, { ...service.process, ...process }]),
        ),
      )
      const umaskAndMore = (one: ProcessSettings) => {
        const { environment: all, umask } = specs.get(`${one.service}/${one.n}`)!
        const own = Object.entries(all).filter(([key]) => !key.startsWith('SUPERVISOR_'))
        return { umask, environment: Object.fromEntries(own) }
      }
      return {
        name,
        priority,
        processes: processes.map((one) => ({ ...tellProcess(one), ...umaskAndMore(one) })),
        ...(listener === undefined ? {} : { events: listener.events.toSorted(), buffer_size: listener.bufferMax }),
        ...(socket === null
          ? {}
          : {
              socket:
                socket.address.kind === 'unix'
                  ? `unix://${socket.address.path}`
                  : `tcp://${socket.address.host}:${socket.address.port}`,
              backlog: socket.backlog,
              mode: socket.address.kind === 'unix' ? socket.address.mode : null,
            }),
      }
    }),
    factories: hasRpcInterface ? ['supervisor'] : [],
    notices: notices.map(({ level, message }) => [level, message]),
  }
}

function tellProcess(one: ProcessSettings): Told {
  const log = (name: string, settings: ProcessSettings['stdout']) => ({
    [`${name}_capture_maxbytes`]: settings.captureMaxbytes,
    [`${name}_events_enabled`]: settings.eventsEnabled,
    [`${name}_logfile`]: settings.logfile,
    [`${name}_logfile_backups`]: settings.backups,
    [`${name}_logfile_maxbytes`]: settings.maxbytes,
    [`${name}_syslog`]: settings.syslog,
  })
  return {
    name: one.name,
    command: one.command,
    directory: one.directory,
    priority: one.priority,
    autostart: one.autostart,
    autorestart: one.autorestart,
    startsecs: one.startsecs,
    startretries: one.startretries,
    stopsignal: one.stopsignal,
    stopwaitsecs: one.stopwaitsecs,
    stopasgroup: one.stopasgroup,
    killasgroup: one.killasgroup,
    exitcodes: one.exitcodes,
    redirect_stderr: one.redirectStderr,
    serverurl: one.serverurl,
    ...log('stdout', one.stdout),
    ...log('stderr', one.stderr),
  }
}
