import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { conform, type Scenario } from './conform.ts'
import { type Files, fifo, file, link, shell } from './files.ts'
import type { Scene } from './scene.ts'
import { logged, notingFinish, witness } from './services.ts'

/** Service directories that are there, but not linked from the start. */
function unlinked(services: Readonly<Record<string, Files>>): Files {
  return Object.fromEntries(
    Object.entries(services).flatMap(([service, files]) =>
      Object.entries(files).map(([path, entry]) => [`sv/${service}/${path}`, entry]),
    ),
  )
}

function addLink(scene: Scene, name: string, target = `../sv/${name}`): void {
  scene.act(`${name}: a link to ${target} is added`, () => symlinkSync(target, scene.path(name)))
}

/** Something that every scan finds: once it runs, whatever was done before it has been seen. */
async function untilScanned(scene: Scene, canary: string): Promise<void> {
  addLink(scene, canary)
  await scene.untilStarted(canary)
}

/** A pause between two starts, and room for a machine with other work. */
const restartMs = 10_000

/** To be called when it has been scanned; says whether the service has another process by now, and gives the one it has. */
async function seeIfAnew(scene: Scene, service: string, first: number): Promise<number> {
  const hasOther = (): boolean => {
    const status = scene.status(service)
    return status?.state === 'run' && status.pid !== first && scene.notes(service).includes(`start pid=${status.pid}`)
  }
  const isAnew = await scene.untilOrNot(hasOther, restartMs)
  scene.seeText(service, isAnew ? 'was started anew' : 'runs on')
  return isAnew ? await scene.untilStarted(service, first) : first
}

/** What the scanned directory holds, and what becomes of it when that changes. */
const scenarios: readonly Scenario[] = [
  {
    name: 'a link is added, removed, and added again after the end',
    files: unlinked({ comes: { ...logged(witness()), finish: notingFinish } }),
    async run(scene) {
      scene.seeText('before', existsSync(scene.path('../sv/comes/supervise')) ? 'supervised' : 'untouched')
      addLink(scene, 'comes')
      const first = await scene.untilStarted('comes')
      await scene.untilLogs('comes')
      scene.see('comes')
      scene.seeFiles('comes')
      scene.unlink('comes')
      await scene.untilUnsupervised('../sv/comes')
      scene.see('../sv/comes')
      scene.see('../sv/comes/log')
      scene.seeFiles('../sv/comes')
      await scene.sv('status', scene.path('../sv/comes'))
      await scene.sv('up', scene.path('../sv/comes'))
      addLink(scene, 'comes')
      await scene.untilStarted('comes', first)
      await scene.untilLogs('comes')
      scene.see('comes')
      scene.see('comes/log')
      scene.seeNotes('comes')
    },
  },
  {
    name: 'a link is removed and added again in one go',
    services: { flips: { ...witness(), finish: notingFinish } },
    files: unlinked({ 'flips-canary': witness() }),
    async run(scene) {
      await scene.untilStarted('flips')
      scene.act('flips: its link is removed and added again', () => {
        // No scan may come in between.
        symlinkSync('../sv/flips', scene.path('.flips.new'))
        renameSync(scene.path('.flips.new'), scene.path('flips'))
      })
      await untilScanned(scene, 'flips-canary')
      await scene.untilStarted('flips')
      scene.see('flips')
      scene.seeNotes('flips')
    },
  },
  {
    name: 'a link is removed while its service does not end, and added again',
    services: { lingers: { ...witness('-i'), finish: notingFinish } },
    files: unlinked({ 'lingers-canary': witness() }),
    async run(scene) {
      const first = await scene.untilStarted('lingers')
      scene.unlink('lingers')
      await scene.untilAsked('../sv/lingers')
      scene.see('../sv/lingers')
      addLink(scene, 'lingers')
      await untilScanned(scene, 'lingers-canary')
      scene.see('lingers')
      scene.kill('lingers')
      await scene.untilStarted('lingers', first)
      scene.see('lingers')
      scene.seeNotes('lingers')
    },
  },
  {
    name: 'a link is renamed',
    services: { 'old-name': witness() },
    files: unlinked({ 'name-canary': witness() }),
    async run(scene) {
      const first = await scene.untilStarted('old-name')
      scene.rename('old-name', 'new-name')
      await untilScanned(scene, 'name-canary')
      const pid = await seeIfAnew(scene, 'new-name', first)
      scene.see('new-name')
      await scene.sv('status', 'new-name', 'old-name')
      scene.send('new-name', 't')
      await scene.untilStarted('new-name', pid)
      scene.seeNotes('new-name')
    },
  },
  {
    name: 'a link is renamed to a name with a leading dot, and back',
    services: { dotted: witness() },
    files: unlinked({ 'dot-canary': witness() }),
    async run(scene) {
      const first = await scene.untilStarted('dotted')
      scene.rename('dotted', '.dotted')
      await scene.untilUnsupervised('.dotted')
      await untilScanned(scene, 'dot-canary')
      scene.see('.dotted')
      scene.rename('.dotted', 'dotted')
      await scene.untilStarted('dotted', first)
      scene.see('dotted')
      scene.seeNotes('dotted')
    },
  },
  {
    name: 'a link is pointed at another directory',
    services: { pointed: { ...witness(), finish: notingFinish } },
    files: unlinked({ 'pointed-other': witness() }),
    async run(scene) {
      await scene.untilStarted('pointed')
      scene.act('pointed: points to ../sv/pointed-other', () => {
        symlinkSync('../sv/pointed-other', scene.path('.pointed.new'))
        renameSync(scene.path('.pointed.new'), scene.path('pointed'))
      })
      await scene.untilStarted('pointed')
      await scene.untilUnsupervised('../sv/pointed')
      scene.see('pointed')
      scene.see('../sv/pointed')
      scene.seeNotes('../sv/pointed')
      scene.seeNotes('../sv/pointed-other')
    },
  },
  {
    name: 'two links to one directory are one service, and one of them is removed, then the other',
    services: { double: { ...witness(), finish: notingFinish } },
    files: { ...unlinked({ 'double-canary': witness() }), 'service/double-too': link('../sv/double') },
    async run(scene) {
      const first = await scene.untilStarted('double')
      await scene.sv('status', 'double', 'double-too')
      scene.unlink('double')
      await untilScanned(scene, 'double-canary')
      await seeIfAnew(scene, 'double-too', first)
      scene.see('double-too')
      scene.unlink('double-too')
      await scene.untilUnsupervised('../sv/double')
      scene.see('../sv/double')
      scene.seeNotes('../sv/double')
    },
  },
  {
    name: 'a directory instead of a link',
    files: { 'service/real/run': shell('exec witness'), 'service/real/orders': fifo },
    async run(scene) {
      await scene.untilStarted('real')
      scene.see('real')
      scene.rename('real', '../sv/real')
      await scene.untilUnsupervised('../sv/real')
      scene.see('../sv/real')
      scene.seeNotes('../sv/real')
    },
  },
  {
    name: 'the service directory is moved, and its link follows',
    services: { moved: { ...witness(), finish: notingFinish } },
    files: unlinked({ 'moved-canary': witness() }),
    async run(scene) {
      const first = await scene.untilStarted('moved')
      scene.act('sv/moved becomes sv/moved-away', () => {
        symlinkSync('../sv/moved-away', scene.path('.moved.new'))
        renameSync(scene.path('../sv/moved'), scene.path('../sv/moved-away'))
        renameSync(scene.path('.moved.new'), scene.path('moved'))
      })
      await untilScanned(scene, 'moved-canary')
      const pid = await seeIfAnew(scene, 'moved', first)
      scene.see('moved')
      scene.order('moved', 'exit 0')
      await scene.untilStarted('moved', pid)
      scene.see('moved')
      scene.seeNotes('moved')
    },
  },
  {
    name: 'what is no service: a leading dot, a file, a link to a file, a dangling link',
    files: {
      ...unlinked({ none: witness(), 'none-canary': witness() }),
      'service/.hidden': link('../sv/none'),
      'service/plain-file': file('text', 0o755),
      'service/link-to-file': link('plain-file'),
      'service/dangling-link': link('../sv/not-yet'),
      'service/circle': link('circle'),
      'service/README.md': file('# Services\n'),
    },
    async run(scene) {
      await untilScanned(scene, 'none-canary')
      scene.seeText('.hidden', scene.exists('.hidden/supervise') ? 'supervised' : 'untouched')
      for (const name of ['plain-file', 'link-to-file', 'dangling-link', 'circle']) await scene.sv('status', name)
      await scene.sv('status', '.hidden')
      for (const name of ['dangling-link', 'circle']) await scene.untilSaid(name)
      for (const name of ['dangling-link', 'circle', 'plain-file', 'link-to-file']) scene.seeSaid(name)
    },
  },
  {
    name: 'a dangling link comes to point at something',
    files: {
      ...unlinked({ 'late-canary': witness(), 'later-canary': witness() }),
      'service/late': link('../sv/late'),
    },
    async run(scene) {
      await untilScanned(scene, 'late-canary')
      scene.act('sv/late is made', () => {
        mkdirSync(scene.path('../sv/late.new'))
        scene.write('../sv/late.new', { run: shell('exec witness'), orders: fifo })
        renameSync(scene.path('../sv/late.new'), scene.path('../sv/late'))
      })
      await untilScanned(scene, 'later-canary')
      await scene.untilStarted('late')
      // When it was seen depends on what else has changed meanwhile.
      await scene.sv('status', 'late')
      scene.seeNotes('late')
    },
  },
  {
    name: 'log/ comes while the service runs',
    services: { unlogged: witness() },
    files: unlinked({ 'log-canary': witness() }),
    async run(scene) {
      const first = await scene.untilStarted('unlogged')
      scene.write('unlogged', { 'log/run': shell('exec cat >>lines') })
      await untilScanned(scene, 'log-canary')
      const logs = (): boolean => scene.exists('unlogged/log/lines') && scene.status('unlogged/log')?.state === 'run'
      const isLogged = await scene.untilOrNot(logs, restartMs)
      scene.seeText('its output', isLogged ? 'is read by the logger' : 'goes where it went')
      await scene.sv('status', 'unlogged')
      scene.send('unlogged', 't')
      const second = await scene.untilStarted('unlogged', first)
      await scene.sv('status', 'unlogged')
      const logger = scene.status('unlogged/log')?.pid ?? 0
      scene.send('unlogged', 'x')
      await scene.untilStarted('unlogged', second)
      await scene.untilStatus('unlogged/log', { state: 'run', pidAfter: logger })
      scene.order('unlogged', 'say hello')
      await scene.until('a line', () => scene.read('unlogged/log/lines') === 'hello\n')
      await scene.sv('status', 'unlogged')
      scene.see('unlogged')
      scene.see('unlogged/log')
    },
  },
  {
    name: 'a service directory is removed below a running service',
    services: { removed: witness() },
    files: unlinked({ 'removed-canary': witness() }),
    async run(scene) {
      const pid = await scene.untilStarted('removed')
      scene.act('removed: link and directory are removed', () => {
        unlinkSync(scene.path('removed'))
        rmSync(scene.path('../sv/removed'), { recursive: true })
      })
      await untilScanned(scene, 'removed-canary')
      await scene.until('its end', () => scene.processState(pid) === null)
      scene.seeText('sv/removed', existsSync(scene.path('../sv/removed')) ? 'is there again' : 'is gone')
    },
  },
  {
    name: 'many links come and go in one go',
    files: unlinked({
      ...Object.fromEntries(
        Array.from({ length: 12 }, (_, at) => [`many${at}`, { ...witness(), finish: notingFinish }]),
      ),
      'many-canary': witness(),
    }),
    async run(scene) {
      const names = Array.from({ length: 12 }, (_, at) => `many${at}`)
      scene.act('12 links are added', () => {
        for (const name of names) symlinkSync(`../sv/${name}`, scene.path(name))
      })
      for (const name of names) await scene.untilStarted(name)
      scene.act('every other link is removed', () => {
        for (const [at, name] of names.entries()) if (at % 2 === 0) unlinkSync(join(scene.side.services, name))
      })
      for (const [at, name] of names.entries()) if (at % 2 === 0) await scene.untilUnsupervised(`../sv/${name}`)
      await untilScanned(scene, 'many-canary')
      for (const name of names) {
        scene.see(`../sv/${name}`)
        scene.seeNotes(`../sv/${name}`)
      }
    },
  },
]

conform('scanning', scenarios)
