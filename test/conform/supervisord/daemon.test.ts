import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { file, shell } from '../runit/files.ts'
import { configured } from './config.ts'
import { conform, type Pair } from './conform.ts'
import type { Scene } from './scene.ts'

const sleeper = (name: string, more = ''): string => `[program:${name}]\ncommand=/bin/sleep 1000\nstartsecs=0\n${more}`

/** Does not end before there is a file DIR/go. */
const stubborn = shell('trap "" TERM INT QUIT\necho ready\nwhile [ ! -e go ]; do sleep 0.1; done')

/** It has begun anew so many times, with its socket and with `three` and `two`. */
async function untilAnew(scene: Scene, times: number): Promise<void> {
  await scene.untilSaid(/^supervisord started with pid/, times + 1)
  await scene.untilSaid(/^spawned: 'three'/, times)
  await scene.untilAnswers()
  await scene.untilState('three', 'RUNNING')
  await scene.untilState('two', 'RUNNING')
}

/** Both of the logs that are named for `one` by this daemon. */
async function untilLogged(scene: Scene): Promise<void> {
  const isNew = (name: string): boolean => /^one-std(?:out|err)---/.test(name) && !name.includes('abcdefgh')
  await scene.until('its logs to be there', () => readdirSync(scene.path('log')).filter(isNew).length === 2)
}

/** Ends by that signal, with one that ends at once and one that is waited for. */
const ending = (signal: NodeJS.Signals): Pair => ({
  name: `ended by ${signal}`,
  files: { 'bin/stubborn': stubborn },
  config: configured(
    `${sleeper('one')}[program:stubborn]\ncommand=DIR/bin/stubborn\nstartsecs=0\nstopwaitsecs=60\npriority=1000\nstdout_logfile=DIR/stubborn.out\n`,
  ),
  endsItself: 'in a scene',
  scenes: {
    'in order': async (scene) => {
      await scene.untilState('one', 'RUNNING')
      await scene.untilText('stubborn.out', 'ready')
      scene.seeText('pidfile', scene.read('supervisord.pid').replace(String(scene.side.daemon.pid), 'its pid'))
      await scene.signalDaemon(signal)
      await scene.untilSaid(/^received /)
      await scene.rpc('supervisor.getState')
      await scene.rpc('supervisor.startProcess', 'one')
      await scene.rpc('supervisor.getAllProcessInfo')
      await scene.rpc('supervisor.sendRemoteCommEvent', 'a', 'b')
      await scene.rpc('supervisor.shutdown')
      await scene.rpc('system.listMethods')
      await scene.ctl('status')
      await scene.act('it may end', () => scene.write({ go: file('') }))
      await scene.untilEnded()
      scene.seeOrder('stopped', /^stopped: (.*) \(/)
    },
  },
})

/** As a daemon leaves it that is killed. */
function staleSocket(directory: string): void {
  const path = join(directory, 's.sock')
  execFileSync('/usr/bin/python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path])
}

/** It says why, and ends. */
const refusing = (name: string, config: string, more: Partial<Pair> = {}): Pair => ({
  name,
  config,
  endsItself: 'at once',
  scenes: {},
  ...more,
})

conform('daemon', [
  ending('SIGTERM'),
  ending('SIGINT'),
  ending('SIGQUIT'),
  {
    name: 'reloaded',
    config: configured(sleeper('one') + sleeper('two', 'autostart=false\n')),
    scenes: {
      'by command and by signal': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        await scene.rpc('supervisor.startProcess', 'two')
        await scene.untilState('two', 'RUNNING')
        await scene.act('three comes, one goes', () => scene.configure(configured(sleeper('two') + sleeper('three'))))
        await scene.ctl('reload')
        await untilAnew(scene, 1)
        await scene.ctl('status')
        await scene.ctl('pid')
        await scene.signalDaemon('SIGHUP')
        await untilAnew(scene, 2)
        await scene.ctl('status')
        await scene.rpc('supervisor.getPID')
        await scene.rpc('supervisor.restart')
        await untilAnew(scene, 3)
        const session = await scene.open()
        await session.say('reload')
        await session.say('n')
        await session.say('shutdown')
        await session.say('n')
        await session.say('pid')
        await session.end()
      },
    },
  },
  {
    name: 'logs of a former life',
    config: configured(sleeper('one')),
    files: {
      'log/one-stdout---supervisor-abcdefgh.log': file('old'),
      'log/one-stdout---supervisor-abcdefgh.log.1': file('old'),
      'log/one-stdout---other-abcdefgh.log': file('kept'),
      'log/kept.log': file('kept'),
    },
    scenes: {
      'are cleared away': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        await untilLogged(scene)
        scene.seeFiles('log')
      },
    },
  },
  {
    name: 'nocleanup, another identifier and a stale socket',
    config: configured(sleeper('one'), {
      supervisord: 'nocleanup=true\nidentifier=other\nloglevel=debug\nsilent=false\n',
    }),
    files: { 'log/one-stdout---other-abcdefgh.log': file('kept') },
    prepare: staleSocket,
    scenes: {
      'do what they say': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        await untilLogged(scene)
        scene.seeFiles('log')
        await scene.rpc('supervisor.getIdentification')
        await scene.rpc('supervisor.getProcessInfo', 'one')
      },
    },
  },
  {
    name: 'relative paths, and the user that it is already',
    file: 'etc/supervisord.conf',
    config: `[supervisord]
user=${process.geteuid?.()}
logfile=supervisord.log
pidfile=run/pid
[unix_http_server]
file=s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:one]
command=/bin/sh -c 'pwd | sed s,.*/,,; exec sleep 1000'
directory=work
startsecs=0
stdout_logfile=work/one.log
[program:two]
command=bin/two %(here)s
startsecs=0
stdout_logfile=work/two.log
stderr_logfile=NONE
`,
    files: { 'bin/two': shell('basename "$1"; exec sleep 1000'), 'run/made': file(''), 'work/made': file('') },
    scenes: {
      'start where the daemon was started': async (scene) => {
        await scene.untilText('work/one.log', 'work')
        await scene.untilText('work/two.log', 'etc')
        for (const name of ['one', 'two']) await scene.untilState(name, 'RUNNING')
        scene.seeText('pidfile', scene.read('run/pid').replace(String(scene.side.daemon.pid), 'its pid'))
        await scene.rpc('supervisor.readProcessStdoutLog', 'one', 0, 0)
        await scene.rpc('supervisor.tailProcessStdoutLog', 'two', 0, 100)
      },
    },
  },
  {
    name: 'options on the command line',
    config: configured(sleeper('one')),
    arguments: ['-i', 'named', '-e', 'warn', '-l', 'DIR/other.log', '-j', 'DIR/other.pid', '-q', 'DIR', '-k', '-t'],
    scenes: {
      'count for more than the file': async (scene) => {
        await scene.until('one', async () => (await scene.pid('one')) > 0)
        await scene.rpc('supervisor.getIdentification')
        scene.seeText('logs', readdirSync(scene.path('log')).join(' '))
        scene.seeText('pidfile', String(existsSync(scene.path('other.pid'))))
        scene.seeText('log file', String(existsSync(scene.path('other.log'))))
        await scene.act('its own log', () => scene.untilText('other.log', 'CRIT'))
      },
    },
  },
  refusing('a broken file', configured('[program:x]\ncommand=x\nstartsecs=a\n')),
  refusing('no section of the daemon', '[program:x]\ncommand=/bin/true\n'),
  refusing('an option twice', configured(''), { arguments: ['-c', 'DIR/none.conf'] }),
  refusing('an option without its value', configured(''), { arguments: ['-l'] }),
  refusing('a value that is none', configured(''), { arguments: ['-y', 'much'] }),
  refusing('an unknown option', configured(''), { arguments: ['--nosuch'] }),
  refusing('an argument', configured(''), { arguments: ['start'] }),
  refusing('an unknown user', configured('', { supervisord: 'user=no-such-user\n' })),
  refusing('a socket in no directory', configured('').replace('file=DIR/s.sock', 'file=DIR/none/s.sock')),
  refusing('its version', configured(''), { arguments: ['-v'] }),
])
