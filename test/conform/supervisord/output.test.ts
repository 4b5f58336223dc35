import { existsSync, renameSync, statSync } from 'node:fs'
import { shell } from '../runit/files.ts'
import { configured, program } from './config.ts'
import { conform } from './conform.ts'
import type { Scene } from './scene.ts'

/** A process that writes what it reads: so its output comes in pieces whose borders are known. */
const cat = (name: string, more: string): string => program(name, '/bin/cat', more)

/** Sends it, and waits until it stands at the end of the file. */
async function echo(scene: Scene, name: string, text: string, ...files: readonly string[]): Promise<void> {
  const sizes = (): string => [`${name}.out`, ...files].map((file) => sizeOf(scene, file)).join()
  const before = sizes()
  await scene.rpc('supervisor.sendProcessStdin', name, text)
  await scene.until(`${name} to write it`, () => sizes() !== before)
  // Who answers is done with what it writes, and with the rotation that this brings about.
  await scene.ask('supervisor.getState')
}

function sizeOf(scene: Scene, file: string): string {
  const path = scene.path(file)
  if (!existsSync(path)) return 'none'
  const { ino, size } = statSync(path)
  return `${ino} ${size}`
}

async function start(scene: Scene, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await scene.rpc('supervisor.startProcess', name)
    await scene.untilState(name, 'RUNNING')
    if (name !== 'none') await scene.until('its log to be there', () => scene.exists(`${name}.out`))
  }
}

conform('output', [
  {
    name: 'log files',
    config: configured(
      [
        cat('plain', ''),
        cat('small', 'stdout_logfile_maxbytes=100\nstdout_logfile_backups=2'),
        cat('nobackup', 'stdout_logfile_maxbytes=100\nstdout_logfile_backups=0'),
        cat('endless', 'stdout_logfile_maxbytes=0'),
        cat('none', '').replace('stdout_logfile=DIR/none.out', 'stdout_logfile=NONE'),
        '[program:auto]\ncommand=DIR/bin/both auto\nautostart=false\nautorestart=false\nstartsecs=0\n',
        program('both', 'DIR/bin/both', ''),
        program('joined', 'DIR/bin/both', 'redirect_stderr=true').replace(/stderr_logfile=.*\n/, ''),
        program('filename', 'DIR/bin/both', 'redirect_stderr=true'),
        program('colours', 'DIR/bin/escaped'),
        program('same', '/bin/echo same', '').replace('same.err', 'same.out'),
      ].join(''),
      { supervisord: 'strip_ansi=true' },
    ),
    files: {
      'bin/both': shell('echo "to stdout"; sleep 0.3; echo "to stderr" >&2; sleep 0.3'),
      // A call of XML-RPC cannot hold these characters.
      'bin/escaped': shell('while read -r line; do printf "$line\\n"; done'),
    },
    scenes: {
      'what is written is read again': async (scene) => {
        await start(scene, 'plain')
        await echo(scene, 'plain', 'one\ntwo\nthree ü\n')
        await echo(scene, 'plain', 'four\n')
        const reads: readonly (readonly [number, number])[] = [
          [0, 0],
          [0, 3],
          [4, 100],
          [-5, 0],
          [-100, 0],
          [4, 0],
          [1000, 0],
          [1000, 5],
          [0, -1],
          [-5, 5],
        ]
        for (const [offset, length] of reads) {
          await scene.rpc('supervisor.readProcessStdoutLog', 'plain', offset, length)
          await scene.rpc('supervisor.tailProcessStdoutLog', 'plain', offset, length)
        }
        await scene.rpc('supervisor.readProcessLog', 'plain', 0, 3)
        await scene.rpc('supervisor.tailProcessLog', 'plain', 0, 3)
        await scene.rpc('supervisor.readProcessStderrLog', 'plain', 0, 0)
        await scene.rpc('supervisor.tailProcessStderrLog', 'plain', 0, 100)
        for (const method of ['readProcessStdoutLog', 'readProcessStderrLog', 'tailProcessStdoutLog'])
          for (const name of ['nosuch', 'plain:nosuch', 'plain:*', ''])
            await scene.rpc(`supervisor.${method}`, name, 0, 0)
        await scene.session(
          'tail plain',
          'tail -5 plain',
          'tail -100 plain stdout',
          'tail plain stderr',
          'tail plain nosuch',
          'tail -x plain',
          'tail nosuch',
          'tail',
          'tail plain stdout more',
          'clear plain',
          'tail plain',
        )
        await echo(scene, 'plain', 'five\n')
        scene.seeFile('plain.out')
        await scene.ctl('stop', 'plain')
        await scene.ctl('tail', 'plain')
        await start(scene, 'plain')
        await echo(scene, 'plain', 'six\n')
        scene.seeFile('plain.out')
        scene.seeFile('plain.err')
      },
      'files that grow are rotated': async (scene) => {
        await start(scene, 'small', 'nobackup', 'endless')
        for (const round of [1, 2, 3, 4, 5, 6, 7]) {
          for (const name of ['small', 'nobackup', 'endless'])
            await echo(scene, name, `${name} ${round} ${'.'.repeat(40 + round)}\n`)
          scene.seeFiles('.', /^(?:small|nobackup|endless)\.out/)
        }
        for (const file of ['small.out', 'small.out.1', 'small.out.2', 'nobackup.out']) scene.seeFile(file)
        await echo(scene, 'small', `${'x'.repeat(250)}\n`)
        await scene.until('the end of the line', () =>
          ['small.out', 'small.out.1'].some((file) => scene.read(file).endsWith('x\n')),
        )
        await scene.ask('supervisor.getState')
        scene.seeFiles('.', /^small\.out/)
        await scene.ctl('clear', 'small')
        scene.seeFiles('.', /^small\.out/)
      },
      'no file, and one that is named for them': async (scene) => {
        await start(scene, 'none')
        await scene.rpc('supervisor.startProcess', 'auto')
        await scene.rpc('supervisor.sendProcessStdin', 'none', 'lost\n')
        await scene.rpc('supervisor.readProcessStdoutLog', 'none', 0, 0)
        await scene.rpc('supervisor.tailProcessStdoutLog', 'none', 0, 10)
        await scene.ctl('tail', 'none')
        await scene.ctl('clear', 'none')
        await scene.rpc('supervisor.getProcessInfo', 'none')
        await scene.untilState('auto', 'EXITED')
        await scene.rpc('supervisor.getProcessInfo', 'auto')
        await scene.ctl('tail', 'auto')
        await scene.ctl('tail', 'auto', 'stderr')
        scene.seeFiles('log', /^auto-/)
        await scene.rpc('supervisor.startProcess', 'auto')
        await scene.untilState('auto', 'EXITED')
        await scene.ctl('tail', 'auto')
        await scene.ctl('stop', 'none')
      },
      'both outputs, apart and together': async (scene) => {
        for (const name of ['both', 'joined', 'filename']) await scene.rpc('supervisor.startProcess', name)
        for (const name of ['both', 'joined', 'filename']) {
          await scene.untilState(name, 'EXITED')
          await scene.until('its log to be there', () => scene.exists(`${name}.out`))
          scene.seeFile(`${name}.out`)
          scene.seeFile(`${name}.err`)
        }
        await scene.rpc('supervisor.readProcessStderrLog', 'joined', 0, 0)
        await scene.rpc('supervisor.getProcessInfo', 'joined')
      },
      'colours are left out': async (scene) => {
        await start(scene, 'colours')
        await echo(scene, 'colours', '\\033[31mred\\033[0m \\033[1;32mgreen\\033[m \\033[2Jcleared\n')
        await echo(scene, 'colours', 'no end \\033[\n')
        await echo(scene, 'colours', '31mof it\\033[0m\n')
        scene.seeFile('colours.out')
      },
    },
  },
  {
    name: 'the output of the daemon',
    config: configured(
      program('loud', 'DIR/bin/loud', 'stdout_logfile_maxbytes=0\nstderr_logfile_maxbytes=0')
        .replace('DIR/loud.out', '/dev/stdout')
        .replace('DIR/loud.err', '/dev/stderr'),
    ),
    files: { 'bin/loud': shell('echo "a loud word"; echo "another" >&2; sleep 0.5') },
    scenes: {
      'has that of a program': async (scene) => {
        await scene.rpc('supervisor.startProcess', 'loud')
        await scene.untilState('loud', 'EXITED')
        await scene.untilText('stdout', 'a loud word')
        await scene.untilText('stderr', 'another')
        await scene.rpc('supervisor.getProcessInfo', 'loud')
      },
    },
  },
  {
    name: 'files that are moved away',
    config: configured([cat('moved', ''), cat('cleared', ''), cat('third', '')].join('')),
    scenes: {
      'USR2 opens them again, clear makes them anew': async (scene) => {
        await start(scene, 'moved', 'cleared')
        await echo(scene, 'moved', 'before\n')
        await scene.act('the logs are moved', () => {
          renameSync(scene.path('moved.out'), scene.path('moved.old'))
          renameSync(scene.path('supervisord.log'), scene.path('supervisord.old'))
        })
        await echo(scene, 'moved', 'before the signal\n', 'moved.old')
        await scene.signalDaemon('SIGUSR2')
        await scene.untilSaid(/^supervisord logreopen/)
        await scene.until('the log to be there', () => scene.exists('supervisord.log') && scene.exists('moved.out'))
        await echo(scene, 'moved', 'the new one\n')
        scene.seeFile('moved.old')
        scene.seeFile('moved.out')
        scene.seeSaid(/reopen/)
        await echo(scene, 'cleared', 'away\n')
        await scene.act('the logs are moved again', () => renameSync(scene.path('moved.out'), scene.path('moved.old')))
        await scene.ctl('clear', 'moved', 'cleared', 'nosuch')
        await scene.ctl('clear', 'moved:*')
        await scene.ctl('clear', 'third')
        await scene.ctl('clear')
        await echo(scene, 'moved', 'after all\n')
        await scene.ctl('clear', 'all')
        await scene.rpc('supervisor.clearProcessLogs', 'moved')
        await scene.rpc('supervisor.clearProcessLog', 'third')
        await scene.rpc('supervisor.clearProcessLogs', 'nosuch')
        await scene.rpc('supervisor.clearAllProcessLogs')
        scene.seeFiles('.', /^(?:moved|cleared|third)\./)
      },
    },
  },
  {
    name: 'the log of the daemon',
    config: configured(cat('one', '')),
    scenes: {
      'is read, followed and cleared': async (scene) => {
        await scene.act('wait for its first lines', () => scene.untilText('supervisord.log', 'started with pid'))
        // Behind the time.
        await scene.rpc('supervisor.readLog', 24, 10)
        await scene.rpc('supervisor.readLog', 0, -1)
        await scene.rpc('supervisor.readLog', -5, 5)
        await scene.rpc('supervisor.readMainLog', 100000, 0)
        await scene.ctl('maintail', '-200')
        await scene.ctl('maintail', '-x')
        await scene.ctl('maintail', 'x')
        await scene.ctl('maintail', '-f', 'x')
        await scene.rpc('supervisor.clearLog')
        await scene.ctl('maintail')
        await start(scene, 'one')
        await scene.ctl('maintail')
      },
    },
  },
])
