import { isAlive } from '../../real/processes.ts'
import { shell } from '../runit/files.ts'
import { configured, program } from './config.ts'
import { conform, type Pair } from './conform.ts'

/** NAME CODE WHEN: leaves twice, with this code or by this signal, at once or when it counts as started, and stays the third time. */
const leave = shell(`echo "run of $1"
echo x >>"$1.runs"
runs=$(wc -l <"$1.runs")
[ "$runs" -le 2 ] || exec sleep 1000
[ "$3" = at-once ] || until [ "$(grep -c " success: $1 " stdout)" -ge "$runs" ]; do sleep 0.2; done
case $2 in -*) kill "$2" $$ ;; *) exit "$2" ;; esac`)

const kinds = ['false', 'unexpected', 'true'] as const
const ends = { zero: '0', one: '1', three: '3', killed: '-9' } as const

const lives = { s0: 0, s1: 1 } as const

const rows = kinds.flatMap((kind) =>
  Object.entries(ends).flatMap(([end, code]) =>
    Object.entries(lives).map(([life, startsecs]) => ({
      name: `${kind}-${end}-${life}`,
      isRestarted: kind === 'true' || (kind === 'unexpected' && !['0', '3'].includes(code)),
      text: `[program:${kind}-${end}-${life}]
command=DIR/bin/leave ${kind}-${end}-${life} ${code} when-started
autorestart=${kind}
exitcodes=0,3
startsecs=${startsecs}
`,
    })),
  ),
)

const restarting: Pair = {
  name: 'ends of programs that have started',
  config: configured(rows.map(({ text }) => text).join('')),
  files: { 'bin/leave': leave },
  scenes: {
    'every kind of autorestart and every end': async (scene) => {
      for (const { name, isRestarted } of rows) {
        if (isRestarted) {
          await scene.untilSaid(new RegExp(`^spawned: '${name}'`), 3)
          await scene.untilState(name, 'RUNNING')
        } else await scene.untilState(name, 'EXITED')
        await scene.see(name)
      }
      await scene.ctl('status')
      await scene.ctl('stop', 'all')
      await scene.ctl('status')
    },
  },
}

/** `startsecs` is long enough that a machine with other work does not take an end for a late one. */
const early: Pair = {
  name: 'programs that do not start',
  config: configured(`[program:r0]
startsecs=5
command=/bin/false
startretries=0
[program:r1]
startsecs=5
command=/bin/true
startretries=1
[program:r2]
startsecs=5
command=DIR/bin/soon
startretries=2
stdout_logfile=DIR/r2.out
[program:recovers]
startsecs=5
command=DIR/bin/leave recovers 1 at-once
startretries=2
[program:patient]
startsecs=5
command=/bin/false
startretries=50
[program:counts]
startsecs=5
command=/bin/false
autostart=false
startretries=3
[program:nofile]
startsecs=5
command=/no/such/program with arguments
startretries=0
[program:notinpath]
startsecs=5
command=no-such-program
startretries=0
[program:directory]
startsecs=5
command=/tmp
startretries=0
[program:mode]
startsecs=5
command=DIR/bin/mode
startretries=0
[program:quotes]
startsecs=5
command=/bin/echo "no end
startretries=0
[program:format]
startsecs=5
command=DIR/bin/format
startretries=0
autorestart=false
stderr_logfile=DIR/format.err
[program:nodirectory]
startsecs=5
command=/bin/true
directory=/no/such/directory
startretries=0
stderr_logfile=DIR/nodirectory.err
`),
  files: {
    'bin/leave': leave,
    'bin/soon': shell('echo once; sleep 0.2; exit 7'),
    'bin/mode': { kind: 'file', content: '#!/bin/sh\n', mode: 0o644 },
    'bin/format': { kind: 'file', content: 'no magic\0\u0001\u0002', mode: 0o755 },
  },
  scenes: {
    'without a retry': async (scene) => {
      await scene.untilState('r0', 'FATAL')
      await scene.see('r0')
      await scene.ctl('start', 'r0')
      await scene.untilState('r0', 'FATAL')
      await scene.ctl('status', 'r0')
      await scene.rpc('supervisor.stopProcess', 'r0')
      await scene.rpc('supervisor.getProcessInfo', 'r0')
    },
    'with one and with two': async (scene) => {
      await scene.untilState('r1', 'FATAL')
      await scene.untilState('r2', 'FATAL')
      await scene.see('r1', 'r2')
      scene.seeFile('r2.out')
      for (const rows of [2, 3]) {
        await scene.ctl('start', 'r1', 'r2')
        await scene.untilSaid(/^gave up: r1/, rows)
        await scene.untilSaid(/^gave up: r2/, rows)
      }
      scene.seePauses('r1')
      scene.seePauses('r2')
      await scene.ctl('tail', 'r2')
    },
    'the third try succeeds': async (scene) => {
      await scene.untilSaid(/^exited: recovers/)
      await scene.rpc('supervisor.startProcess', 'recovers')
      await scene.untilState('recovers', 'RUNNING')
      await scene.see('recovers')
      const pid = await scene.pid('recovers')
      await scene.kill('recovers')
      await scene.untilRunsAgain('recovers', pid)
      await scene.ctl('stop', 'recovers')
    },
    'a stop while it waits, and another start': async (scene) => {
      // The fifth time it waits for long enough to be asked several things.
      await scene.untilSaid(/^exited: patient/, 5)
      await scene.untilState('patient', 'BACKOFF')
      await scene.rpc('supervisor.startProcess', 'patient')
      await scene.rpc('supervisor.signalProcess', 'patient', 'HUP')
      await scene.rpc('supervisor.stopProcess', 'patient')
      await scene.see('patient')
      await scene.ctl('stop', 'patient')
      await scene.rpc('supervisor.getProcessInfo', 'patient')
    },
    'tries that are left after a stop': async (scene) => {
      // What is answered depends on whether it is seen in time that the process is already gone.
      const start = (): Promise<unknown> => scene.side.rpc.call('supervisor.startProcess', ['counts', false])
      await scene.act('it is started', start)
      // The third time it waits for long enough to be stopped.
      await scene.untilSaid(/^exited: counts/, 3)
      await scene.untilState('counts', 'BACKOFF')
      await scene.rpc('supervisor.stopProcess', 'counts')
      await scene.act('it is started again', start)
      await scene.untilState('counts', 'FATAL')
      scene.seeSaid(/counts/)
    },
    'commands that cannot be started': async (scene) => {
      for (const name of ['nofile', 'notinpath', 'directory', 'mode', 'quotes', 'format', 'nodirectory']) {
        await scene.untilState(name, 'FATAL')
        await scene.see(name)
        await scene.rpc('supervisor.startProcess', name)
        await scene.untilState(name, 'FATAL')
      }
      for (const name of ['nofile', 'notinpath', 'directory', 'mode', 'quotes'])
        await scene.rpc('supervisor.startProcess', name, false)
      await scene.ctl('start', 'nofile', 'notinpath', 'directory', 'mode', 'quotes')
      await scene.ctl('start', 'nofile:*')
      for (const name of ['nofile', 'notinpath', 'directory', 'mode', 'quotes']) await scene.untilState(name, 'FATAL')
      scene.seeFile('format.err')
      scene.seeFile('nodirectory.err')
    },
  },
}

/** Says which signals come, and ends by TERM alone. Its words are in DIR/NAME.out. */
const witness = shell(`for name in HUP INT QUIT USR1 USR2; do trap "echo got $name" $name; done
trap 'echo got TERM; exit 0' TERM
echo ready
while :; do sleep 1000 & wait $!; done`)

/** Obeys no signal, and neither does what it starts. */
const deaf = shell(`trap '' TERM HUP
echo "$$" >"$1.pid"
sh -c 'trap "" HUP; echo "$$" >"$1.child"; echo ready; while :; do sleep 1000 & wait $!; done' sh "$1" &
while :; do wait; done`)

/** NAME: ends at once, and what it has started a second later. */
const parting = shell(`(trap 'sleep 1; echo done >"$1.done"; exit' TERM; echo ready; while :; do sleep 0.1; done) &
wait`)

const stopSignals = ['TERM', 'HUP', 'int', 'SIGQUIT', 'USR1', '12', 'KILL'] as const

const stopping: Pair = {
  name: 'stopping',
  config: configured(
    [
      ...stopSignals.map((signal) =>
        program(`by${signal}`, 'DIR/bin/witness', `stopsignal=${signal}\nstopwaitsecs=2\nkillasgroup=true`),
      ),
      program('signalled', 'DIR/bin/witness'),
      program('deaf', 'DIR/bin/deaf deaf', 'stopwaitsecs=2'),
      program('deafkill', 'DIR/bin/deaf deafkill', 'stopwaitsecs=2\nkillasgroup=true'),
      program('deafstop', 'DIR/bin/deaf deafstop', 'stopwaitsecs=2\nstopasgroup=true'),
      program('parting', 'DIR/bin/parting parting', 'stopasgroup=true'),
      program('slow', '/bin/sleep 1000', 'startsecs=5'),
      program('short', '/bin/sleep 0.3', 'startsecs=5\nstartretries=0'),
    ].join(''),
  ),
  files: { 'bin/witness': witness, 'bin/deaf': deaf, 'bin/parting': parting },
  scenes: {
    'every stop signal': async (scene) => {
      for (const signal of stopSignals) {
        const name = `by${signal}`
        await scene.rpc('supervisor.startProcess', name)
        await scene.untilText(`${name}.out`, 'ready')
        await scene.rpc('supervisor.stopProcess', name)
        await scene.see(name)
        scene.seeFile(`${name}.out`)
      }
    },
    'signals that end nothing': async (scene) => {
      await scene.ctl('signal', 'HUP', 'signalled')
      await scene.ctl('start', 'signalled')
      await scene.untilText('signalled.out', 'ready')
      for (const signal of ['HUP', 'int', 'SIGQUIT', '10', 'sigusr2']) {
        await scene.ctl('signal', signal, 'signalled')
        await scene.untilText('signalled.out', new RegExp(`got ${signals[signal]}`))
      }
      await scene.ctl('signal', 'BAD', 'signalled')
      await scene.ctl('signal', '99', 'signalled')
      await scene.rpc('supervisor.signalProcess', 'signalled', 1)
      await scene.until('a second HUP', () => scene.read('signalled.out').split('got HUP').length === 3)
      await scene.rpc('supervisor.signalProcess', 'signalled', '')
      await scene.rpc('supervisor.signalProcessGroup', 'signalled', 'NOPE')
      await scene.rpc('supervisor.signalProcessGroup', 'signalled', 'USR1')
      await scene.rpc('supervisor.signalProcess', 'signalled:*', 'usr2')
      await scene.see('signalled')
      await scene.ctl('signal', 'TERM', 'signalled')
      await scene.untilState('signalled', 'EXITED')
      await scene.see('signalled')
      await scene.ctl('signal', 'TERM', 'signalled')
    },
    'one that obeys nothing, and what it has started': async (scene) => {
      for (const name of ['deaf', 'deafkill', 'deafstop']) {
        await scene.rpc('supervisor.startProcess', name)
        await scene.untilText(`${name}.out`, 'ready')
        const child = Number(scene.read(`${name}.child`))
        const stopped = scene.rpc('supervisor.stopProcess', name)
        await scene.untilState(name, 'STOPPING')
        await stopped
        await scene.see(name)
        // Of a group that is killed the child goes too, but not before its parent.
        const goes = name !== 'deaf' && (await scene.until('the child to go', () => !isAlive(child)))
        scene.seeText(`${name}, its child`, goes ? 'is gone' : isAlive(child) ? 'lives' : 'is gone')
        if (isAlive(child)) process.kill(child, 'SIGKILL')
      }
    },
    'one that ends before what it has started': async (scene) => {
      await scene.rpc('supervisor.startProcess', 'parting')
      await scene.untilText('parting.out', 'ready')
      await scene.rpc('supervisor.stopProcess', 'parting')
      await scene.see('parting')
      await scene.untilText('parting.done', 'done')
      scene.seeFile('parting.done')
    },
    'while it stops': async (scene) => {
      await scene.rpc('supervisor.startProcess', 'slow', false)
      await scene.see('slow')
      await scene.rpc('supervisor.startProcess', 'slow')
      await scene.rpc('supervisor.startProcess', 'slow', false)
      await scene.rpc('supervisor.stopProcess', 'slow', false)
      await scene.untilState('slow', 'STOPPED')
      await scene.see('slow')
      await scene.ctl('start', 'slow')
      await scene.ctl('stop', 'slow')
      await scene.ctl('start', 'short')
      await scene.untilState('short', 'FATAL')
      await scene.ctl('restart', 'short')
      await scene.untilState('short', 'FATAL')
    },
  },
}

const signals: Readonly<Record<string, string>> = {
  HUP: 'HUP',
  int: 'INT',
  SIGQUIT: 'QUIT',
  10: 'USR1',
  sigusr2: 'USR2',
}

conform('states', [restarting, early, stopping])
