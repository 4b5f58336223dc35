import { conform, type Scenario } from './conform.ts'
import { seeFacts } from './facts.ts'
import { fifo, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { waiting, witness } from './services.ts'

/** What whoever starts the supervisor leaves to it, and what of that a service gets to see. */
const scenarios: readonly Scenario[] = [
  {
    name: 'a service, its logger, its finish and a control script',
    services: {
      heir: {
        run: shell('exec sleep 86400'),
        finish: waiting('finish'),
        go: fifo,
        'control/h': waiting('control/h'),
        'log/run': shell('exec cat >/dev/null'),
      },
    },
    async run(scene) {
      const { pid } = await scene.untilStatus('heir', { state: 'run' })
      await scene.untilBecome(pid, /^sleep/)
      const logger = await scene.untilStatus('heir/log', { state: 'run' })
      await scene.untilBecome(logger.pid, /^cat/)
      seeFacts(scene, 'run', pid)
      seeFacts(scene, 'log/run', logger.pid)
      scene.send('heir', 'h')
      await scene.untilNoted('heir', /^control/)
      const control = Number(/pid=(\d+)/.exec(scene.notes('heir')[0]!)?.[1])
      await untilItWaits(scene, control)
      seeFacts(scene, 'control/h', control)
      await scene.letGo('heir')
      scene.send('heir', 'd')
      await scene.untilFinishing('heir')
      const finish = scene.status('heir')!.pid
      await untilItWaits(scene, finish)
      seeFacts(scene, 'finish', finish)
      await scene.letGo('heir')
      await scene.untilStatus('heir', { state: 'down' })
    },
  },
  {
    name: 'files below supervise/ under another umask',
    services: { masked: witness() },
    async run(scene) {
      const pid = await scene.untilStarted('masked')
      scene.seeFiles('masked')
      scene.send('masked', 't')
      await scene.untilStarted('masked', pid)
      scene.seeFiles('masked')
      scene.see('masked')
    },
  },
]

/** A script has its descriptors back some moments after its note, and then waits to be let go. */
async function untilItWaits(scene: Scene, pid: number): Promise<void> {
  await scene.untilBecome(pid, /^\/bin\/sh /)
}

conform('inherited', scenarios, {
  wrapper: [
    'sh',
    '-c',
    'trap "" INT USR1 PIPE; ulimit -Sn 777; ulimit -Sc 4096; umask 027; exec "$@" 7</dev/null',
    'sh',
  ],
  environment: {
    LANG: 'C.UTF-8',
    EMPTY: '',
    BLANKS: ' two  blanks ',
    LINES: 'one\ntwo',
    'odd-name': 'odd',
    NODE_OPTIONS: '--max-old-space-size=200',
    NOTIFY_SOCKET: '/nowhere',
    LISTEN_FDS: '1',
    SHLVL: '7',
  },
})
