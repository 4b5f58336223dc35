import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { describe } from 'node:test'
import { conform, type Scenario } from './conform.ts'
import { type Files, file, link } from './files.ts'
import type { Scene } from './scene.ts'
import { logged, notingFinish, witness } from './services.ts'

const services: Readonly<Record<string, Files>> = {
  one: { ...logged(witness()), finish: notingFinish },
  two: witness(),
  stubborn: witness('-i'),
  resting: { ...witness(), down: file('') },
}

/** A supervisor whose service has ended gives it up at once, or when all have. */
const givingUpMs = 10_000

async function untilAllRun(scene: Scene): Promise<readonly number[]> {
  const pids: number[] = []
  for (const service of ['one', 'two', 'stubborn']) pids.push(await scene.untilStarted(service))
  scene.transcript.pid(await scene.untilLogs('one'))
  await scene.until('the supervisor to listen', () => scene.isSupervised('resting'))
  return pids
}

async function endBy(scene: Scene, signal: NodeJS.Signals): Promise<void> {
  scene.letEnd()
  scene.act(`the supervisor gets ${signal}`, () => scene.side.supervisor.signal(signal))
  scene.seeText('it ended with', JSON.stringify(await scene.untilEnded()))
}

function seeWhichLive(scene: Scene, pids: readonly number[]): void {
  const states = pids.map((pid) => (scene.processState(pid) === null ? 'gone' : 'alive'))
  scene.seeText('one, two, stubborn', states.join(', '))
}

/** Each with supervisors of its own: they do not outlive it. */
const scenarios: readonly (Scenario & { readonly script: string })[] = [
  {
    script: 'HUP',
    name: 'HUP ends the supervisor and all services that obey',
    services,
    async run(scene) {
      const pids = await untilAllRun(scene)
      scene.letEnd()
      scene.act('the supervisor gets SIGHUP', () => scene.side.supervisor.signal('SIGHUP'))
      for (const service of ['one', 'one/log', 'two']) await scene.untilStatus(service, { state: 'down', want: 'd' })
      await scene.untilAsked('stubborn')
      const others = ['one', 'two', 'resting']
      const areLeft = await scene.untilOrNot(() => !others.some(scene.isSupervised), givingUpMs)
      scene.seeText(others.join(', '), areLeft ? 'are no longer supervised' : 'are still supervised')
      seeWhichLive(scene, pids)
      for (const service of ['one', 'one/log', 'two', 'stubborn', 'resting']) scene.see(service)
      await scene.sv('status', 'one', 'two', 'stubborn', 'resting')
      scene.seeText('the supervisor', scene.side.supervisor.ended() === null ? 'waits for stubborn' : 'has ended')
      scene.kill('stubborn')
      await scene.untilUnsupervised('stubborn')
      scene.see('stubborn')
      for (const service of others) await scene.untilUnsupervised(service)
      scene.seeText('it ended with', JSON.stringify(await scene.untilEnded()))
      for (const service of ['one', 'two', 'stubborn']) scene.seeNotes(service)
    },
  },
  {
    script: 'TERM',
    name: 'TERM ends the supervisor, not the services',
    services,
    async run(scene) {
      const pids = await untilAllRun(scene)
      await endBy(scene, 'SIGTERM')
      seeWhichLive(scene, pids)
      await scene.sv('status', 'one', 'two', 'stubborn', 'resting')
      scene.act('the next supervisor starts', () => scene.side.start())
      for (const service of Object.keys(services))
        await scene.until(`${service}: a supervisor`, () => scene.isSupervised(service))
      await scene.sv('up', 'resting')
      await scene.untilStarted('resting')
      seeWhichLive(scene, pids)
      for (const service of ['one', 'one/log', 'two', 'stubborn']) scene.see(service)
    },
  },
  {
    script: 'KILL',
    name: 'the supervisor is killed, and the next one finds the services as they are',
    services,
    async run(scene) {
      const pids = await untilAllRun(scene)
      await scene.sv('down', 'two')
      await scene.untilStatus('two', { state: 'down' })
      await endBy(scene, 'SIGKILL')
      seeWhichLive(scene, pids)
      scene.act('the next supervisor starts', () => scene.side.start())
      for (const service of Object.keys(services))
        await scene.until(`${service}: a supervisor`, () => scene.isSupervised(service))
      await scene.sv('up', 'resting')
      await scene.untilStarted('resting')
      seeWhichLive(scene, pids)
      for (const service of ['one', 'one/log', 'two', 'stubborn']) scene.see(service)
      await scene.sv('term', 'one')
      await scene.untilStarted('one', pids[0])
      await scene.sv('up', 'two')
      await scene.untilStarted('two', pids[1])
      for (const service of ['one', 'two', 'stubborn']) scene.seeNotes(service)
    },
  },
  {
    script: 'another set',
    name: 'the scanned directory becomes a link to another set of services',
    services: { shared: witness(), leaving: { ...witness(), finish: notingFinish } },
    files: {
      'sets/other/shared': link('../../sv/shared'),
      'sets/other/coming': link('../../sv/coming'),
      ...Object.fromEntries(Object.entries(witness()).map(([path, entry]) => [`sv/coming/${path}`, entry])),
    },
    async run(scene) {
      await scene.untilStarted('shared')
      await scene.untilStarted('leaving')
      const { directory, services: scanned } = scene.side
      scene.act('service/ becomes a link to sets/other', () => {
        renameSync(scanned, `${directory}/sets/first`)
        symlinkSync('sets/other', scanned)
      })
      await scene.untilStarted('coming')
      await scene.untilUnsupervised('../sv/leaving')
      scene.see('shared')
      scene.see('coming')
      scene.see('../sv/leaving')
      scene.seeNotes('shared')
      scene.seeNotes('../sv/leaving')
    },
  },
  {
    script: 'a directory that goes away',
    name: 'the scanned directory goes away and comes back',
    services: { staying: witness(), 'staying-canary': { ...witness(), down: file('') } },
    files: Object.fromEntries(Object.entries(witness()).map(([path, entry]) => [`sv/canary/${path}`, entry])),
    async run(scene) {
      await scene.untilStarted('staying')
      const { services: scanned } = scene.side
      scene.act('service/ is renamed, and a new one is made', () => {
        // Whole when it appears: a scan of a half-made one would miss the service.
        mkdirSync(`${scanned}.new`)
        for (const name of ['staying', 'canary']) symlinkSync(`../sv/${name}`, `${scanned}.new/${name}`)
        renameSync(scanned, `${scanned}.old`)
        renameSync(`${scanned}.new`, scanned)
      })
      await scene.untilStarted('canary')
      scene.see('staying')
      scene.seeNotes('staying')
      rmSync(`${scanned}.old`, { recursive: true })
    },
  },
]

describe('ends of supervisors', { concurrency: true }, () => {
  for (const { script, ...scenario } of scenarios) conform(`ends by ${script}`, [scenario])
})
