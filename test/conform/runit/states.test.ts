import { unlinkSync } from 'node:fs'
import { conform, type Scenario } from './conform.ts'
import { fifo, file, shell } from './files.ts'
import { logged, notingFinish, waiting, witness } from './services.ts'

/** Every state a service can be in, as the files of supervise/ and the clients show it. */
const scenarios: readonly Scenario[] = [
  {
    name: 'up, down, up again',
    services: { updown: witness() },
    async run(scene) {
      const first = await scene.untilStarted('updown')
      scene.see('updown')
      scene.seeFiles('updown')
      await scene.sv('status', 'updown')
      await scene.sv('down', 'updown')
      await scene.untilStatus('updown', { state: 'down' })
      scene.see('updown')
      scene.seeFiles('updown')
      await scene.sv('status', 'updown')
      await scene.sv('up', 'updown')
      await scene.untilStarted('updown', first)
      scene.see('updown')
      scene.seeNotes('updown')
    },
  },
  {
    name: 'down from the start, because there is a file named down',
    services: { normallydown: { ...witness(), down: file('') } },
    async run(scene) {
      await scene.untilStatus('normallydown', { state: 'down' })
      await scene.until('the supervisor to listen', () => scene.isSupervised('normallydown'))
      scene.see('normallydown')
      scene.seeFiles('normallydown')
      await scene.sv('status', 'normallydown')
      await scene.sv('up', 'normallydown')
      const pid = await scene.untilStarted('normallydown')
      scene.see('normallydown')
      await scene.sv('status', 'normallydown')
      scene.kill('normallydown')
      await scene.untilStarted('normallydown', pid)
      scene.see('normallydown')
      scene.act('the file down is removed', () => unlinkSync(scene.path('normallydown/down')))
      await scene.sv('status', 'normallydown')
      await scene.sv('down', 'normallydown')
      await scene.untilStatus('normallydown', { state: 'down' })
      scene.see('normallydown')
      await scene.sv('status', 'normallydown')
      scene.seeNotes('normallydown')
    },
  },
  {
    name: 'once, while it runs and while it is down',
    services: { once: witness() },
    async run(scene) {
      const first = await scene.untilStarted('once')
      await scene.sv('once', 'once')
      await scene.untilStatus('once', { want: 'd' })
      scene.see('once')
      await scene.sv('status', 'once')
      scene.order('once', 'exit 1')
      await scene.untilStatus('once', { state: 'down' })
      scene.see('once')
      await scene.sv('status', 'once')
      await scene.sv('once', 'once')
      await scene.untilStarted('once', first)
      scene.see('once')
      await scene.sv('status', 'once')
      scene.order('once', 'die 9')
      await scene.untilStatus('once', { state: 'down' })
      scene.see('once')
      scene.seeNotes('once')
    },
  },
  {
    name: 'paused, and continued',
    services: { paused: witness() },
    async run(scene) {
      const pid = await scene.untilStarted('paused')
      await scene.sv('pause', 'paused')
      await scene.untilStatus('paused', { paused: 1 })
      await scene.until('the process to stand still', () => scene.processState(pid) === 'T')
      scene.see('paused')
      await scene.sv('status', 'paused')
      await scene.sv('cont', 'paused')
      await scene.untilStatus('paused', { paused: 0 })
      await scene.untilNoted('paused', /^got CONT$/)
      scene.see('paused')
      await scene.sv('status', 'paused')
      scene.seeNotes('paused')
    },
  },
  {
    name: 'paused and wanted down: it is continued to act on TERM',
    services: { pausedown: witness() },
    async run(scene) {
      await scene.untilStarted('pausedown')
      await scene.sv('pause', 'pausedown')
      await scene.untilStatus('pausedown', { paused: 1 })
      await scene.sv('down', 'pausedown')
      await scene.untilStatus('pausedown', { state: 'down' })
      scene.see('pausedown')
      await scene.sv('status', 'pausedown')
      scene.seeNotes('pausedown')
    },
  },
  {
    name: 'paused while it is down',
    services: { pausedwhiledown: { ...witness(), down: file('') } },
    async run(scene) {
      await scene.until('the supervisor to listen', () => scene.isSupervised('pausedwhiledown'))
      scene.send('pausedwhiledown', 'pu')
      await scene.untilStarted('pausedwhiledown')
      scene.see('pausedwhiledown')
      await scene.sv('status', 'pausedwhiledown')
      scene.seeNotes('pausedwhiledown')
    },
  },
  {
    name: 'TERM is pending, and is taken back by up',
    services: { stubborn: witness('-i') },
    async run(scene) {
      const first = await scene.untilStarted('stubborn')
      await scene.sv('down', 'stubborn')
      await scene.untilAsked('stubborn')
      scene.see('stubborn')
      await scene.sv('status', 'stubborn')
      await scene.sv('down', 'stubborn')
      scene.see('stubborn')
      await scene.sv('up', 'stubborn')
      await scene.untilStatus('stubborn', { want: 'u' })
      scene.see('stubborn')
      await scene.sv('status', 'stubborn')
      scene.kill('stubborn')
      await scene.untilStarted('stubborn', first)
      scene.see('stubborn')
      scene.seeNotes('stubborn')
    },
  },
  {
    name: 'finish runs, then the next run',
    services: { finishing: { ...witness(), finish: waiting('finish'), go: fifo } },
    async run(scene) {
      const first = await scene.untilStarted('finishing')
      scene.order('finishing', 'exit 7')
      await scene.untilFinishing('finishing')
      scene.see('finishing')
      await scene.sv('status', 'finishing')
      await scene.letGo('finishing')
      await scene.untilStarted('finishing', first)
      scene.see('finishing')
      scene.seeNotes('finishing')
    },
  },
  {
    name: 'finish runs, and nothing that is said meanwhile reaches it',
    services: { busyfinish: { ...witness(), finish: waiting('finish'), go: fifo } },
    async run(scene) {
      const first = await scene.untilStarted('busyfinish')
      await scene.sv('down', 'busyfinish')
      await scene.untilFinishing('busyfinish')
      scene.see('busyfinish')
      await scene.sv('status', 'busyfinish')
      await scene.sv('up', 'busyfinish')
      await scene.untilStatus('busyfinish', { want: 'u' })
      scene.see('busyfinish')
      for (const command of ['hup', 'term', 'alarm', '1']) await scene.sv(command, 'busyfinish')
      await scene.sv('down', 'busyfinish')
      await scene.untilStatus('busyfinish', { want: 'd' })
      scene.see('busyfinish')
      await scene.letGo('busyfinish')
      await scene.untilStatus('busyfinish', { state: 'down' })
      scene.see('busyfinish')
      await scene.sv('status', 'busyfinish')
      await scene.sv('up', 'busyfinish')
      await scene.untilStarted('busyfinish', first)
      scene.seeNotes('busyfinish')
    },
  },
  {
    name: 'waiting out the second after an early exit',
    services: { throttled: witness('', '[ -e stay ] || exit 1\n') },
    async run(scene) {
      await scene.inPause('throttled', async () => {
        scene.see('throttled')
        await scene.sv('status', 'throttled')
      })
      scene.write('throttled', { stay: file('') })
      await scene.untilStarted('throttled')
      await scene.sv('status', 'throttled')
      scene.seeNotes('throttled')
    },
  },
  {
    name: 'exit is wanted of one that does not end, and then it is started anew',
    services: { leaving: { ...witness('-i'), finish: notingFinish } },
    async run(scene) {
      const first = await scene.untilStarted('leaving')
      await scene.sv('exit', 'leaving')
      await scene.untilAsked('leaving')
      scene.see('leaving')
      await scene.sv('status', 'leaving')
      scene.kill('leaving')
      await scene.untilStarted('leaving', first)
      scene.see('leaving')
      await scene.sv('status', 'leaving')
      scene.seeNotes('leaving')
    },
  },
  {
    name: 'the clock of a status',
    services: { clock: witness() },
    async run(scene) {
      await scene.untilStarted('clock')
      const { nanoseconds } = scene.status('clock')!
      // Microseconds, and half of one more.
      scene.seeText('nanoseconds beyond a microsecond', String(nanoseconds % 1000))
    },
  },
  {
    name: 'a logger has states of its own',
    services: { withlog: logged(witness()), downlog: logged({ ...witness(), 'log/down': file('') }) },
    async run(scene) {
      await scene.untilStarted('withlog')
      const pid = await scene.untilLogs('withlog')
      await scene.untilStarted('downlog')
      await scene.untilStatus('downlog/log', { state: 'down' })
      await scene.until('the supervisor to listen', () => scene.isSupervised('downlog/log'))
      scene.see('withlog')
      scene.see('withlog/log')
      scene.seeFiles('withlog/log')
      await scene.sv('status', 'withlog', 'withlog/log')
      for (const [command, expected] of [
        ['pause', { paused: 1 }],
        ['cont', { paused: 0 }],
        ['down', { state: 'down' }],
      ] as const) {
        await scene.sv(command, 'withlog/log')
        await scene.untilStatus('withlog/log', expected)
        scene.see('withlog/log')
        await scene.sv('status', 'withlog')
      }
      await scene.sv('up', 'withlog/log')
      await scene.untilStatus('withlog/log', { state: 'run', pidAfter: pid })
      scene.see('withlog')
      scene.see('withlog/log')
      // It ends with its service only.
      scene.send('withlog/log', 'xp')
      await scene.untilStatus('withlog/log', { paused: 1 })
      scene.see('withlog/log')

      scene.see('downlog')
      scene.see('downlog/log')
      await scene.sv('status', 'downlog')
      await scene.sv('up', 'downlog/log')
      await scene.untilStatus('downlog/log', { state: 'run' })
      scene.see('downlog/log')
      await scene.sv('status', 'downlog/log')
    },
  },
  {
    name: 'a logger that ignores TERM, and one that is killed',
    services: {
      odd: {
        ...witness(),
        'log/run': shell('cd ..; mkdir -p ear; cd ear; [ -p orders ] || mkfifo orders; exec witness -i'),
      },
    },
    async run(scene) {
      await scene.untilStarted('odd')
      const { pid } = await scene.untilStatus('odd/log', { state: 'run' })
      await scene.until('the start of the logger', () => scene.notes('odd/ear').length > 0)
      await scene.sv('down', 'odd/log')
      await scene.untilStatus('odd/log', { gotTerm: 1 })
      scene.see('odd/log')
      await scene.sv('status', 'odd')
      await scene.sv('up', 'odd/log')
      await scene.untilStatus('odd/log', { want: 'u' })
      scene.see('odd/log')
      scene.kill('odd/log')
      await scene.untilStatus('odd/log', { state: 'run', pidAfter: pid })
      scene.see('odd/log')
      scene.see('odd')
    },
  },
]

conform('states', scenarios)
