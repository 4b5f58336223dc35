import { conform, type Scenario } from './conform.ts'
import { type Entry, type Files, fifo, file, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { notingFinish, waiting, witness } from './services.ts'

/** How a run can end, and what finish is told about it. */
const ends: Readonly<Record<string, (scene: Scene, service: string) => void>> = {
  'exit 0': (scene, service) => scene.order(service, 'exit 0'),
  'exit 5': (scene, service) => scene.order(service, 'exit 5'),
  'exit 111': (scene, service) => scene.order(service, 'exit 111'),
  'exit 255': (scene, service) => scene.order(service, 'exit 255'),
  KILL: (scene, service) => scene.kill(service),
  'TERM by a command': (scene, service) => scene.send(service, 't'),
  'KILL by a command': (scene, service) => scene.send(service, 'k'),
  SEGV: (scene, service) => scene.order(service, 'die 11'),
  PIPE: (scene, service) => scene.order(service, 'die 13'),
  'ABRT, with a core where there may be one': (scene, service) => scene.order(service, 'die 6'),
  'a real-time signal': (scene, service) => scene.order(service, 'die 40'),
}

const finishTable: readonly Scenario[] = Object.entries(ends).map(([end, cause], at) => {
  const service = `ends${at}`
  return {
    name: `finish after ${end}`,
    services: { [service]: { ...witness(), finish: notingFinish } },
    async run(scene) {
      const first = await scene.untilStarted(service)
      cause(scene, service)
      await scene.untilStarted(service, first)
      scene.see(service)
      scene.seeNotes(service)
    },
  }
})

/** Scripts that cannot be started: tried once a second, and finish is told of it. */
const unstartable: readonly Scenario[] = Object.entries<{ readonly [path: string]: Entry }>({
  'not executable': { run: file('#!/bin/sh\nexec sleep 86400\n') },
  'a directory': { 'run/file': file('') },
  missing: { orders: fifo },
  'without an interpreter line': { run: file('exec sleep 86400\n', 0o755) },
  'of an interpreter that is not there': { run: file('#!/nowhere/sh\nexec sleep 86400\n', 0o755) },
  empty: { run: file('', 0o755) },
  'a link to nothing': { run: { kind: 'link', target: 'nowhere' } },
}).map(([how, files], at) => {
  const service = `unstartable${at}`
  return {
    name: `run is ${how}`,
    services: { [service]: { ...files, finish: notingFinish } },
    async run(scene) {
      await scene.untilNoted(service, /^finish/, 2)
      await scene.inPause(service, async () => {
        scene.see(service)
        await scene.sv('status', service)
      })
      await scene.sv('down', service)
      await scene.untilStatus(service, { want: 'd', state: 'down' })
      scene.seeText('stat', scene.read(service, 'supervise/stat'))
      await scene.sv('status', service)
      scene.seeText('the first notes', scene.notes(service).slice(0, 2).join('; '))
      await scene.untilSaid(service)
      scene.seeSaid(service)
    },
  }
})

const finishes: readonly Scenario[] = [
  {
    name: 'finish is not executable',
    services: { mutefinish: { ...witness(), finish: file('#!/bin/sh\necho finish >>notes\n') } },
    async run(scene) {
      const first = await scene.untilStarted('mutefinish')
      scene.order('mutefinish', 'exit 3')
      await scene.untilStarted('mutefinish', first)
      scene.see('mutefinish')
      scene.seeNotes('mutefinish')
      scene.seeSaid('mutefinish')
    },
  },
  {
    name: 'finish that takes longer than the pause leaves none',
    services: { slowfinish: { ...witness(), finish: waiting('finish'), go: fifo } },
    async run(scene) {
      // On a machine with other work not every try tells something; one that does is enough.
      for (let tries = 1; ; tries++) {
        const rewind = scene.transcript.mark()
        const first = await scene.untilStarted('slowfinish')
        scene.order('slowfinish', 'exit 1')
        await scene.untilFinishing('slowfinish')
        await scene.untilSettled('slowfinish')
        scene.see('slowfinish')
        const letGoMs = Date.now()
        await scene.letGo('slowfinish')
        await scene.untilStarted('slowfinish', first)
        const isAtOnce = scene.status('slowfinish')!.timeMs - letGoMs < 900
        scene.seeText('the next run', isAtOnce ? 'at once' : 'after a pause')
        scene.seeNotes('slowfinish', { except: /^start/ })
        if (isAtOnce || tries === 8) return
        rewind()
      }
    },
  },
  {
    name: 'finish is killed',
    services: { killedfinish: { ...witness(), finish: waiting('finish'), go: fifo } },
    async run(scene) {
      const first = await scene.untilStarted('killedfinish')
      scene.order('killedfinish', 'exit 1')
      await scene.untilFinishing('killedfinish')
      scene.kill('killedfinish')
      await scene.untilStarted('killedfinish', first)
      scene.see('killedfinish')
      scene.seeNotes('killedfinish')
    },
  },
  {
    name: 'finish fails, and its own end is nobody’s news',
    services: { failingfinish: { ...witness(), finish: shell('echo "finish $*" >>notes; exit 7') } },
    async run(scene) {
      const first = await scene.untilStarted('failingfinish')
      await scene.sv('once', 'failingfinish')
      scene.order('failingfinish', 'exit 2')
      await scene.untilStatus('failingfinish', { state: 'down' })
      scene.see('failingfinish')
      await scene.sv('up', 'failingfinish')
      await scene.untilStarted('failingfinish', first)
      scene.seeNotes('failingfinish')
    },
  },
  {
    name: 'finish appears while the service runs',
    services: { latefinish: witness() },
    async run(scene) {
      const first = await scene.untilStarted('latefinish')
      scene.write('latefinish', { finish: notingFinish })
      scene.order('latefinish', 'exit 4')
      const second = await scene.untilStarted('latefinish', first)
      scene.order('latefinish', 'exit 5')
      await scene.untilStarted('latefinish', second)
      scene.seeNotes('latefinish')
    },
  },
  {
    name: 'a service is killed while it is asked to end: finish is told of the kill',
    services: { asked: { ...witness('-i'), finish: notingFinish } },
    async run(scene) {
      await scene.untilStarted('asked')
      await scene.sv('down', 'asked')
      await scene.untilAsked('asked')
      scene.kill('asked')
      await scene.untilStatus('asked', { state: 'down' })
      await scene.untilNoted('asked', /^finish/)
      scene.see('asked')
      scene.seeNotes('asked')
    },
  },
  {
    name: 'KILL by a command, twice: finish runs once for each run',
    services: { twicekilled: { ...witness(), finish: notingFinish } },
    async run(scene) {
      const first = await scene.untilStarted('twicekilled')
      scene.send('twicekilled', 'k')
      const second = await scene.untilStarted('twicekilled', first)
      scene.send('twicekilled', 'k')
      await scene.untilStarted('twicekilled', second)
      scene.see('twicekilled')
      scene.seeNotes('twicekilled')
    },
  },
]

/** The letters that send a signal to a process, which goes on. */
const letters: Readonly<Record<string, string>> = { c: 'CONT', h: 'HUP', a: 'ALRM', i: 'INT', q: 'QUIT', '1': 'USR1' }

const noting = 'echo "$0 $# $*" >>notes'

function controlled(scripts: Files, options = ''): Files {
  const entries = Object.entries(scripts).map(([letter, entry]) => [`control/${letter}`, entry] as const)
  return { ...witness(options), finish: notingFinish, ...Object.fromEntries(entries) }
}

function exiting(exitCode: number): Entry {
  return shell(`${noting}; exit ${exitCode}`)
}

const outcomes = { 'exits with 0': 0, 'exits with 1': 1, 'exits with 111': 111 } as const

/** Commands are obeyed in their order: once this signal has come, nothing before it is under way. */
async function untilDone(scene: Scene, service: string): Promise<void> {
  scene.send(service, '2')
  await scene.untilNoted(service, /^got USR2$/)
}

const signalControls: readonly Scenario[] = Object.entries(letters).flatMap(([letter, signal]) =>
  Object.entries(outcomes).map(([outcome, exitCode]): Scenario => {
    const service = `control-${letter}${exitCode}`
    return {
      name: `control/${letter} ${outcome}`,
      services: { [service]: controlled({ [letter]: exiting(exitCode) }) },
      async run(scene) {
        await scene.untilStarted(service)
        scene.send(service, letter)
        if (exitCode !== 0) await scene.untilNoted(service, new RegExp(`^got ${signal}$`))
        await untilDone(scene, service)
        scene.see(service)
        scene.seeNotes(service)
      },
    }
  }),
)

/** So that its line stands behind that of the process which ends. */
const afterTerm = shell(`until grep -q TERM notes; do sleep 0.01; done; ${noting}`)

const controls: readonly Scenario[] = [
  ...Object.entries(outcomes).map(
    ([outcome, exitCode]): Scenario => ({
      name: `control/t ${outcome}`,
      services: { [`term${exitCode}`]: controlled({ t: exiting(exitCode) }) },
      async run(scene) {
        const service = `term${exitCode}`
        const first = await scene.untilStarted(service)
        scene.send(service, 't')
        if (exitCode === 0) await untilDone(scene, service)
        else await scene.untilStarted(service, first)
        scene.see(service)
        scene.seeNotes(service)
      },
    }),
  ),
  ...Object.entries(outcomes).map(
    ([outcome, exitCode]): Scenario => ({
      name: `control/p ${outcome}`,
      services: { [`pause${exitCode}`]: controlled({ p: exiting(exitCode) }) },
      async run(scene) {
        const service = `pause${exitCode}`
        const pid = await scene.untilStarted(service)
        scene.send(service, 'p')
        if (exitCode === 0) await untilDone(scene, service)
        else {
          await scene.untilStatus(service, { paused: 1 })
          await scene.until('it to stand still', () => scene.processState(pid) === 'T')
        }
        scene.see(service)
        scene.seeText('the process', scene.processState(pid) === 'T' ? 'stands still' : 'goes on')
        scene.send(service, 'c')
        await scene.untilNoted(service, /^got CONT$/)
        await scene.untilStatus(service, { paused: 0 })
        scene.see(service)
        scene.seeNotes(service)
      },
    }),
  ),
  ...Object.entries(outcomes).map(
    ([outcome, exitCode]): Scenario => ({
      name: `control/k ${outcome}`,
      services: { [`kill${exitCode}`]: controlled({ k: exiting(exitCode) }, '-i') },
      async run(scene) {
        const service = `kill${exitCode}`
        const first = await scene.untilStarted(service)
        scene.send(service, 'k')
        if (exitCode === 0) {
          scene.send(service, 'd')
          await scene.untilStatus(service, { want: 'd' })
          // One of the two asks it to end, and its status says so a moment later.
          await scene.untilOrNot(() => scene.status(service)?.gotTerm === 1)
          scene.seeText('the process', scene.processState(first) === null ? 'is gone' : 'lives')
        } else await scene.untilStarted(service, first)
        scene.see(service)
        scene.seeNotes(service, { except: /^got / })
      },
    }),
  ),
  ...['d', 'x'].map(
    (letter): Scenario => ({
      name: `control/${letter} runs after control/t said that TERM is to be sent`,
      services: { [`ends-${letter}`]: controlled({ t: exiting(1), [letter]: afterTerm }) },
      async run(scene) {
        const service = `ends-${letter}`
        const first = await scene.untilStarted(service)
        scene.send(service, letter)
        if (letter === 'd') await scene.untilStatus(service, { state: 'down' })
        else await scene.untilStarted(service, first)
        scene.see(service)
        scene.seeNotes(service)
      },
    }),
  ),
  {
    name: 'control/t said that TERM is not to be sent: down waits for an end that does not come',
    services: { kept: controlled({ t: exiting(0), d: exiting(0) }) },
    async run(scene) {
      const first = await scene.untilStarted('kept')
      scene.send('kept', 'd')
      await scene.untilNoted('kept', /^got CONT$/)
      await untilDone(scene, 'kept')
      scene.see('kept')
      await scene.sv('status', 'kept')
      scene.send('kept', 'u')
      await scene.untilStatus('kept', { want: 'u' })
      scene.kill('kept')
      await scene.untilStarted('kept', first)
      scene.see('kept')
      scene.seeNotes('kept', { except: /^control\/d/ })
    },
  },
  {
    name: 'control/u runs before each start, and control/o never does',
    services: { starting: controlled({ u: exiting(1), o: exiting(0) }) },
    async run(scene) {
      const first = await scene.untilStarted('starting')
      scene.order('starting', 'exit 1')
      const second = await scene.untilStarted('starting', first)
      scene.send('starting', 'o')
      await scene.untilStatus('starting', { want: 'd' })
      scene.order('starting', 'exit 2')
      await scene.untilStatus('starting', { state: 'down' })
      scene.send('starting', 'o')
      const third = await scene.untilStarted('starting', second)
      scene.send('starting', 'u')
      await scene.untilStatus('starting', { want: 'u' })
      scene.kill('starting')
      await scene.untilStarted('starting', third)
      scene.see('starting')
      scene.seeNotes('starting')
    },
  },
  {
    name: 'a control script that is not executable is passed over, and so is one that cannot be started',
    services: {
      mutecontrol: controlled({ h: file(`#!/bin/sh\n${noting}\n`), a: file('#!/nowhere/sh\n', 0o755) }),
    },
    async run(scene) {
      await scene.untilStarted('mutecontrol')
      for (const [letter, signal] of [
        ['h', 'HUP'],
        ['a', 'ALRM'],
      ] as const) {
        scene.send('mutecontrol', letter)
        await scene.untilNoted('mutecontrol', new RegExp(`^got ${signal}$`))
      }
      scene.seeNotes('mutecontrol')
      await scene.untilSaid('mutecontrol')
      scene.seeSaid('mutecontrol')
    },
  },
  {
    name: 'a control script that is killed counts as one that exits with 0',
    services: { killedcontrol: controlled({ h: shell(`${noting}; kill -KILL $$`) }) },
    async run(scene) {
      await scene.untilStarted('killedcontrol')
      scene.send('killedcontrol', 'h')
      await untilDone(scene, 'killedcontrol')
      scene.seeNotes('killedcontrol')
    },
  },
  {
    name: 'control scripts are not asked while the service is down',
    services: {
      askednot: {
        ...controlled(Object.fromEntries([...'tkpchd1'].map((letter) => [letter, exiting(0)]))),
        down: file(''),
      },
    },
    async run(scene) {
      await scene.until('the supervisor to listen', () => scene.isSupervised('askednot'))
      for (const letter of 'tkchd1') scene.send('askednot', letter)
      scene.send('askednot', 'u')
      await scene.untilStarted('askednot')
      scene.see('askednot')
      scene.seeNotes('askednot')
    },
  },
  {
    name: 'while a control script runs, what is said waits for it, in order',
    services: { busy: { ...controlled({ h: waiting('control/h', 1) }), go: fifo } },
    async run(scene) {
      await scene.untilStarted('busy')
      scene.send('busy', 'h')
      await scene.untilNoted('busy', /^control\/h/)
      scene.send('busy', 'o')
      scene.send('busy', '1')
      scene.send('busy', 'p')
      scene.see('busy')
      await scene.letGo('busy')
      await scene.untilStatus('busy', { paused: 1 })
      scene.see('busy')
      scene.send('busy', 'c')
      await scene.untilNoted('busy', /^got CONT$/)
      scene.seeNotes('busy')
    },
  },
]

conform('tables', [...finishTable, ...unstartable, ...finishes, ...signalControls, ...controls])
