import { createHash } from 'node:crypto'
import { configured } from './config.ts'
import { conform, type Pair } from './conform.ts'

const sleeper = '[program:one]\ncommand=/bin/sleep 1000\nstartsecs=0\n'

/** Without the socket that all others have. */
const withServer = (server: string, ctl: string): string =>
  configured(sleeper)
    .replace('[unix_http_server]\nfile=DIR/s.sock\n', server)
    .replace('serverurl=unix://DIR/s.sock\n', ctl)

const sha = `{SHA}${createHash('sha1').update('the password').digest('hex')}`

const answersFor = (commands: readonly (readonly string[])[]): Pair['scenes'] => ({
  'who is let in': async (scene) => {
    await scene.untilState('one', 'RUNNING')
    for (const each of commands) await scene.ctl(...each)
    scene.seeFiles('.', /sock/)
  },
})

conform('servers', [
  {
    name: 'a port without a password',
    address: { at: 'PORT' },
    config: withServer('[inet_http_server]\nport=127.0.0.1:PORT\n', 'serverurl=http://127.0.0.1:PORT\n'),
    scenes: answersFor([
      ['status'],
      ['-s', 'http://localhost:PORT', 'status'],
      ['-s', 'http://localhost:1', 'status'],
      ['-s', 'http://localhost:1', 'start', 'one'],
      ['-s', 'http://localhost:1', 'avail'],
      ['-s', 'unix://DIR/none.sock', 'status'],
      ['-s', 'unix://DIR/none.sock', 'stop', 'one'],
      ['-s', 'unix://DIR/none.sock', 'reread'],
      ['-s', 'nonsense', 'status'],
      ['-s', 'ftp://localhost', 'status'],
    ]),
  },
  {
    name: 'a socket with a password',
    address: { at: 'DIR/s.sock', user: 'somebody:the password' },
    config: withServer(
      '[unix_http_server]\nfile=DIR/s.sock\nchmod=0770\nchown=nobody:nogroup\nusername=somebody\npassword=the password\n',
      'serverurl=unix://DIR/s.sock\nusername=somebody\npassword=the password\n',
    ),
    scenes: answersFor([
      ['status'],
      ['-u', 'somebody', '-p', 'wrong', 'status'],
      ['-u', 'nobody', '-p', 'the password', 'status'],
      ['-u', 'somebody', '-p', 'wrong', 'avail'],
      ['-u', 'somebody', '-p', 'wrong', 'tail', 'one'],
      ['stop', 'one'],
    ]),
  },
  {
    name: 'a port and a socket, with a hash of a password',
    address: { at: 'PORT', user: 'somebody:the password' },
    config: withServer(
      `[inet_http_server]\nport=PORT\nusername=somebody\npassword=${sha}\n[unix_http_server]\nfile=DIR/s.sock\n`,
      'serverurl=http://localhost:PORT\nusername=somebody\npassword=the password\n',
    ),
    scenes: answersFor([
      ['status'],
      ['-p', sha, 'status'],
      ['-s', 'unix://DIR/s.sock', 'status'],
      ['-s', 'unix://DIR/s.sock', '-u', 'x', '-p', 'y', 'pid', 'one'],
    ]),
  },
  {
    name: 'two ports, and no interface of the standard kind',
    config: configured(sleeper).replace(/\[rpcinterface:supervisor\]\n.*\n/, ''),
    endsItself: 'at once',
    scenes: {
      'what a client is told': async (scene) => {
        await scene.untilText('supervisord.log', "spawned: 'one'")
        await scene.ctl('status')
        await scene.ctl('avail')
        await scene.rpc('system.listMethods')
        await scene.rpc('supervisor.getState')
        await scene.signalDaemon('SIGTERM')
        await scene.untilEnded()
      },
    },
  },
])
