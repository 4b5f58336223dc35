import { readlinkSync } from 'node:fs'
import { descriptorsOf, readProc, readProcess } from '../../real/processes.ts'
import { directory, shell } from '../runit/files.ts'
import { configured, program } from './config.ts'
import { conform } from './conform.ts'
import type { Scene } from './scene.ts'

/** A program that tells how it was called. */
const telling = (name: string, more: string, args = ''): string => program(name, `DIR/bin/tell ${args}`, more)

async function told(scene: Scene, name: string): Promise<void> {
  await scene.act(`${name} is started`, () => scene.ask('supervisor.startProcess', name, false))
  await scene.untilText(`${name}.out`, 'told')
  await scene.untilState(name, 'EXITED')
  await scene.until('its logs to be there', () => scene.exists(`${name}.err`))
  scene.seeFile(`${name}.out`)
  scene.seeFile(`${name}.err`)
}

const texts: Readonly<Record<string, string>> = {
  quoted: 'environment=A="1",B=\'x y\',C=plain',
  lines: 'environment=A="1",\n  B="2" ,\n  C="3",',
  words: 'environment=A=http://a.b/c,PATH=/a:/b:/usr/bin:/bin,B=a(b),C=-1,D.E=1,F-G=1',
  empty: 'environment=A=""',
  percent: 'environment=A="100%%",B="%(ENV_GIVEN)s",C="%(program_name)s-%(process_num)03d"',
  commas: 'environment=A="a,b;c",B="k=v"',
  own: 'environment=SUPERVISOR_ENABLED="no",SUPERVISOR_PROCESS_NAME="other",GIVEN="own",ALL="own"',
}

/** Of these supervisor 4.2 makes something else than its successors, whose way is ours. */
const changed: Readonly<Record<string, string>> = {
  cut: 'environment=A=a b',
  dollar: 'environment=A=$HOME',
  semicolon: 'environment=A=1;B=2',
  quoted: 'environment=A="a \'b\'",B="x"y',
}

const args: Readonly<Record<string, string>> = {
  plain: 'one two',
  quotes: '"one two" \'three four\' five" "six',
  escapes: 'a\\ b "c\\"d" \'e\\f\' g\\\\h',
  nothing: '"" \'\'',
  shell: '$HOME * ~ `x` $(y) | && > <',
  percent: '100%% %(program_name)s',
  unicode: 'ü "ñ ☃"',
  semicolon: 'a;b "c;d" ; cut off',
}

conform('environment', [
  {
    name: 'what a program is given',
    // Most are so short that they may end before they count as started.
    unsaid: /^success: (?!held)/,
    environment: { GIVEN: 'by the one who started the daemon' },
    files: {
      'bin/tell': shell(
        'for arg; do printf "arg %s\\n" "$arg"; done; tr "\\0" "\\n" <"/proc/$$/environ" | grep -v ^HOLDFAST_HOME= | sort; echo told',
      ),
      'bin/umask': shell('umask; pwd; echo told'),
      'bin/ids': shell('id -u; id -g; id -G; echo "$HOME $USER"; echo told'),
      'bin/held': shell('echo told; exec sleep 1000'),
      'here we are': directory(),
    },
    config: configured(
      [
        ...Object.entries(texts).map(([name, more]) => telling(`env-${name}`, more)),
        ...Object.entries(changed).map(([name, more]) => telling(`changed-${name}`, more)),
        ...Object.entries(args).map(([name, text]) => telling(`args-${name}`, '', text)),
        telling('group-of-many', 'numprocs=1\nprocess_name=%(program_name)s_%(process_num)d').replace(
          /DIR\/group-of-many/g,
          'DIR/group-of-many:group-of-many_0',
        ),
        telling('url', 'serverurl=http://elsewhere:1'),
        telling('auto', 'serverurl=AUTO'),
        program('masked', 'DIR/bin/umask', 'umask=027\ndirectory=DIR/here we are'),
        program('unmasked', 'DIR/bin/umask', ''),
        program('user', 'DIR/bin/ids', 'user=nobody'),
        program('userid', 'DIR/bin/ids', 'user=1'),
        program('root', 'DIR/bin/ids', 'user=root'),
        program('held', 'DIR/bin/held', ''),
        program('relative', 'bin/umask', 'directory=/\nstartretries=0'),
        program('inpath', 'tell', 'environment=PATH="DIR/bin:/usr/bin:/bin"'),
      ].join(''),
      { supervisord: 'environment=ALL="of the daemon"\n' },
    ),
    scenes: {
      'its environment': async (scene) => {
        for (const name of Object.keys(texts)) await told(scene, `env-${name}`)
        await told(scene, 'group-of-many:group-of-many_0')
        await told(scene, 'url')
        await told(scene, 'auto')
        await told(scene, 'inpath')
      },
      'values that are not what they look like': async (scene) => {
        for (const name of Object.keys(changed)) await told(scene, `changed-${name}`)
      },
      'its arguments': async (scene) => {
        for (const name of Object.keys(args)) await told(scene, `args-${name}`)
      },
      'its user, its mask and its directory': async (scene) => {
        for (const name of ['masked', 'unmasked', 'user', 'userid', 'root']) await told(scene, name)
        await scene.act('relative is started', () =>
          scene.side.rpc.call('supervisor.startProcess', ['relative', false]),
        )
        await scene.untilState('relative', 'EXITED', 'STOPPED')
        await scene.see('relative')
        scene.seeFile('relative.err')
        scene.seeFiles('.', /^(?:masked|user)\.(?:out|err)/)
      },
      'its descriptors, signals and group': async (scene) => {
        await scene.act('it is started', () => scene.ask('supervisor.startProcess', 'held'))
        await scene.untilText('held.out', 'told')
        scene.seeFile('held.out')
        const pid = await scene.pid('held')
        await scene.until('it to sleep', () => readProcess(pid)?.command.startsWith('sleep'))
        // The original passes on what is above `minfds`: here, what the tests themselves have.
        const own = descriptorsOf(process.pid)
        const given = [...descriptorsOf(pid)].filter(([fd, target]) => own.get(fd) !== target)
        scene.seeText(
          'descriptors',
          given
            .map(([fd]) => fd)
            .toSorted()
            .join(' '),
        )
        for (const name of ['Umask', 'SigBlk', 'SigIgn', 'SigCgt'])
          scene.seeText(name, new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readProc(pid, 'status') ?? '')?.[1] ?? '')
        for (const fd of [0, 1, 2])
          scene.seeText(`descriptor ${fd}`, readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/(?<=pipe:\[)\d+/, 'N'))
        const fields = (readProc(pid, 'stat') ?? '').replace(/^.*\) /, '').split(' ')
        scene.seeText('its group', Number(fields[2]) === pid ? 'its own' : 'another')
        scene.seeText('its parent', Number(fields[1]) === scene.side.daemon.pid ? 'the daemon' : 'another')
      },
    },
  },
])
