import { createRandom } from '../../../src/base/prng.ts'
import { readProc } from '../../real/processes.ts'
import { pause } from '../../real/until.ts'
import { conform, type Scenario } from './conform.ts'
import { fifo, file, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { logged, witness } from './services.ts'
import { readLogDirectory } from './svlogd-files.ts'

/** The bytes that a killed svlogd can have taken out of the pipe without having written them: `-b`. */
const bufferBytes = 1024
const lineBytes = 32

const seeds = [1, 2, 3, 4, 5]

/** The pipe between a service and its logger, at bad moments. */
const scenarios: readonly Scenario[] = [
  ...seeds.map((seed): Scenario => {
    const service = `flood${seed}`
    return {
      name: `a thousand lines a second, service and logger killed in random order, seed ${seed}`,
      services: { [service]: { ...logged(witness('-w')), 'log/main/config': file('s0\nn0\n') } },
      async run(scene) {
        const random = createRandom(seed)
        await scene.untilStarted(service)
        const victims = Array.from({ length: 10 }, () => (random.chance(0.5) ? `${service}/log` : service))
        for (const victim of victims) {
          const pid = await untilVictim(scene, victim)
          // Any moment may be the bad one.
          await pause(random.whole(0, 400))
          process.kill(pid, 'SIGKILL')
          await untilVictim(scene, victim, pid)
        }
        await untilVictim(scene, service)
        await untilVictim(scene, `${service}/log`)
        await scene.sv('down', service)
        const path = scene.path(service, 'log/main')
        await scene.until('the last line', () => readLogDirectory(path).at(-1)?.includes('the end'))
        const killed = victims.filter((victim) => victim !== service).length
        const runs = victims.length - killed + 1
        seeSequence(scene, readLogDirectory(path), { killedLoggers: killed, runs })
      },
    }
  }),
  {
    name: 'a service waits while its logger is down, and nothing is lost',
    services: { pressed: { ...logged(witness()), 'log/main/config': file('s0\n') } },
    async run(scene) {
      const pid = await scene.untilStarted('pressed')
      const logger = await scene.untilLogs('pressed')
      await scene.sv('down', 'pressed/log')
      await scene.untilStatus('pressed/log', { state: 'down' })
      const before = writtenBytes(pid)
      scene.order('pressed', 'flood 5000')
      await scene.until('the service to wait for room in the pipe', () => waitsForRoom(pid))
      scene.seeText('bytes that the pipe took', String(writtenBytes(pid) - before - 'floods\n'.length))
      await scene.sv('status', 'pressed')
      await scene.sv('up', 'pressed/log')
      await scene.untilStatus('pressed/log', { state: 'run', pidAfter: logger })
      await scene.untilNoted('pressed', /^flooded$/)
      const path = scene.path('pressed/log/main')
      await scene.until('all lines', () => readLogDirectory(path).length === 5000)
      seeSequence(scene, readLogDirectory(path), { killedLoggers: 0, runs: 1 })
    },
  },
  {
    name: 'a service is killed while it waits for its logger: what it had written is there',
    services: { jammed: { ...logged(witness()), 'log/down': file(''), 'log/main/config': file('s0\n') } },
    async run(scene) {
      const pid = await scene.untilStarted('jammed')
      scene.order('jammed', 'flood 5000')
      await scene.until('the service to wait for room in the pipe', () => waitsForRoom(pid))
      scene.kill('jammed')
      const second = await scene.untilStarted('jammed', pid)
      scene.order('jammed', 'flood 10')
      await scene.until('the service to wait for room in the pipe', () => waitsForRoom(second))
      await scene.sv('up', 'jammed/log')
      await scene.untilNoted('jammed', /^flooded$/)
      const path = scene.path('jammed/log/main')
      await scene.until('the last line', () => readLogDirectory(path).at(-1)?.startsWith('000002 0000000010'))
      const lines = readLogDirectory(path)
      seeSequence(scene, lines, { killedLoggers: 0, runs: 2 })
      scene.seeText('lines of the first run', String(lines.filter((line) => line.startsWith('000001')).length))
    },
  },
  {
    name: 'at the end the logger reads the last words of finish, and then the end of its input',
    services: {
      farewell: {
        ...witness('', 'echo "run begins"\n'),
        finish: shell('echo "finish says $*"'),
        'log/run': shell('cat >>lines\necho "end of input" >>lines'),
      },
      ...Object.fromEntries(
        ['farewell-a', 'farewell-b'].map((name) => [
          name,
          { ...logged(witness('', 'echo "run begins"\n')), finish: shell('echo "finish says $*"') },
        ]),
      ),
    },
    async run(scene) {
      const names = ['farewell', 'farewell-a', 'farewell-b']
      for (const name of names) {
        await scene.untilStarted(name)
        if (name === 'farewell') await scene.untilStatus('farewell/log', { state: 'run' })
        else await scene.untilLogs(name)
      }
      for (const name of names) scene.unlink(name)
      for (const name of names) await scene.untilUnsupervised(`../sv/${name}`)
      for (const name of names) {
        scene.see(`../sv/${name}`)
        scene.see(`../sv/${name}/log`)
      }
      scene.seeText('farewell', scene.read('../sv/farewell/log/lines'))
      for (const name of ['farewell-a', 'farewell-b'])
        scene.seeText(name, readLogDirectory(scene.path('../sv', name, 'log/main')).join('; '))
    },
  },
  {
    name: 'logger and service are restarted together, by commands',
    services: { both: { ...logged(witness('-w')), 'log/main/config': file('s0\nn0\n') } },
    async run(scene) {
      let service = await scene.untilStarted('both')
      let logger = await scene.untilLogs('both')
      for (let turn = 0; turn < 3; turn++) {
        await scene.sv('term', 'both', 'both/log')
        service = await scene.untilStarted('both', service)
        logger = await scene.untilLogs('both', logger)
      }
      await scene.sv('down', 'both')
      await scene.untilStatus('both', { state: 'down' })
      const path = scene.path('both/log/main')
      await scene.until('the last line', () => /^000004 .*the end/.test(readLogDirectory(path).at(-1) ?? ''))
      scene.see('both/log')
      // svlogd itself may drop what it has read when it is asked to end.
      seeSequence(scene, readLogDirectory(path), { killedLoggers: 3, runs: 4 })
    },
  },
  {
    name: 'a service that closes its output and one that writes no whole line',
    services: {
      closing: { ...logged(witness()), run: shell('echo "a word"\nexec >&-\nexec sleep 86400') },
      partial: {
        run: shell('printf "half a"\n[ -e go ] || exec sleep 86400'),
        'log/run': shell('exec cat >>lines'),
        go: fifo,
      },
    },
    async run(scene) {
      await scene.until('a line', () => readLogDirectory(scene.path('closing/log/main')).length === 1)
      await scene.untilStatus('closing', { state: 'run' })
      await scene.untilLogs('closing')
      scene.see('closing')
      scene.see('closing/log')
      await scene.until('half a line', () => scene.read('partial/log/lines') !== '')
      scene.seeText('partial', scene.read('partial/log/lines').slice(0, 'half a'.length))
    },
  },
]

/** Resolves with the pid of a service that has written something, or of a logger. */
async function untilVictim(scene: Scene, victim: string, after?: number): Promise<number> {
  if (!victim.endsWith('/log')) return await scene.untilStarted(victim, after)
  return (await scene.untilStatus(victim, { state: 'run', pidAfter: after ?? 0 })).pid
}

function waitsForRoom(pid: number): boolean {
  return readProc(pid, 'wchan')?.includes('pipe_write') === true
}

/** What the process has passed to write(2) so far. */
function writtenBytes(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readProc(pid, 'io') ?? '')?.[1])
}

/** Judges the lines of the witness: each run counts from 1, and only what killed loggers had read may be missing. */
function seeSequence(
  scene: Scene,
  lines: readonly string[],
  expected: { readonly killedLoggers: number; readonly runs: number },
): void {
  let [run, number] = [0, 0]
  const runs = new Set<number>()
  const [torn, disordered, gaps]: [string[], string[], number[]] = [[], [], []]
  for (const line of lines) {
    const found = /^(\d{6}) (\d{10}) (?:abcdefghijklm|the end {6}|of the flood )$/.exec(line)
    if (found === null) {
      torn.push(line)
      continue
    }
    const [nextRun, nextNumber] = [Number(found[1]), Number(found[2])]
    if (nextRun < run || (nextRun === run && nextNumber <= number)) disordered.push(line)
    const missing = nextNumber - (nextRun === run ? number : 0) - 1
    if (missing > 0) gaps.push(missing)
    ;[run, number] = [nextRun, nextNumber]
    runs.add(run)
  }
  scene.seeText('torn lines', JSON.stringify(torn.slice(0, 3)))
  scene.seeText('lines out of order', JSON.stringify(disordered.slice(0, 3)))
  scene.seeText('runs', runs.size >= expected.runs ? 'all' : `${runs.size} of ${expected.runs}`)
  const tooLarge = gaps.filter((missing) => missing * lineBytes > bufferBytes)
  const isExplained = gaps.length <= expected.killedLoggers && tooLarge.length === 0
  scene.seeText('gaps', isExplained ? 'only what killed loggers had read' : gaps.join(' '))
}

conform('logging', scenarios)
