import { readFileSync } from 'node:fs'
import { isAlive } from '../../real/processes.ts'
import { conform, type Scenario } from './conform.ts'
import { factsOf } from './facts.ts'
import { fifo, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { notingFinish, waiting, witness } from './services.ts'
import { decodeStatus } from './status.ts'

/** What people rely on, over many runs and at bad moments. */
const scenarios: readonly Scenario[] = [
  {
    name: 'a service starts in the same state each time, whoever asks for it and however it ended',
    services: { clean: { run: shell('exec sleep 86400'), finish: shell('exit 0') } },
    async run(scene) {
      let pid = await becomesSleep(scene, 0)
      const first = factsOf(scene, pid)
      const ways: Readonly<Record<string, () => unknown>> = {
        'sv, from an odd shell': () =>
          scene.client('env', [
            ...['-i', 'ODD=yes', `SVDIR=${scene.side.services}`, 'PATH=/bin:/usr/bin', 'HOME=/nowhere', 'sh', '-c'],
            'umask 077; ulimit -Sn 50; ulimit -Sc unlimited; trap "" HUP INT USR1; cd /; exec 7<.; nice -n 5 sv -w 50 restart clean',
          ]),
        'kill -9': () => scene.kill('clean'),
        'a signal that ends it': () => scene.kill('clean', 'SIGUSR1'),
        'a byte': () => scene.send('clean', 't'),
        'svc, after it was down': async () => {
          scene.send('clean', 'd')
          await scene.untilStatus('clean', { state: 'down' })
          scene.send('clean', 'u')
        },
      }
      for (const [way, start] of Object.entries(ways)) {
        await scene.untilSettled('clean')
        await start()
        pid = await becomesSleep(scene, pid)
        const other = factsOf(scene, pid).filter((fact, at) => fact !== first[at])
        scene.seeText(`after ${way}`, other.length === 0 ? 'as before' : other.join('; '))
      }
    },
  },
  {
    name: 'restart at once after a second of life, and after a pause of a second before that',
    services: { paced: { ...witness(), finish: notingFinish } },
    async run(scene) {
      let pid = await scene.untilStarted('paced')
      const startMs = (): number => scene.status('paced')!.timeMs
      const gapMs = async (): Promise<number> => {
        const killedMs = Date.now()
        process.kill(pid, 'SIGKILL')
        pid = await scene.untilStarted('paced', pid)
        return startMs() - killedMs
      }
      /** The same of a run that was young at its end by the supervisor's own clock; null: it was old, or nobody saw. */
      const youngGapMs = async (): Promise<number | null> => {
        const [beganMs, killedMs] = [startMs(), Date.now()]
        process.kill(pid, 'SIGKILL')
        const { state, timeMs } = await scene.until('the end of the run', () => {
          const status = scene.status('paced')
          const isOver = status?.state === 'down' || (status?.state === 'run' && status.pid !== pid)
          return isOver ? status : null
        })
        pid = await scene.untilStarted('paced', pid)
        return state === 'down' && timeMs - beganMs < 1_000 ? startMs() - killedMs : null
      }
      // On a machine with other work not every try tells something; one that does is enough.
      const oldMs: number[] = []
      while (oldMs.length < 8 && !oldMs.some((ms) => ms < 700)) {
        await scene.untilSettled('paced')
        oldMs.push(await gapMs())
      }
      scene.seeText('after an old one', oldMs.some((ms) => ms < 700) ? 'at once' : oldMs.join(' '))
      const youngMs: number[] = []
      for (let tries = 0; tries < 16 && youngMs.filter((ms) => ms < 1_900).length < 3; tries++) {
        const ms = await youngGapMs()
        if (ms !== null) youngMs.push(ms)
      }
      scene.seeText('after a young one', youngMs.every((ms) => ms > 990) ? 'a second later' : youngMs.join(' '))
      scene.seeText('and not much later', String(youngMs.some((ms) => ms < 1_900)))
    },
  },
  {
    name: 'a service that fails at once is started once a second',
    // When it began, in hundredths of a second: with its own start a loaded machine may take its time.
    services: {
      crashing: { run: shell('read stat </proc/self/stat; set -- $stat; shift 21; echo "$1" >>notes; exit 1') },
    },
    async run(scene) {
      // Of a machine with other work, the best has to do.
      const gaps = await scene.until('starts of it', () => {
        const times = scene.notes('crashing').map((ticks) => Number(ticks) / 100)
        const between = times.slice(1).map((time, at) => time - times[at]!)
        return (between.length >= 6 && Math.min(...between) < 1.2) || between.length >= 20 ? between : null
      })
      scene.seeText('gaps', gaps.every((gap) => gap >= 0.99) ? 'a second or more' : gaps.join(' '))
      scene.seeText('and not much more', Math.min(...gaps) < 1.2 ? 'true' : gaps.join(' '))
    },
  },
  {
    name: 'the pid is right after each of many kills',
    services: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`killed${at}`, witness()])),
    async run(scene) {
      const names = Array.from({ length: 10 }, (_, at) => `killed${at}`)
      const wrong = await Promise.all(names.map((name) => killOften(scene, name, 8)))
      scene.seeText('wrong pids', JSON.stringify(wrong.flat()))
      for (const name of names) {
        const starts = scene.notes(name).filter((line) => line.startsWith('start'))
        scene.seeText(name, `${starts.length} starts, ${scene.notes(name).length - starts.length} other notes`)
        scene.seeFiles(name)
      }
    },
  },
  {
    name: 'hundreds of commands in one write end as the last of them says',
    services: {
      'flip-up': { ...witness('-i'), finish: notingFinish },
      'flip-down': { ...witness('-i'), finish: notingFinish },
    },
    async run(scene) {
      const first = await scene.untilStarted('flip-up')
      await scene.untilStarted('flip-down')
      scene.send('flip-up', `${'du'.repeat(300)}p`)
      scene.send('flip-down', `${'ud'.repeat(300)}p`)
      for (const service of ['flip-up', 'flip-down']) {
        await scene.untilStatus(service, { paused: 1 })
        scene.see(service)
      }
      scene.kill('flip-up')
      await scene.untilStarted('flip-up', first)
      scene.kill('flip-down')
      await scene.untilStatus('flip-down', { state: 'down' })
      for (const service of ['flip-up', 'flip-down']) {
        scene.see(service)
        scene.seeNotes(service, { except: /^got / })
      }
    },
  },
  {
    name: 'down and up in one write, over and over, of a service that obeys: finish follows each run, and it ends up',
    services: { flipped: { ...witness(), finish: notingFinish } },
    async run(scene) {
      await scene.untilStarted('flipped')
      // Each of them may cost a pause.
      scene.send('flipped', 'dududu')
      await scene.untilNoted('flipped', /^finish/)
      await scene.untilQuiet('flipped')
      const [starts, finishes, copies] = ['start', 'finish', 'second'].map(
        (word) => scene.notes('flipped').filter((line) => line.startsWith(word)).length,
      )
      // A run may end before it has noted that it began.
      scene.seeText('a finish for each run but the one that is', String(finishes! + 1 >= starts!))
      scene.seeText('second copies', String(copies))
    },
  },
  {
    name: 'what is written while a control script takes its time is done afterwards, all of it, in order',
    services: {
      deafened: { ...witness('-i'), 'control/h': waiting('control/h'), go: fifo },
    },
    async run(scene) {
      await scene.untilStarted('deafened')
      scene.send('deafened', 'h')
      await scene.untilNoted('deafened', /^control/)
      for (const letter of '1i2q1i2q') scene.send('deafened', letter)
      scene.send('deafened', 'o'.repeat(300))
      scene.send('deafened', 'p')
      scene.seeNotes('deafened')
      scene.see('deafened')
      await scene.letGo('deafened')
      await scene.untilStatus('deafened', { paused: 1, want: 'd' })
      scene.send('deafened', 'c')
      await scene.untilNoted('deafened', /^got CONT$/)
      await scene.untilStatus('deafened', { paused: 0 })
      // Signals of one kind that come at the same time are one.
      scene.seeText(
        'signals',
        [...new Set(scene.notes('deafened').filter((line) => line.startsWith('got')))].toSorted().join(),
      )
      scene.see('deafened')
    },
  },
]

/** By itself: it takes all that a small machine has, and the others tell of times. */
const storm: readonly Scenario[] = [
  {
    name: 'a status is always whole, while it changes as fast as it can',
    services: { storm: witness(), storm2: { run: shell('exit 1') } },
    async run(scene) {
      await scene.untilStarted('storm')
      const path = scene.path('storm/supervise/status')
      const contents = new Set<string>()
      let reads = 0
      const hasChanged = (): boolean => contents.has('run 0 u 0') && contents.has('run 1 u 0')
      // A supervisor that is slow to begin gets more of it, and never more than its FIFO takes.
      while (reads < 10_000 || (reads < 70_000 && !hasChanged())) {
        if (reads % 500 === 0) scene.quietly(() => scene.send('storm', 'pc'.repeat(20)))
        if (reads % 2_500 === 2_000) scene.quietly(() => scene.send('storm', 'k'))
        for (let at = 0; at < 50; at++, reads++) {
          const { state, paused, want, gotTerm } = decodeStatus(readFileSync(path))
          contents.add(`${state} ${paused} ${want} ${gotTerm}`)
          scene.status('storm2')
        }
        await new Promise(setImmediate)
      }
      scene.seeText('reads', 'all whole')
      scene.seeText('it changed meanwhile', String(hasChanged()))
      // In order: nothing of it is left once a later byte has been obeyed.
      await scene.until('all of it to be obeyed', () => {
        scene.quietly(() => scene.send('storm', '1'))
        return scene.notes('storm').includes('got USR1')
      })
      scene.send('storm', 'co')
      await scene.untilStatus('storm', { state: 'run', want: 'd' })
      await scene.sv('status', 'storm')
    },
  },
]

async function becomesSleep(scene: Scene, after: number): Promise<number> {
  const { pid } = await scene.untilStatus('clean', { state: 'run', pidAfter: after })
  await scene.untilBecome(pid, /^sleep/)
  return pid
}

/** Gives what was wrong: each time, status, pid file, the process itself and the kernel must agree. */
async function killOften(scene: Scene, service: string, times: number): Promise<readonly string[]> {
  const wrong: string[] = []
  let pid = await scene.untilStarted(service)
  for (let turn = 0; turn < times; turn++) {
    process.kill(pid, 'SIGKILL')
    pid = await scene.untilStarted(service, pid)
    const inFile = scene.read(service, 'supervise/pid')
    if (inFile !== `${pid}\n` || !isAlive(pid)) wrong.push(`${service}: ${pid}, its file has ${inFile}`)
  }
  return wrong
}

conform('guarantees', scenarios)
conform('storm', storm)
