import { readdirSync } from 'node:fs'
import { environmentOf, readProc } from '../../real/processes.ts'
import { conform, type Scenario } from './conform.ts'
import { seeFacts } from './facts.ts'
import { directory, fifo, file, link, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { logged, notingFinish, waiting, witness } from './services.ts'
import { readLogDirectory } from './svlogd-files.ts'

/** Service directories as packages and people write them. */
const scenarios: readonly Scenario[] = [
  {
    name: 'a program that knows nothing of supervisors',
    services: { plain: { run: shell('exec 2>&1\necho "plain begins"\nexec sleep 86400') } },
    async run(scene) {
      const { pid } = await scene.untilStatus('plain', { state: 'run' })
      await scene.untilBecome(pid, /^sleep/)
      scene.see('plain')
      seeFacts(scene, 'plain', pid)
    },
  },
  {
    name: 'a program with a logger',
    services: {
      logging: {
        ...logged({ run: shell('exec 2>&1\necho out\necho err >&2\nexec sleep 86400') }, '-tt'),
        finish: shell('echo "finish says $*"'),
      },
    },
    async run(scene) {
      const { pid } = await scene.untilStatus('logging', { state: 'run' })
      const logger = await scene.untilLogs('logging')
      await scene.untilBecome(pid, /^sleep/)
      await scene.until('two lines', () => linesOf(scene.path('logging/log/main')).length === 2)
      scene.see('logging')
      scene.see('logging/log')
      seeFacts(scene, 'service', pid)
      seeFacts(scene, 'logger', logger)
      await scene.sv('down', 'logging')
      await scene.untilStatus('logging', { state: 'down' })
      await scene.until('what finish says', () => linesOf(scene.path('logging/log/main')).length === 3)
      for (const line of linesOf(scene.path('logging/log/main'))) scene.seeText('log', line)
      scene.see('logging/log')
    },
  },
  {
    name: 'log/run is a link to a script that all share',
    services: {
      'shared-log': {
        run: shell('echo "from shared-log"\nexec sleep 86400'),
        'log/run': link('../../../bin/shared-logger'),
      },
    },
    files: {
      'bin/shared-logger': shell('mkdir -p ./current-log\nexec svlogd ./current-log'),
    },
    async run(scene) {
      await scene.until('a line', () => linesOf(scene.path('shared-log/log/current-log')).length === 1)
      await untilBothRun(scene, 'shared-log')
      scene.seeText('log', linesOf(scene.path('shared-log/log/current-log')).join())
      await scene.sv('status', 'shared-log')
    },
  },
  {
    name: 'log is a link to a directory elsewhere',
    services: { 'linked-log': { run: shell('echo hello\nexec sleep 86400'), log: link('../../elsewhere-log') } },
    files: { 'elsewhere-log/run': shell('exec cat >>lines') },
    async run(scene) {
      await scene.until('a line', () => scene.read('linked-log/log/lines') === 'hello\n')
      await untilBothRun(scene, 'linked-log')
      scene.see('linked-log/log')
      await scene.sv('status', 'linked-log')
    },
  },
  {
    name: 'run is a link to a script that serves several',
    services: {
      'agetty-one': { run: link('../../bin/agetty-generic'), orders: fifo },
      'agetty-two': { run: link('../../bin/agetty-generic'), orders: fifo },
    },
    files: { 'bin/agetty-generic': shell('echo "$0 as $(basename "$PWD")" >>notes\nexec witness') },
    async run(scene) {
      for (const service of ['agetty-one', 'agetty-two']) {
        await scene.untilStarted(service)
        scene.see(service)
        scene.seeNotes(service)
      }
    },
  },
  {
    name: 'conf is sourced',
    services: {
      conf: {
        ...witness('', '[ -r conf ] && . ./conf\nexec 2>&1\necho "OPTIONS=$OPTIONS NICE=$NICE." >>notes\n'),
        conf: file('OPTIONS="-a -b"\nexport NICE=5\n'),
      },
    },
    async run(scene) {
      const first = await scene.untilStarted('conf')
      scene.write('conf', { conf: file('OPTIONS=changed\n') })
      scene.order('conf', 'exit 0')
      await scene.untilStarted('conf', first)
      scene.seeNotes('conf')
    },
  },
  {
    name: 'env/ is read by chpst -e',
    services: {
      envdir: {
        run: shell('exec chpst -e ./env sleep 86400'),
        'env/GREETING': file('hello world  \nmore\n'),
        'env/HOME': file(''),
        'env/EMPTY': file('\n'),
      },
    },
    async run(scene) {
      const { pid } = await scene.untilStatus('envdir', { state: 'run' })
      await scene.untilBecome(pid, /^sleep/)
      const { GREETING, EMPTY, HOME } = environmentOf(pid) ?? {}
      scene.seeText('environment', JSON.stringify({ GREETING, EMPTY, HOME: HOME ?? 'not set' }))
    },
  },
  {
    name: 'chpst gives it a user, limits, a name and a session',
    services: {
      chpst: { run: shell('exec 2>&1\nexec chpst -P -u nobody -o 64 -c 0 -n 3 -b own-name sleep 86400') },
    },
    async run(scene) {
      const { pid } = await scene.untilStatus('chpst', { state: 'run' })
      await scene.untilBecome(pid, /^own-name/)
      seeFacts(scene, 'chpst', pid)
      await scene.sv('stop', 'chpst')
      scene.see('chpst')
    },
  },
  {
    name: 'a dependency by sv check, which comes up later',
    services: {
      database: { ...witness(), down: file('') },
      website: witness('', 'sv -w 1 check database >>checks || exit 1\n[ -e ../database/ready ] || exit 1\n'),
    },
    async run(scene) {
      const checks = (word: string) =>
        scene
          .read('website/checks')
          .split('\n')
          .find((line) => line.startsWith(word))
      const ofOneThatIsDown = await scene.until('a try that fails', () => checks('ok: down'))
      scene.seeText('sv check says', ofOneThatIsDown)
      await scene.sv('up', 'database')
      await scene.untilStarted('database')
      scene.write('database', { ready: file('') })
      await scene.untilStarted('website')
      // When its last try began is a matter of chance.
      await scene.sv('status', 'website')
      scene.seeText(
        'sv check says',
        scene
          .read('website/checks')
          .split('\n')
          .at(-2)!
          .replace(/\d+s|\d+\)/g, 'N'),
      )
    },
  },
  {
    name: 'a dependency by sv start',
    services: {
      'start-other': { ...witness(), down: file('') },
      starter: witness('', 'sv start start-other >/dev/null || exit 1\n'),
    },
    async run(scene) {
      await scene.untilStarted('start-other')
      await scene.untilStarted('starter')
      scene.see('starter')
      scene.see('start-other')
      scene.seeNotes('start-other')
    },
  },
  {
    name: 'a service that runs once: sv down on itself',
    services: { 'oneshot-down': { run: shell('echo "did it" >>notes\nexec sv down "$PWD"'), finish: notingFinish } },
    async run(scene) {
      await scene.untilNoted('oneshot-down', /^finish/)
      await scene.untilStatus('oneshot-down', { state: 'down', want: 'd' })
      scene.see('oneshot-down')
      await scene.sv('status', 'oneshot-down')
      // Whether the client itself is what TERM ends is a matter of chance.
      scene.seeNotes('oneshot-down', { except: /^finish 2 (?:0 0|-1 15)$/ })
    },
  },
  {
    name: 'a service that runs once: sv once on itself',
    services: { 'oneshot-once': { run: shell('sv once .\necho "did it" >>notes\nexit 3'), finish: notingFinish } },
    async run(scene) {
      await scene.untilNoted('oneshot-once', /^finish/)
      await scene.untilStatus('oneshot-once', { state: 'down', want: 'd' })
      scene.see('oneshot-once')
      scene.seeNotes('oneshot-once')
    },
  },
  {
    name: 'a service that runs once, and pauses behind it under its own name',
    services: { 'oneshot-pause': { run: shell('echo "did it" >>notes\nexec chpst -b oneshot-pause sleep 86400') } },
    async run(scene) {
      const { pid } = await scene.untilStatus('oneshot-pause', { state: 'run' })
      await scene.untilBecome(pid, /^oneshot-pause/)
      scene.seeText('arguments', (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' '))
      await scene.sv('stop', 'oneshot-pause')
      scene.see('oneshot-pause')
      scene.seeNotes('oneshot-pause')
    },
  },
  {
    name: 'supervise is a dangling link into a directory for temporary files',
    services: {
      temporary: {
        ...logged(witness()),
        supervise: link('../../run/supervise.temporary'),
        'log/supervise': link('../../../run/supervise.temporary.log'),
      },
    },
    async run(scene) {
      await scene.untilStarted('temporary')
      await scene.untilStatus('temporary/log', { state: 'run' })
      scene.seeFiles('temporary')
      for (const name of readdirSync(`${scene.side.directory}/run`).toSorted()) scene.seeText('run/', name)
      await scene.sv('status', 'temporary')
    },
  },
  {
    name: 'log is a directory without run',
    services: { 'log-without-run': { ...witness(), log: directory() } },
    async run(scene) {
      const pid = await scene.untilStarted('log-without-run')
      await scene.inPause('log-without-run/log', async () => {
        scene.see('log-without-run')
        scene.see('log-without-run/log')
        await scene.sv('status', 'log-without-run')
      })
      scene.seeText('the service', scene.status('log-without-run')!.pid === pid ? 'runs on' : 'was started anew')
      await scene.untilSaid('log-without-run')
      scene.seeSaid('log-without-run')
      scene.write('log-without-run', { 'log/run': shell('exec cat >lines') })
      await scene.until('its logger', () => scene.status('log-without-run/log')?.state === 'run')
      await scene.until('the logger to stay', () => scene.exists('log-without-run/log/lines'))
      scene.order('log-without-run', 'say late')
      await scene.until('a line', () => scene.read('log-without-run/log/lines') === 'late\n')
    },
  },
  {
    name: 'log is a file',
    services: { 'log-is-file': { ...witness(), log: file('') } },
    async run(scene) {
      await scene.untilStarted('log-is-file')
      scene.see('log-is-file')
      await scene.sv('status', 'log-is-file')
      await scene.sv('status', 'log-is-file/log')
      await scene.untilSaid('log-is-file')
      scene.seeSaid('log-is-file')
    },
  },
  {
    name: 'a logger that cannot be started, and one that ends at once',
    services: {
      'log-mute': { ...witness(), 'log/run': file('#!/bin/sh\n') },
      'log-ends': { ...witness(), 'log/run': shell('exit 3') },
    },
    async run(scene) {
      for (const service of ['log-mute', 'log-ends']) {
        await scene.untilStarted(service)
        await scene.inPause(`${service}/log`, () => {
          scene.see(service)
          scene.see(`${service}/log`)
        })
        if (service === 'log-mute') await scene.untilSaid(service)
        scene.seeSaid(service)
      }
    },
  },
  {
    name: 'a child outlives run and keeps its output open',
    services: {
      parent: logged(witness('', '[ -e child ] || { sleep 86400 & echo "$!" >child; }\n')),
    },
    async run(scene) {
      const first = await scene.untilStarted('parent')
      const child = Number(scene.read('parent/child'))
      await scene.untilLogs('parent')
      scene.order('parent', 'exit 0')
      await scene.untilStarted('parent', first)
      scene.seeText('the child', scene.processState(child) === null ? 'is gone' : 'lives')
      scene.see('parent')
      await scene.sv('stop', 'parent')
      scene.see('parent')
      scene.seeText('the child', scene.processState(child) === null ? 'is gone' : 'lives')
      scene.see('parent/log')
      scene.unlink('parent')
      // Its logger waits for the last writer.
      await scene.untilStatus('../sv/parent/log', { want: 'd' })
      scene.see('../sv/parent')
      scene.see('../sv/parent/log')
      await scene.sv('status', scene.path('../sv/parent'))
      scene.act('the child is killed', () => process.kill(child, 'SIGKILL'))
      await scene.untilUnsupervised('../sv/parent')
      scene.see('../sv/parent/log')
    },
  },
  {
    name: 'a run that forks and leaves is started again and again',
    services: { forker: { run: shell('echo start >>notes\nsleep 86400 &\nexit 0'), finish: notingFinish } },
    async run(scene) {
      await scene.untilNoted('forker', /^finish/, 3)
      await scene.sv('down', 'forker')
      await scene.untilStatus('forker', { state: 'down', want: 'd' })
      scene.seeText('the first notes', scene.notes('forker').slice(0, 4).join('; '))
    },
  },
  {
    name: 'a script that calls a program without exec: TERM ends the script alone',
    services: { noexec: { run: shell('echo "script pid=$$" >>notes\nwitness -i'), orders: fifo } },
    async run(scene) {
      await scene.untilStatus('noexec', { state: 'run' })
      await scene.untilNoted('noexec', /^start/)
      const program = Number(/pid=(\d+)/.exec(scene.notes('noexec')[1]!)?.[1])
      await scene.sv('stop', 'noexec')
      scene.see('noexec')
      scene.seeText('the program', scene.processState(program) === null ? 'is gone' : 'lives')
      scene.seeNotes('noexec')
    },
  },
  {
    name: 'output without a logger goes where that of the supervisor goes',
    services: {
      talker: {
        ...witness('', 'echo "talker on stdout"\necho "talker on stderr" >&2\n'),
        finish: shell('echo "talker ends"'),
      },
    },
    async run(scene) {
      await scene.untilStarted('talker')
      await scene.sv('stop', 'talker')
      const words = ['on stdout', 'on stderr', 'ends']
      await scene.until('all its words', () => words.every((word) => scene.side.said().includes(`talker ${word}\n`)))
      scene.seeSaid('talker')
    },
  },
  {
    name: 'stderr that is not redirected passes the logger by',
    services: {
      'stderr-apart': {
        run: shell('echo "into the log"\necho "stderr-apart past the log" >&2\nexec sleep 86400'),
        'log/run': shell('echo "stderr-apart of the logger" >&2\nexec cat >>lines'),
      },
    },
    async run(scene) {
      await scene.until('a line', () => scene.read('stderr-apart/log/lines') !== '')
      await scene.until('messages', () => scene.side.said().includes('stderr-apart of the logger'))
      await scene.until('messages', () => scene.side.said().includes('stderr-apart past the log'))
      scene.seeText('log', scene.read('stderr-apart/log/lines'))
    },
  },
  {
    name: 'control scripts and finish write into the log',
    services: {
      'all-log': {
        ...witness(),
        finish: shell('echo "finish on stdout"'),
        'control/h': shell('echo "control/h on stdout"; exit 0'),
        'control/u': shell('echo "control/u on stdout"'),
        'log/run': shell('exec cat >>lines'),
      },
    },
    async run(scene) {
      const first = await scene.untilStarted('all-log')
      scene.send('all-log', 'h')
      await scene.until('the line', () => scene.read('all-log/log/lines').includes('control/h'))
      scene.order('all-log', 'say run on stdout')
      await scene.until('the line', () => scene.read('all-log/log/lines').includes('run on stdout'))
      scene.order('all-log', 'exit 0')
      await scene.untilStarted('all-log', first)
      await scene.until('the lines', () => scene.read('all-log/log/lines').split('control/u').length === 3)
      scene.seeText('log', scene.read('all-log/log/lines'))
    },
  },
  {
    name: '/dev/stdout and /dev/stderr can be opened',
    services: {
      devices: {
        run: shell('echo "by its device" >/dev/stdout\necho "by its descriptor" >/proc/self/fd/1\nexec sleep 86400'),
        'log/run': shell('exec cat >>lines'),
      },
    },
    async run(scene) {
      await scene.until('both lines', () => scene.read('devices/log/lines').split('\n').length === 3)
      scene.seeText('log', scene.read('devices/log/lines'))
    },
  },
  {
    name: 'a service without anything in it',
    services: { bare: {} },
    async run(scene) {
      await scene.inPause('bare', async () => {
        scene.see('bare')
        await scene.sv('status', 'bare')
      })
      await scene.untilSaid('bare')
      scene.seeSaid('bare')
      scene.write('bare', { orders: fifo, run: shell('exec witness') })
      await scene.untilStarted('bare')
      scene.see('bare')
    },
  },
  {
    name: 'run is replaced while it runs',
    services: { replaced: witness() },
    async run(scene) {
      const first = await scene.untilStarted('replaced')
      scene.write('replaced', { run: shell('echo "another script" >>notes\nexec witness') })
      scene.order('replaced', 'exit 0')
      await scene.untilStarted('replaced', first)
      scene.seeNotes('replaced')
    },
  },
  {
    name: 'a slow finish holds up the logger’s end',
    services: { 'slow-end': logged({ ...witness(), finish: waiting('finish'), go: fifo }) },
    async run(scene) {
      await scene.untilStarted('slow-end')
      await scene.untilLogs('slow-end')
      scene.unlink('slow-end')
      const service = '../sv/slow-end'
      await scene.untilFinishing(service)
      scene.see(service)
      scene.see(`${service}/log`)
      await scene.letGo(service)
      await scene.untilUnsupervised(service)
      scene.see(service)
      scene.see(`${service}/log`)
      scene.seeNotes(service)
    },
  },
]

/** Their output may be there before the supervisor has written that they run. */
async function untilBothRun(scene: Scene, service: string): Promise<void> {
  await scene.untilStatus(service, { state: 'run' })
  await scene.untilStatus(`${service}/log`, { state: 'run' })
}

/** Stamps of svlogd are as many characters each time. */
function linesOf(path: string): readonly string[] {
  return readLogDirectory(path).map((line) => line.replace(/^\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} /, 'STAMP '))
}

conform('directories', scenarios)
