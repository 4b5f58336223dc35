import { file } from '../runit/files.ts'
import { configured } from './config.ts'
import { conform } from './conform.ts'
import type { Scene } from './scene.ts'

const sleeper = 'command=/bin/sleep 1000\nstartsecs=0\nautorestart=false\n'
const one = `[program:one]\n${sleeper}`
const two = `[program:two]\n${sleeper}`
const three = `[program:three]\n${sleeper}`
const off = `[program:off]\n${sleeper}autostart=false\n`
const group = (names: string): string => `[group:g]\nprograms=${names}\n`

function change(scene: Scene, what: string, text: string): Promise<void> {
  return scene.act(`the configuration: ${what}`, () => scene.configure(text))
}

/** Each is put in place of `one` and `off` as they are, read, and put back. */
const changes: Readonly<Record<string, string>> = {
  nothing: one + off,
  'a comment': `; nothing\n${one}# nothing\n${off}`,
  'the order': off + one,
  'a default said aloud': `${one}priority=999\n${off}exitcodes=0\n`,
  'its priority': `${one}priority=5\n${off}`,
  'autostart of both': `${one}autostart=false\n${off}`,
  autorestart: `${one}autorestart=true\n${off}`.replace('autorestart=false\n', ''),
  startsecs: `${one}startsecs=2\n${off}`,
  'its environment': `${one}environment=A="1"\n${off}`,
  umask: `${one}umask=027\n${off}`,
  'a log file': `${one}stdout_logfile=DIR/one.out\n${off}`,
  'no log file': `${one}stdout_logfile=NONE\n${off}`,
  'the stop signal': `${one}stopsignal=INT\n${off}`,
  'the stop signal by number': `${one}stopsignal=15\n${off}`,
  'a number of processes': `${one}numprocs=2\nprocess_name=%(process_num)d\n${off}`,
  'its name in the group': `${one}process_name=other\n${off}`,
  'its directory': `${one}directory=/\n${off}`,
  'a group around it': one + off + group('one'),
  'both in a group': one + off + group('one,off'),
  'an unknown option': `${one}nosuch_option=off\n${off}`,
  'the environment of all': `[supervisord]\nenvironment=A="1"\n${one}${off}`,
  'another program': one + off + two,
  'one gone': off,
  'all gone': '',
  'one instead of another': three + off,
}

conform('rereading', [
  {
    name: 'reread',
    config: configured(one + off),
    scenes: {
      'what counts as a change': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        for (const [what, text] of Object.entries(changes)) {
          await change(scene, what, configured(text))
          await scene.rpc('supervisor.reloadConfig')
        }
        await scene.ctl('avail')
        await scene.rpc('supervisor.getAllConfigInfo')
        await change(scene, 'as it was', configured(one + off))
        await scene.ctl('reread')
        await scene.see('one', 'off')
      },
    },
  },
  {
    name: 'update',
    config: configured(one + off),
    scenes: {
      'added, changed and removed, alone and together': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        const session = await scene.open()
        await session.say('update')
        await change(scene, 'two comes', configured(one + off + two))
        await session.say('update')
        await scene.untilState('two', 'RUNNING')
        await change(scene, 'one changes', configured(`${one}startsecs=1\n${off}${two}`))
        await session.say('update')
        await scene.untilState('one', 'RUNNING')
        await change(
          scene,
          'two goes, three comes, off changes',
          configured(`${one}startsecs=1\n${three}${off}priority=3\n`),
        )
        await session.say('reread')
        await session.say('avail')
        await session.say('status')
        await session.say('update')
        await session.say('update')
        await scene.untilState('three', 'RUNNING')
        await session.say('status')
        await change(scene, 'a group around one and three', configured(one + three + off + group('one,three')))
        await session.say('update')
        await scene.untilState('g:one', 'RUNNING')
        await scene.untilState('g:three', 'RUNNING')
        await session.say('status')
        await change(scene, 'three leaves the group', configured(one + three + off + group('one')))
        await session.say('update')
        await scene.untilState('g:one', 'RUNNING')
        await scene.untilState('three', 'RUNNING')
        await session.say('status')
        await change(scene, 'the group goes', configured(one + three + off))
        await session.say('update')
        await scene.untilState('one', 'RUNNING')
        await change(scene, 'all go', configured(''))
        await session.say('update')
        await session.say('status')
        await session.say('avail')
        await session.end()
      },
    },
  },
  {
    name: 'update of some',
    config: configured(one + two + off),
    scenes: {
      'only what is named is changed': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        await scene.untilState('two', 'RUNNING')
        const session = await scene.open()
        await change(scene, 'all change', configured(`${one}priority=1\n${two}priority=2\n${three}`))
        await session.say('update one')
        await scene.untilState('one', 'RUNNING')
        await scene.ctl('update', 'nosuch')
        await scene.ctl('update', 'one', 'nosuch')
        await session.say('update off')
        await session.say('update two three')
        await scene.untilState('two', 'RUNNING')
        await scene.untilState('three', 'RUNNING')
        await scene.ctl('update', 'all')
        await session.say('status')
        await session.end()
      },
    },
  },
  {
    name: 'add and remove',
    config: configured(one + off),
    scenes: {
      'one by one': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        const session = await scene.open()
        await scene.ctl('add', 'one')
        await scene.ctl('add', 'two')
        await scene.ctl('remove', 'one')
        await scene.ctl('remove', 'nosuch')
        await session.say('remove off')
        await session.say('status')
        await session.say('avail')
        await session.say('add off')
        await change(scene, 'two comes, one goes', configured(off + two))
        await scene.ctl('add', 'two')
        await session.say('reread')
        await scene.ctl('add', 'two', 'off', 'nosuch')
        await scene.untilState('two', 'RUNNING')
        await session.say('reread')
        await scene.ctl('remove', 'one')
        await session.say('stop one')
        await session.say('remove one two')
        await session.say('status one two')
        await scene.rpc('supervisor.addProcessGroup', 'one')
        await scene.rpc('supervisor.addProcessGroup', 'two')
        await scene.rpc('supervisor.removeProcessGroup', 'two')
        await scene.rpc('supervisor.removeProcessGroup', 'one')
        await scene.ctl('add')
        await session.say('remove')
        await session.end()
      },
    },
  },
  {
    name: 'files that are included',
    config: configured('[include]\nfiles=conf.d/*.conf extra/*.ini\n'),
    files: {
      'conf.d/a.conf': file(`${one}environment=WHERE="%(here)s"\nstdout_logfile=%(here)s/one.out\n`),
      'conf.d/b.conf': file('[program:one]\npriority=7\n'),
      'extra/c.ini': file(`${two}directory=%(here)s\n[include]\nfiles=nothing.conf\n`),
    },
    scenes: {
      'come, go, and override one another': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        await scene.ctl('avail')
        await scene.rpc('supervisor.getAllConfigInfo')
        await scene.act('another file', () => scene.write({ 'conf.d/c.conf': file(three) }))
        await scene.ctl('update')
        await scene.untilState('three', 'RUNNING')
        await scene.act('it is empty', () => scene.write({ 'conf.d/c.conf': file('') }))
        await scene.ctl('update')
        await scene.act('it is broken', () => scene.write({ 'conf.d/c.conf': file('[program:x]\ncommand\n') }))
        await scene.ctl('reread')
        await scene.ctl('update')
        await scene.act('another of its sections is', () => scene.write({ 'conf.d/c.conf': file('[program:x]\n') }))
        await scene.ctl('update')
        await scene.ctl('status')
        await scene.act('it is well', () => scene.write({ 'conf.d/c.conf': file(off) }))
        await change(scene, 'it matches nothing', configured('[include]\nfiles=none/*.conf\n'))
        await scene.session('reread', 'update')
        await change(scene, 'it names nothing', configured('[include]\n'))
        await scene.session('reread')
      },
    },
  },
])
