import { configured, program } from './config.ts'
import { conform } from './conform.ts'

const three = configured(
  [
    program('one', '/bin/cat'),
    program('two', '/bin/sleep 1000'),
    program('bad', '/bin/false', 'startretries=0').replace('startsecs=0', 'startsecs=5'),
  ].join(''),
)

/** Every command of supervisorctl, called as people call it and otherwise; exit codes are those of single calls. */
conform('commands', [
  {
    name: 'single calls',
    config: three,
    scenes: {
      'what is said, and the exit code': async (scene) => {
        const calls = [
          'version',
          'status',
          'pid one',
          'start one two',
          'status one two',
          'status one nosuch',
          'status',
          'pid one two',
          'start one',
          'start bad',
          'restart one',
          'stop two two',
          'tail one',
          'tail bad stderr',
          'open nonsense',
        ]
        for (const call of calls) await scene.ctl(...call.split(' '))
      },
    },
  },
  {
    name: 'more single calls',
    config: three,
    scenes: {
      'what is said, and the exit code': async (scene) => {
        const calls = [
          'pid',
          'pid all',
          'fg',
          'fg one two',
          'fg nosuch',
          'fg bad',
          'open',
          'nosuch',
          'help',
          'help nosuch',
          'reread',
          'update',
          'add nosuch',
          'remove one',
          '--nosuch',
          '-i version',
        ]
        for (const call of calls) await scene.ctl(...call.split(' '))
      },
    },
  },
  {
    name: 'a session',
    config: configured(
      [
        program('one', '/bin/cat'),
        program('two', '/bin/sleep 1000'),
        program('three', '/bin/sleep 1000', 'numprocs=2\nprocess_name=%(process_num)d'),
      ].join(''),
    ),
    scenes: {
      'that is long': async (scene) => {
        const topics = ['add', 'avail', 'clear', 'exit', 'fg', 'maintail', 'open', 'pid', 'quit', 'reload', 'remove']
        await scene.session(
          '',
          '  ',
          ...[...topics, 'reread', 'restart', 'shutdown', 'signal', 'start', 'status', 'stop', 'tail', 'update'].map(
            (topic) => `help ${topic}`,
          ),
          'help version',
          'help help',
          '? start',
          'version more',
          'status three:*',
          'start three:0',
          'status three:*',
          'status three:1 three:0',
          'start three:*',
          'stop three:0 three:1',
          'start one',
          'pid one',
          'pid three:0',
          'pid nosuch',
          'restart nosuch',
          'tail -10 one',
          'tail one stdout',
          'tail three:1',
          'maintail -5 x',
          'clear one two',
          'clear nosuch:*',
          'avail more',
          'add',
          'remove',
          'update nosuch',
          'reread more',
          'signal HUP two',
          'signal two',
          'open unix://DIR/s.sock',
          'open http://localhost:1',
          'status',
          'open unix://DIR/s.sock',
          'stop one',
          'EOF',
        )
      },
    },
  },
  {
    name: 'logs that are followed',
    config: configured(program('one', '/bin/cat')),
    scenes: {
      'of a program': async (scene) => {
        await scene.rpc('supervisor.startProcess', 'one')
        await scene.rpc('supervisor.sendProcessStdin', 'one', 'before\n')
        await scene.untilText('one.out', 'before')
        const session = await scene.open()
        await session.sayUntil('tail -f one', /before/)
        await scene.rpc('supervisor.sendProcessStdin', 'one', 'meanwhile\n')
        await session.sayUntil('', /meanwhile/)
        session.abandon()
      },
    },
  },
  {
    name: 'the foreground',
    config: configured(program('one', '/bin/cat')),
    scenes: {
      'is a program that reads': async (scene) => {
        const session = await scene.open()
        await session.say('start one')
        await session.sayUntil('fg one', /Press Ctrl-C to exit/)
        await session.sayUntil('a line', /a line/)
        await scene.untilText('one.out', 'a line')
        await session.sayUntil('another', /another/)
        await scene.untilText('one.out', 'another')
        await scene.rpc('supervisor.stopProcess', 'one')
        await session.sayUntil('nobody reads this', /Exiting foreground/)
        session.abandon()
        scene.seeFile('one.out')
      },
    },
  },
])
