import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { environmentOf } from './processes.ts'
import { until } from './until.ts'

/** As Debian installs it, with its paths moved below the home. */
const mainFile = `; supervisor config file

[unix_http_server]
file=%(here)s/supervisor.sock   ; (the path to the socket file)
chmod=0700                       ; sockef file mode (default 0700)

[supervisord]
logfile=%(here)s/supervisord.log ; (main log file;default $CWD/supervisord.log)
pidfile=%(here)s/supervisord.pid ; (supervisord pidfile;default supervisord.pid)
childlogdir=%(here)s             ; ('AUTO' child log dir, default $TEMP)

; the below section must remain in the config file for RPC
; (supervisorctl/web interface) to work, additional interfaces may be
; added by defining them in separate rpcinterface: sections
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/supervisor.sock ; use a unix:// URL  for a unix socket

[include]
files = conf.d/*.conf
`

const webFile = `[program:web]
command=/bin/sh -c "echo web %(process_num)d on %(ENV_HOME)s; exec sleep 86400"
process_name=%(program_name)s_%(process_num)02d
numprocs=3
autostart=true
autorestart=true
startsecs=0
stopwaitsecs=5
redirect_stderr=true
stdout_logfile=%(here)s/../web_%(process_num)02d.log
environment=ROLE="web",PORT="80%(process_num)02d"
`

const workerFile = `[program:mailer]
command=sleep 86400
startsecs=0
priority=20

[program:reports]
command=sleep 86400
directory=/
startsecs=0
priority=10

[program:broken]
command=/bin/false
startsecs=1
startretries=1

[program:manual]
command=sleep 86400
autostart=false
startsecs=0

[group:workers]
programs=mailer,reports
`

function install(home: Home): string {
  mkdirSync(join(home.directory, 'supervisor'))
  home.write('supervisor/conf.d/web.conf', webFile)
  home.write('supervisor/conf.d/workers.conf', workerFile)
  // Not a .conf: Debian's include leaves it out.
  home.write('supervisor/conf.d/web.conf.dpkg-old', '[program:old]\ncommand=sleep 86400\n')
  return home.write('supervisor/supervisord.conf', mainFile)
}

realTest('an unchanged supervisord directory runs: includes, groups, numprocs, logs, retries', {}, async (home) => {
  const file = install(home)
  const checked = await home.cli('check', file)
  assert.equal(checked.code, 0, checked.stderr + checked.stdout)
  await home.start([file])
  for (const name of ['web/web/0', 'web/web/1', 'web/web/2', 'workers/mailer', 'workers/reports'])
    await home.untilState(name, 'running')
  const units = await home.api.units()
  assert.deepEqual(units.map((unit) => unit.unit).sort(), [
    'broken/broken/0',
    'manual/manual/0',
    'web/web/0',
    'web/web/1',
    'web/web/2',
    'workers/mailer/0',
    'workers/reports/0',
  ])
  assert.equal((await home.unit('manual/manual')).state, 'stopped')
  const failed = await home.untilState('broken/broken', 'failed')
  assert.match(failed.reason, /exit code 1/)

  const web = await home.unit('web/web/1')
  const environment = environmentOf(web.pid!)
  assert.equal(environment?.ROLE, 'web')
  assert.equal(environment?.PORT, '8001')
  // supervisord passes its own environment on.
  assert.equal(environment?.HOME, home.directory)
  const log = join(home.directory, 'supervisor/web_01.log')
  await until('the log where it was declared', () => existsSync(log) && statSync(log).size > 0)
  assert.equal(readFileSync(log, 'utf8'), `web 1 on ${home.directory}\n`)

  // Commands take supervisord's own names.
  assert.equal((await home.cli('stop', 'workers:mailer')).code, 0)
  assert.equal((await home.unit('workers/mailer')).state, 'stopped')
  assert.equal((await home.unit('workers/reports')).state, 'running')
})

realTest('the included files alone, given as a directory, run as well', {}, async (home) => {
  install(home)
  await home.start([join(home.directory, 'supervisor/conf.d')])
  await home.untilState('web/web/2', 'running')
  await home.untilState('workers/reports', 'running')
  assert.ok(!(await home.api.units()).some((unit) => unit.app === 'old'))
})

realTest('a manual stop outlives a death of the daemon, but not its restart, as with supervisord', {}, async (home) => {
  const file = install(home)
  const first = await home.start([file])
  await home.untilState('workers/mailer', 'running')
  assert.equal((await home.cli('stop', 'workers/mailer')).code, 0)
  await first.crash()
  const second = await home.start([file])
  await home.untilState('workers/reports', 'running')
  assert.equal((await home.unit('workers/mailer')).state, 'stopped')
  await second.stop()
  await home.start([file])
  await home.untilState('workers/mailer', 'running')
})
