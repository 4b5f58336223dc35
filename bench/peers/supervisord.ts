import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../observe.ts'
import { command, end, launch, type Peer } from '../peer.ts'
import { firstLine, hasCommand } from '../tools.ts'

/** The command is `supervisorctl update` after the programs were written into its include directory. */
export const supervisord: Peer = {
  name: 'supervisord',
  unitsMax: 1_000,
  version: () => (hasCommand('supervisord') ? firstLine('supervisord', ['--version']) : null),
  async open(site) {
    const { directory } = site
    const file = join(directory, 'supervisord.conf')
    mkdirSync(join(directory, 'conf.d'))
    mkdirSync(join(directory, 'log'))
    writeFileSync(file, mainFile(directory))
    const daemon = launch(site, 'supervisord', ['-n', '-c', file])
    const control = (...words: string[]) => command('supervisorctl', ['-c', file, ...words])
    await until(
      () =>
        control('pid').then(
          () => true,
          () => false,
        ),
      'supervisord to answer',
    )
    return {
      roots: () => [daemon.pid],
      async up(count) {
        const programs = Array.from(
          { length: count },
          (_, index) => `[program:unit-${index}]\ncommand=${site.unit} ${site.argument(index)}\nautorestart=true\n`,
        )
        writeFileSync(join(directory, 'conf.d/units.conf'), programs.join('\n'))
        return control('update')
      },
      stop: () => control('stop', 'all'),
      close: () => end(daemon, 'SIGTERM'),
    }
  },
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
