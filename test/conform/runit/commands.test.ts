import { conform, type Scenario } from './conform.ts'
import { type Files, file, link, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { notingFinish, witness } from './services.ts'
import { tool } from './tools.ts'

/** What the supervisor does on a command, and what the client says about it. */
interface Row {
  readonly command: readonly string[]
  /** Waits for what follows, `first` being the process before. */
  readonly then: (scene: Scene, service: string, first: number) => Promise<unknown>
}

/** The CONT of `tcu` may come before the end of the old process, or after the start of the new one. */
const contOfRestart = /^got CONT$/

/** Commands are obeyed in their order: once this signal has come, nothing before it is under way. */
const nothing: Row['then'] = async (scene, service) => {
  scene.send(service, '2')
  await scene.untilNoted(service, /^got USR2$/)
}
const noted =
  (signal: string): Row['then'] =>
  (scene, service) =>
    scene.untilNoted(service, new RegExp(`^got ${signal}$`))
const goesDown: Row['then'] = (scene, service) => scene.untilStatus(service, { state: 'down' })
const startsAnew: Row['then'] = (scene, service, first) => scene.untilStarted(service, first)
const isAsked: Row['then'] = (scene, service) => scene.untilAsked(service)
const gotTerm =
  (until: Row['then']): Row['then'] =>
  async (scene, service, first) => {
    await scene.untilStatus(service, { gotTerm: 1 })
    await until(scene, service, first)
  }
const isPaused: Row['then'] = (scene, service) => scene.untilStatus(service, { paused: 1 })

const whileUp: readonly Row[] = [
  ...['up', 'u', '-v up', 'start', 'status', 'sto', 'check', '-v check'].map((line) => row(line, nothing)),
  ...['down', 'd', '-v down', '-w 50 down', 'stop', 'force-stop', 'D'].map((line) => row(line, goesDown)),
  ...['once', 'o', '-v once'].map((line) => row(line, (scene, service) => scene.untilStatus(service, { want: 'd' }))),
  ...['pause', 'p', '-v pause'].map((line) => row(line, isPaused)),
  ...['cont', 'c', '-v cont'].map((line) => row(line, noted('CONT'))),
  ...['hup', 'h', '-v hup', 'reload'].map((line) => row(line, noted('HUP'))),
  ...['alarm', 'a', '-v alarm'].map((line) => row(line, noted('ALRM'))),
  ...['interrupt', 'i', '-v interrupt'].map((line) => row(line, noted('INT'))),
  ...['quit', 'q', '-v quit'].map((line) => row(line, noted('QUIT'))),
  ...['1', '-v 1'].map((line) => row(line, noted('USR1'))),
  ...['2', '-v 2'].map((line) => row(line, noted('USR2'))),
  ...['term', 't', '-v term', 'kill', 'k', '-v kill'].map((line) => row(line, startsAnew)),
  ...['restart', 'try-restart', 'force-reload', 'force-restart', 'T', 'exit', 'x'].map((line) => row(line, startsAnew)),
  row('usr1', nothing),
]

/** Whatever it left behind shows at the next start. */
const startsWhenAsked: Row['then'] = async (scene, service) => {
  scene.send(service, 'u')
  await scene.untilStarted(service)
}

const whileDown: readonly Row[] = [
  ...['up', 'start', 'restart', 'force-restart', '-v up'].map((line) => row(line, startsAnew)),
  ...['once', '-v once'].map((line) => row(line, startsAnew)),
  ...['down', 'stop', 'check', 'status', 'term', 'kill', 'try-restart', 'force-stop', 'hup', 'reload', 'cont', '1'].map(
    (line) => row(line, startsWhenAsked),
  ),
  ...['-v down', '-v term', '-v kill', '-v hup'].map((line) => row(line, startsWhenAsked)),
  row('pause', startsWhenAsked),
]

/** Time enough for the signal to be there, and to be noted, before the time is over. */
const whileStubborn: readonly Row[] = [
  row('-w 5 stop', isAsked),
  row('-w 5 restart', gotTerm(noted('CONT'))),
  row('-w 5 try-restart', gotTerm(noted('CONT'))),
  row('-w 5 term', gotTerm(noted('TERM'))),
  row('-w 5 force-stop', goesDown),
  row('-w 5 force-restart', startsAnew),
  row('-w 5 force-reload', startsAnew),
  row('-v cont', noted('CONT')),
]

function row(line: string, then: Row['then']): Row {
  return { command: line.split(' '), then }
}

function table(
  prefix: string,
  rows: readonly Row[],
  files: Files,
  before: (scene: Scene, service: string) => Promise<number>,
): readonly Scenario[] {
  return rows.map(({ command, then }, at) => {
    const service = `${prefix}${at}`
    return {
      name: `sv ${command.join(' ')} of a service that is ${prefix}`,
      services: { [service]: files },
      async run(scene) {
        const first = await before(scene, service)
        await scene.sv(...command, service)
        await then(scene, service, first)
        scene.see(service)
        scene.seeNotes(service, { except: then === startsAnew && prefix === 'up' ? contOfRestart : /^$/ })
      },
    }
  })
}

async function runsForAWhile(scene: Scene, service: string): Promise<number> {
  const pid = await scene.untilStarted(service)
  await scene.untilSettled(service)
  return pid
}

async function listens(scene: Scene, service: string): Promise<number> {
  await scene.until('the supervisor to listen', () => scene.isSupervised(service))
  await scene.untilSettled(service)
  return 0
}

const checks: readonly Scenario[] = (
  [
    // Not among the notes: the service may be slower to say that it has begun.
    ['passing', shell('echo checked >>checks; echo lost; echo told >&2')],
    ['failing', shell('exit 1')],
    ['mute', file('#!/bin/sh\nexit 1\n')],
    ['interpreted', file('#!/nowhere/sh\n', 0o755)],
  ] as const
).map(([name, check]) => ({
  name: `a check that is ${name}`,
  services: { [`check-${name}`]: { ...witness(), check } },
  async run(scene) {
    const service = `check-${name}`
    // Only this one is not what is waited for.
    const wait = name === 'failing' ? '5' : '50'
    const pid = await scene.untilStarted(service)
    await scene.untilSettled(service)
    await scene.sv('-w', wait, 'check', service)
    await scene.sv('-w', wait, 'start', service)
    await scene.sv('-w', wait, 'restart', service)
    await scene.untilStarted(service, pid)
    await scene.sv('-w', '50', 'stop', service)
    await scene.sv('-w', wait, 'check', service)
    await scene.sv('-w', wait, 'start', service)
    await scene.untilStarted(service)
    scene.see(service)
    scene.seeNotes(service, { except: contOfRestart })
    scene.seeText('checks', scene.read(service, 'checks'))
  },
}))

const further: readonly Scenario[] = [
  {
    name: 'a waiting command waits for SVWAIT seconds, and -w is stronger',
    services: { patient: witness('-i') },
    async run(scene) {
      await scene.untilStarted('patient')
      await scene.client('sv', ['stop', 'patient'], { environment: { SVWAIT: '5' } })
      await scene.client('sv', ['-w', '1', 'stop', 'patient'], { environment: { SVWAIT: '1000' } })
      scene.see('patient')
    },
  },
  {
    name: 'several services in one command, one of them missing',
    services: { several1: witness(), several2: witness() },
    async run(scene) {
      const pids = [await scene.untilStarted('several1'), await scene.untilStarted('several2')]
      for (const service of ['several1', 'several2']) await scene.untilSettled(service)
      await scene.sv('restart', 'several1', 'nosuch', 'several2')
      await scene.untilStarted('several1', pids[0])
      await scene.untilStarted('several2', pids[1])
      await scene.sv('down', 'several1', 'several2')
      for (const service of ['several1', 'several2']) await scene.untilStatus(service, { state: 'down' })
      await scene.sv('status', 'several1', 'nosuch', 'several2')
      for (const service of ['several1', 'several2']) scene.see(service)
    },
  },
  {
    name: 'words of LSB, by a link to sv with the name of the service',
    services: { lsb: { ...witness(), down: file('') }, 'lsb-stubborn': witness('-i') },
    files: { 'bin/lsb': link(tool('sv')), 'bin/lsb-stubborn': link(tool('sv')), 'bin/lsb-none': link(tool('sv')) },
    async run(scene) {
      await scene.until('the supervisor to listen', () => scene.isSupervised('lsb'))
      await scene.untilStarted('lsb-stubborn')
      await scene.client('lsb', ['status'])
      await scene.client('lsb', ['start'])
      const first = await scene.untilStarted('lsb')
      await scene.untilSettled('lsb')
      for (const word of ['status', 'start', 'reload']) await scene.client('lsb', [word])
      await scene.untilNoted('lsb', /^got HUP$/)
      await scene.client('lsb', ['restart'])
      const second = await scene.untilStarted('lsb', first)
      await scene.untilSettled('lsb')
      await scene.client('lsb', ['try-restart'])
      const third = await scene.untilStarted('lsb', second)
      await scene.untilSettled('lsb')
      await scene.client('lsb', ['force-reload'])
      await scene.untilStarted('lsb', third)
      scene.see('lsb')
      for (const word of ['stop', 'status', 'try-restart', 'stop']) await scene.client('lsb', [word])
      scene.see('lsb')
      scene.seeNotes('lsb', { except: contOfRestart })
      await scene.client('lsb-stubborn', ['-w', '5', 'stop'])
      await scene.client('lsb-stubborn', ['status'])
      scene.see('lsb-stubborn')
      await scene.client('lsb-none', ['status'])
      await scene.client('lsb-none', ['start'])
      await scene.client('lsb', ['nonsense'])
      await scene.client('lsb', [])
    },
  },
  {
    name: 'exit and shutdown of a service whose link is gone',
    services: { leaver: { ...witness('-i'), finish: notingFinish } },
    async run(scene) {
      await scene.untilStarted('leaver')
      const service = '../sv/leaver'
      const path = scene.path(service)
      scene.unlink('leaver')
      await scene.untilAsked(service)
      await scene.sv('status', path)
      for (const command of ['exit', 'shutdown', 'force-shutdown']) await scene.sv('-w', '1', command, path)
      await scene.sv('-w', '50', 'shutdown', path)
      for (const command of ['status', 'up', 'check', '-v exit']) await scene.sv(...command.split(' '), path)
      scene.see(service)
      scene.seeNotes(service)
    },
  },
  {
    name: 'bytes that say nothing are passed over',
    services: { deaf: witness() },
    async run(scene) {
      await scene.untilStarted('deaf')
      scene.send('deaf', 'zUD?\n1')
      await scene.untilNoted('deaf', /^got USR1$/)
      scene.see('deaf')
      scene.seeNotes('deaf')
    },
  },
]

conform('commands', [
  ...table('up', whileUp, witness(), runsForAWhile),
  ...table('down', whileDown, { ...witness(), down: file('') }, listens),
  ...table('stubborn', whileStubborn, witness('-i'), runsForAWhile),
  ...checks,
  ...further,
])
