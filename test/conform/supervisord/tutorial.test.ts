import { file } from '../runit/files.ts'
import { configured } from './config.ts'
import { conform } from './conform.ts'

/** `startsecs` is long enough that a machine with other work does not take an end for a late one. */
const test1 = `[program:test1]
command=/bin/ls
directory=DIR/var/log
autostart=false
autorestart=false
priority=50
startsecs=5
`

conform('tutorial', [
  {
    name: 'the tutorial',
    config: configured(''),
    files: { 'var/log/README': file(''), 'var/log/dpkg.log': file(''), 'var/log/wtmp': file('') },
    scenes: {
      'a program is added, started, looked at and removed': async (scene) => {
        await scene.ctl('status')
        await scene.ctl('reread')
        await scene.act('a program is written', () => scene.configure(configured(test1)))
        await scene.ctl('reread')
        await scene.ctl('avail')
        await scene.ctl('update')
        await scene.ctl('avail')
        await scene.ctl('status')
        await scene.ctl('start', 'test1')
        await scene.untilState('test1', 'FATAL')
        await scene.ctl('stop', 'test1')
        await scene.ctl('status')
        await scene.ctl('tail', 'test1')
        await scene.session('help', 'help start', 'help status', 'start test1', 'version', 'exit')
        await scene.untilSaid(/^gave up: test1/, 2)
        await scene.ctl('status', 'test1')
        await scene.act('the program is taken away', () => scene.configure(configured('')))
        await scene.ctl('update')
        await scene.ctl('status')
      },
    },
  },
  {
    name: 'a directory of fragments',
    config: configured('[include]\nfiles=conf.d/*.conf\n'),
    files: { 'conf.d/README': file('not a fragment\n') },
    scenes: {
      'an app is deployed into it, deployed again, and taken away': async (scene) => {
        const worker = (command: string) => `[program:worker]
process_name=%(program_name)s_%(process_num)02d
command=${command}
numprocs=2
autorestart=true
startsecs=0
redirect_stderr=true
stdout_logfile=%(here)s/../worker.log
`
        await scene.ctl('update')
        await scene.act('the app comes', () => scene.write({ 'conf.d/worker.conf': file(worker('/bin/sleep 1000')) }))
        const untilBothRun = async () => {
          for (const name of ['worker:worker_00', 'worker:worker_01']) await scene.untilState(name, 'RUNNING')
        }
        await scene.session('reread', 'update')
        await untilBothRun()
        await scene.session('start worker:*')
        await scene.ctl('status')
        await scene.act('it changes', () => scene.write({ 'conf.d/worker.conf': file(worker('/bin/sleep 2000')) }))
        await scene.session('reread', 'update')
        await untilBothRun()
        await scene.session('status worker:*', 'restart worker:*', 'update')
        await scene.act('it goes', () => scene.write({ 'conf.d/worker.conf': file('') }))
        await scene.session('reread', 'update', 'update', 'status')
      },
    },
  },
])
