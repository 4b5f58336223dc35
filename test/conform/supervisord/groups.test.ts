import { configured } from './config.ts'
import { conform } from './conform.ts'

const sleeper = 'command=/bin/sleep 1000\nstartsecs=0\n'

/** Programs of several kinds, alone and in groups, with priorities everywhere. */
const many = configured(`[program:zeta]
${sleeper}priority=5
[program:alpha]
${sleeper}
[program:beta]
${sleeper}priority=1000
[program:workers]
${sleeper}numprocs=3
numprocs_start=8
process_name=%(program_name)s_%(process_num)02d
priority=700
[program:none]
${sleeper}numprocs=0
[program:manual]
${sleeper}autostart=false
process_name=other
[program:m1]
${sleeper}priority=900
[program:m2]
${sleeper}priority=10
[program:m3]
${sleeper}priority=500
numprocs=2
process_name=%(group_name)s-%(program_name)s-%(process_num)d-of-%(numprocs)d
[program:m4]
${sleeper}priority=20
[group:mixed]
programs=m1,m3,m2
priority=300
[group:second]
programs = m4
[group:empty]
programs=
`)

conform('groups', [
  {
    name: 'groups of every kind',
    config: many,
    scenes: {
      'what is started first, and what all are called': async (scene) => {
        await scene.untilSaid(/^success: /, 11)
        scene.seeOrder('spawned', /^spawned: '(.*)'/)
        await scene.ctl('status')
        await scene.ctl('avail')
        await scene.rpc('supervisor.getAllProcessInfo')
        await scene.rpc('supervisor.getAllConfigInfo')
        await scene.session(
          ...['mixed:*', 'mixed:', 'mixed', 'mixed:m1', 'm1', 'none:*', 'empty:*', 'alpha beta'].map(
            (name) => `status ${name}`,
          ),
        )
        await scene.ctl('status', 'second:m4')
        await scene.ctl('status', 'mixed')
        await scene.ctl('status', 'manual', 'manual:other', 'nosuch', 'nosuch:*', 'workers:nosuch', 'alpha')
        await scene.ctl('pid', 'zeta', 'workers:workers_08', 'nosuch', 'manual:other')
        await scene.ctl('pid', 'workers:*')
      },
    },
  },
  {
    name: 'all of a group at once',
    config: many,
    scenes: {
      'stop, start, restart and signal of one, of a group, of all': async (scene) => {
        await scene.untilSaid(/^success: /, 11)
        await scene.ctl('stop', 'mixed:*')
        await scene.ctl('start', 'mixed:*')
        await scene.ctl('restart', 'workers:workers_09', 'nosuch', 'nosuch:*')
        await scene.ctl('signal', 'CONT', 'nosuch:*', 'nosuch', 'zeta')
        await scene.ctl('signal', 'NOPE', 'mixed:*')
        await scene.ctl('signal', 'CONT')
        await scene.ctl('stop', 'nosuch:*')
        await scene.ctl('start', 'nosuch:*')
        await scene.ctl('start')
        await scene.session(
          'start mixed:*',
          'stop mixed:*',
          'stop mixed:*',
          'start mixed:*',
          'restart workers:* zeta',
          'signal CONT workers:*',
          'signal CONT all',
          'signal',
          'start nosuch manual manual:other empty:* none:*',
          'stop manual:* nosuch:x',
          'stop',
          'restart',
          'stop all',
          'status',
          'signal CONT all',
          'start all',
          'status',
        )
        for (const method of ['stopProcessGroup', 'startProcessGroup'])
          for (const name of ['mixed', 'workers', 'empty', 'nosuch', 'mixed:*', ''])
            await scene.rpc(`supervisor.${method}`, name)
        await scene.rpc('supervisor.stopProcess', 'mixed:*')
        await scene.rpc('supervisor.startProcess', 'mixed:')
        await scene.rpc('supervisor.stopProcessGroup', 'mixed', false)
        await scene.untilState('mixed:m1', 'STOPPED')
        await scene.untilState('mixed:m2', 'STOPPED')
        await scene.untilState('mixed:mixed-m3-0-of-2', 'STOPPED')
        await scene.untilState('mixed:mixed-m3-1-of-2', 'STOPPED')
        await scene.rpc('supervisor.startProcessGroup', 'mixed', false)
        await scene.rpc('supervisor.signalProcessGroup', 'mixed', 'CONT')
        await scene.rpc('supervisor.signalAllProcesses', 'CONT')
        await scene.rpc('supervisor.stopAllProcesses')
        await scene.rpc('supervisor.stopAllProcesses')
        await scene.rpc('supervisor.startAllProcesses')
        await scene.rpc('supervisor.startAllProcesses')
      },
    },
  },
  {
    name: 'a name that is not of ASCII',
    config: configured(`[program:üñï]\n${sleeper}stdout_logfile=DIR/%(program_name)s.out\n`),
    scenes: {
      'is one like others': async (scene) => {
        await scene.untilState('üñï', 'RUNNING')
        await scene.ctl('status')
        await scene.ctl('stop', 'üñï')
        await scene.ctl('tail', 'üñï')
        await scene.ctl('start', 'üñï')
        await scene.untilState('üñï', 'RUNNING')
        await scene.ctl('pid', 'üñï')
        await scene.rpc('supervisor.getProcessInfo', 'üñï')
        scene.seeFiles('.', /\.out$/)
      },
    },
  },
  {
    name: 'the order of the end',
    config: configured(
      ['one:1', 'two:2', 'three:500', 'four:600', 'five:1000']
        .map((each) => each.split(':'))
        .map(([name, priority]) => `[program:${name}]\n${sleeper}priority=${priority}\n`)
        .join(''),
    ),
    endsItself: 'in a scene',
    scenes: {
      'one group after the other, from the highest priority': async (scene) => {
        await scene.untilSaid(/^success: /, 5)
        scene.seeOrder('spawned', /^spawned: '(.*)'/)
        await scene.ctl('shutdown')
        await scene.untilEnded()
        scene.seeOrder('stopped', /^stopped: (.*) \(/)
        await scene.ctl('shutdown')
        await scene.ctl('status')
        await scene.ctl('reload')
        await scene.ctl('start', 'one')
        await scene.ctl('reread')
      },
    },
  },
])
