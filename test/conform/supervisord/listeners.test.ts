import { readFileSync, renameSync } from 'node:fs'
import { file, shell } from '../runit/files.ts'
import { configured, program } from './config.ts'
import { conform } from './conform.ts'
import type { Scene } from './scene.ts'

const files = { 'bin/listener': file(readFileSync(new URL('listener.py', import.meta.url), 'utf8'), 0o755) }

/** A listener that treats its events one by one as the words of the plan say, and all others well. */
function listener(name: string, events: string, plan = '', more = ''): string {
  return `[eventlistener:${name}]
command=/usr/bin/python3 -S -u DIR/bin/listener ${name} ${plan}
events=${events}
startsecs=0
stdout_logfile=DIR/${name}.out
stderr_logfile=DIR/${name}.err
${more}
`
}

/** Sends what only listeners hear of. */
async function tell(scene: Scene, data: string): Promise<void> {
  await scene.rpc('supervisor.sendRemoteCommEvent', 'test', data)
}

async function untilHeard(scene: Scene, name: string, text: string, times = 1): Promise<void> {
  await scene.until(`${name} to hear ${times} times of ${text}`, () => {
    return scene.read(`${name}.events`).split(text).length > times
  })
}

/** They count what others heard meanwhile. */
/** Its program takes the file away at once, so that comes whole. */
function letGo(scene: Scene): void {
  scene.write({ going: file('') })
  renameSync(scene.path('going'), scene.path('go'))
}

function withoutSerials(text: string): string {
  return text.replace(/serial:\d+/g, 'serial:N')
}

const end = 'read -r word; exit "$word"'

conform('listeners', [
  {
    name: 'every event',
    files: { ...files, 'bin/leave': shell(end) },
    config: configured(
      [
        listener(
          'hears',
          'PROCESS_STATE,PROCESS_COMMUNICATION,PROCESS_LOG,REMOTE_COMMUNICATION,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP',
          '',
          'buffer_size=100',
        ),
        program('sleeps', '/bin/sleep 1000'),
        program('leaves', 'DIR/bin/leave', 'exitcodes=0,4'),
        program('fails', '/bin/false', 'startretries=1').replace('startsecs=0', 'startsecs=5'),
        program('missing', '/no/such/program', 'startretries=0'),
        program('logs', '/bin/cat', 'stdout_events_enabled=true\nstderr_events_enabled=true'),
        program('captures', '/bin/cat', 'stdout_capture_maxbytes=1KB'),
        '[program:z_group]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n[group:pair]\nprograms=z_group\n',
      ].join(''),
      { supervisord: 'identifier=the-identifier' },
    ),
    scenes: {
      'in order, with its words': async (scene) => {
        await untilHeard(scene, 'hears', 'SUPERVISOR_STATE_CHANGE_RUNNING')
        await scene.rpc('supervisor.startProcess', 'sleeps')
        await scene.rpc('supervisor.stopProcess', 'sleeps')
        await untilHeard(scene, 'hears', 'processname:sleeps groupname:sleeps from_state:STOPPING')
        for (const [at, word] of ['0', '4', '5'].entries()) {
          await scene.rpc('supervisor.startProcess', 'leaves')
          await scene.rpc('supervisor.sendProcessStdin', 'leaves', `${word}\n`)
          await untilHeard(scene, 'hears', 'processname:leaves groupname:leaves from_state:RUNNING', at + 1)
        }
        await scene.rpc('supervisor.startProcess', 'fails')
        await untilHeard(scene, 'hears', 'PROCESS_STATE_FATAL')
        await scene.rpc('supervisor.startProcess', 'missing')
        await scene.rpc('supervisor.startProcess', 'logs')
        await scene.rpc('supervisor.sendProcessStdin', 'logs', 'a line\nand another ü\n')
        await untilHeard(scene, 'hears', 'PROCESS_LOG_STDOUT')
        await scene.rpc('supervisor.startProcess', 'captures')
        await scene.rpc(
          'supervisor.sendProcessStdin',
          'captures',
          'before<!--XSUPERVISOR:BEGIN-->the message<!--XSUPERVISOR:END-->behind, and long enough to be told from an end',
        )
        await untilHeard(scene, 'hears', 'PROCESS_COMMUNICATION_STDOUT')
        await scene.untilText('captures.out', 'behind')
        scene.seeFile('captures.out')
        await tell(scene, 'data of somebody ü')
        await tell(scene, '')
        await scene.rpc('supervisor.sendRemoteCommEvent', 'a type', 'several\nlines\n')
        await untilHeard(scene, 'hears', 'type:a type')
        await scene.rpc('supervisor.removeProcessGroup', 'pair')
        await scene.rpc('supervisor.addProcessGroup', 'pair')
        await untilHeard(scene, 'hears', 'PROCESS_GROUP_ADDED', 8)
        await scene.rpc('supervisor.startProcess', 'pair:z_group')
        await untilHeard(scene, 'hears', 'processname:z_group groupname:pair from_state:STARTING')
        scene.seeFile('hears.events')
        scene.seeFile('hears.err')
        await scene.untilText('hears.out', /(?:READY\nRESULT 2\nOK)+READY\n$/)
        await scene.ctl('status')
        await scene.ctl('avail')
        await scene.ctl('stop', 'logs', 'captures', 'pair:*')
      },
    },
  },
  {
    name: 'listeners that misbehave',
    files,
    // It may speak before it counts as started, or after.
    unsaid: /^success: unready/,
    config: configured(
      [
        listener('refuses', 'REMOTE_COMMUNICATION', 'ok fail fail ok', 'priority=1'),
        listener('unready', 'REMOTE_COMMUNICATION', 'unready', 'priority=2'),
        listener('talks', 'REMOTE_COMMUNICATION', 'ok junk', 'priority=3'),
        listener('echoes', 'REMOTE_COMMUNICATION', 'echo', 'priority=4'),
        listener('dies', 'REMOTE_COMMUNICATION', 'die', 'priority=5\nautorestart=false'),
      ].join(''),
    ),
    scenes: {
      'what becomes of them and of their events': async (scene) => {
        for (const name of ['refuses', 'unready', 'talks', 'echoes', 'dies']) await scene.untilState(name, 'RUNNING')
        await tell(scene, 'first')
        for (const name of ['refuses', 'talks', 'echoes', 'dies']) await untilHeard(scene, name, 'first')
        await scene.untilState('dies', 'EXITED')
        await scene.untilSaid(/^echoes: has entered the UNKNOWN state/)
        await tell(scene, 'second')
        await untilHeard(scene, 'refuses', 'second', 3)
        await scene.untilSaid(/^talks: has entered the UNKNOWN state/)
        await tell(scene, 'third')
        await untilHeard(scene, 'refuses', 'third')
        await scene.act('dies is started again', () => scene.ask('supervisor.startProcess', 'dies'))
        await untilHeard(scene, 'dies', 'first', 2)
        await scene.untilState('dies', 'EXITED')
        await scene.untilText('refuses.out', /(?:RESULT \d\n(?:OK|FAIL)READY\n){5}$/)
        await scene.untilText('unready.out', /^NOT READY\nREADY\n$/)
        for (const name of ['refuses', 'unready', 'talks', 'echoes', 'dies']) {
          scene.seeFile(`${name}.events`)
          scene.seeFile(`${name}.out`)
        }
        await scene.see('refuses', 'unready', 'talks', 'echoes', 'dies')
      },
    },
  },
  {
    name: 'the output of listeners',
    files,
    config: configured(
      [
        listener('hears', 'PROCESS_LOG,PROCESS_COMMUNICATION', '', 'priority=1'),
        listener(
          'paints',
          'REMOTE_COMMUNICATION',
          'paint ok',
          'priority=2\nstdout_events_enabled=true\nstderr_events_enabled=true',
        ),
        listener(
          'marks',
          'REMOTE_COMMUNICATION',
          'mark ok',
          'priority=3\nstdout_capture_maxbytes=1KB\nstderr_capture_maxbytes=1KB',
        ),
      ].join(''),
      { supervisord: 'strip_ansi=true' },
    ),
    scenes: {
      'what they say is logged without its colours, and heard with them; what they complain of is as that of programs':
        async (scene) => {
          for (const name of ['hears', 'paints', 'marks']) await scene.untilState(name, 'RUNNING')
          await tell(scene, 'first')
          for (const name of ['paints', 'marks']) await untilHeard(scene, name, 'first', 2)
          for (const what of ['PROCESS_LOG_STDERR', 'PROCESS_COMMUNICATION_STDERR'])
            await untilHeard(scene, 'hears', what)
          for (const name of ['paints', 'marks']) await scene.untilText(`${name}.out`, /OKREADY\n$/)
          await scene.untilText('paints.err', /\n$/)
          await scene.untilText('marks.err', /\n$/)
          for (const name of ['paints', 'marks'])
            for (const kind of ['events', 'out', 'err']) scene.seeFile(`${name}.${kind}`)
          scene.seeText(
            'of others',
            withoutSerials(scene.read('hears.events'))
              .split('\n')
              .filter((line) => line.includes('PROCESS_'))
              .sort()
              .join('\n'),
          )
          scene.seeSaid(/event was rejected/)
          await scene.rpc('supervisor.readProcessStdoutLog', 'paints', 0, 0)
          await scene.ctl('tail', 'paints')
          await scene.ctl('tail', 'paints', 'stderr')
          await scene.ctl('clear', 'paints')
          scene.seeFiles('.', /^paints\./)
          await tell(scene, 'second')
          await scene.untilText('paints.out', /^RESULT 2\nOKREADY\n$/)
        },
    },
  },
  {
    name: 'listeners of a daemon that begins anew and ends',
    files: {
      ...files,
      'bin/lasts': shell("trap 'until [ -e go ]; do sleep 0.1; done; rm go; exit 0' TERM\nwhile :; do sleep 0.1; done"),
    },
    endsItself: 'in a scene',
    config: configured(
      [
        listener('hears', 'SUPERVISOR_STATE_CHANGE,PROCESS_STATE_STOPPING', '', 'buffer_size=100'),
        program('lasts', 'DIR/bin/lasts', 'directory=DIR').replace('autostart=false', ''),
      ].join(''),
    ),
    scenes: {
      'hear first that it stops, and that it runs once more': async (scene) => {
        for (const name of ['hears', 'lasts']) await scene.untilState(name, 'RUNNING')
        await untilHeard(scene, 'hears', 'SUPERVISOR_STATE_CHANGE_RUNNING')
        await scene.rpc('supervisor.restart')
        await untilHeard(scene, 'hears', 'processname:lasts')
        await scene.act('its program may end', () => letGo(scene))
        await untilHeard(scene, 'hears', 'SUPERVISOR_STATE_CHANGE_RUNNING', 2)
        await scene.untilAnswers()
        for (const name of ['hears', 'lasts']) await scene.untilState(name, 'RUNNING')
        await scene.signalDaemon('SIGTERM')
        await untilHeard(scene, 'hears', 'processname:lasts', 2)
        const heard = scene.read('hears.events').split('\n')
        // Of its own end it hears by chance.
        scene.seeText('heard', withoutSerials(heard.filter((line) => !line.includes('processname:hears')).join('\n')))
        await scene.act('its program may end', () => letGo(scene))
        await scene.untilEnded()
      },
    },
  },
  {
    name: 'a listener that is slow',
    files,
    config: configured(listener('slow', 'REMOTE_COMMUNICATION', 'slow', 'buffer_size=3')),
    scenes: {
      'events that find no place are thrown away': async (scene) => {
        await scene.untilState('slow', 'RUNNING')
        await tell(scene, 'number 0')
        await untilHeard(scene, 'slow', 'number 0')
        for (const number of [1, 2, 3, 4, 5, 6]) await tell(scene, `number ${number}`)
        await scene.act('it may go on', () => scene.write({ 'slow.go': file('') }))
        await untilHeard(scene, 'slow', 'number 6')
        scene.seeFile('slow.events')
        scene.seeSaid(/overflow/)
      },
    },
  },
  {
    name: 'several processes of a pool, and events told twice',
    files,
    config: configured(
      [
        `${listener('many', 'REMOTE_COMMUNICATION', 'slow', 'numprocs=2\nprocess_name=%(process_num)d\npriority=1')}`,
        listener('twice', 'PROCESS_STATE,PROCESS_STATE_STOPPED', '', 'priority=2\nbuffer_size=50'),
        listener('ticks', 'TICK_5', '', 'priority=3'),
        program('sleeps', '/bin/sleep 1000'),
      ].join(''),
    ),
    scenes: {
      'who hears of what': async (scene) => {
        for (const name of ['many:0', 'many:1', 'twice', 'ticks']) await scene.untilState(name, 'RUNNING')
        await untilHeard(scene, 'many', 'starts', 2)
        await tell(scene, 'one')
        await untilHeard(scene, 'many', 'one')
        await tell(scene, 'two')
        await untilHeard(scene, 'many', 'two')
        await tell(scene, 'three')
        await scene.act('they may go on', () => scene.write({ 'many.go': file('') }))
        await untilHeard(scene, 'many', 'three')
        scene.seeText('many', withoutSerials(scene.read('many.events')))
        await scene.rpc('supervisor.startProcess', 'sleeps')
        await scene.rpc('supervisor.stopProcess', 'sleeps')
        await scene.rpc('supervisor.startProcess', 'sleeps')
        await untilHeard(scene, 'twice', 'processname:sleeps groupname:sleeps from_state:STARTING', 2)
        scene.seeText(
          'of sleeps',
          withoutSerials(scene.read('twice.events'))
            .split('\n')
            .filter((line) => line.includes('processname:sleeps'))
            .join('\n'),
        )
        await untilHeard(scene, 'ticks', 'TICK_5')
        scene.seeText('tick', withoutSerials(scene.read('ticks.events')).split('\n').slice(0, 2).join('\n'))
      },
    },
  },
])
