import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../observe.ts'
import { command, end, launch, type Peer, type Site } from '../peer.ts'
import { firstLine, hasCommand } from '../tools.ts'

/** The command is `supervisorctl update` after the programs were written into its include directory. */
export const supervisord: Peer = {
  name: 'supervisord',
  unitsMax: 1_000,
  version: () => (hasCommand('supervisord') ? firstLine('supervisord', ['--version']) : null),
  async open(site) {
    const { daemon, control } = await begin(site)
    return {
      roots: () => [daemon.pid],
      async up(count) {
        const programs = Array.from(
          { length: count },
          (_, index) => `[program:unit-${index}]\ncommand=${site.unit} ${site.argument(index)}\nautorestart=true\n`,
        )
        writeFileSync(join(site.directory, 'conf.d/units.conf'), programs.join('\n'))
        return control('update')
      },
      stop: () => control('stop', 'all'),
      close: () => end(daemon, 'SIGTERM'),
    }
  },
  async flood(site, commands) {
    const { daemon, control } = await begin(site)
    const logs = join(site.directory, 'logs')
    mkdirSync(logs)
    const programs = commands.map((command, index) =>
      [
        `[program:unit-${index}]`,
        `command=${command.join(' ')}`,
        `stdout_logfile=${join(logs, String(index))}`,
        'stdout_logfile_maxbytes=0',
        '',
      ].join('\n'),
    )
    writeFileSync(join(site.directory, 'conf.d/units.conf'), programs.join('\n'))
    return {
      roots: () => [daemon.pid],
      begin: () => control('update'),
      logs: () => logs,
      close: () => end(daemon, 'SIGTERM'),
    }
  },
}

/** A supervisord without programs that answers. */
async function begin({ directory, ...site }: Site) {
  const file = join(directory, 'supervisord.conf')
  mkdirSync(join(directory, 'conf.d'))
  mkdirSync(join(directory, 'log'))
  writeFileSync(file, mainFile(directory))
  const daemon = launch({ directory, ...site }, 'supervisord', ['-n', '-c', file])
  const control = (...words: string[]) => command('supervisorctl', ['-c', file, ...words])
  await until(
    () =>
      control('pid').then(
        () => true,
        () => false,
      ),
    'supervisord to answer',
  )
  return { daemon, control }
}

function mainFile(directory: string): string {
  return `[unix_http_server]
file=${directory}/supervisor.sock
[supervisord]
logfile=${directory}/log/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}/log
minfds=8192
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${directory}/supervisor.sock
[include]
files = ${directory}/conf.d/*.conf
`
}
