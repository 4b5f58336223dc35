import { readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { conform, type Scenario } from './conform.ts'
import { directory, type Entry, fifo, file, link, shell } from './files.ts'
import { logged, notingFinish, waiting, witness } from './services.ts'
import { tool } from './tools.ts'

/** How services are named to clients, other clients than sv, and files as a client finds them. */
const scenarios: readonly Scenario[] = [
  {
    name: 'every way to name a service',
    services: { named: logged(witness()) },
    files: { 'other/named': link('../sv/named') },
    async run(scene) {
      await scene.untilStarted('named')
      await scene.untilLogs('named')
      const { services, directory: root } = scene.side
      for (const name of [
        'named',
        'named/',
        'named/log',
        'named/log/',
        `${services}/named`,
        `${root}/sv/named`,
        'nosuch',
      ])
        await scene.sv('status', name)
      for (const name of ['./named', './named/', './named/log', '.', '../sv/named', '../service/named/log'])
        await scene.client('sv', ['status', name], { directory: services })
      await scene.client('sv', ['status', '.', './log'], { directory: scene.path('named') })
      await scene.client('sv', ['status', 'named'], { environment: { SVDIR: `${root}/other` } })
      await scene.client('sv', ['status', 'named'], { environment: { SVDIR: 'other/' } })
      await scene.client('sv', ['status', 'named'], { environment: { SVDIR: '/nowhere' } })
      await scene.sv('-w', '1', 'check', 'named/', './named')
    },
  },
  {
    name: 'svc, svstat and svok of daemontools',
    services: { tools: { ...witness(), finish: notingFinish }, 'tools-down': { ...witness(), down: file('') } },
    async run(scene) {
      const [up, down] = [scene.path('tools'), scene.path('tools-down')]
      let pid = await scene.untilStarted('tools')
      await scene.until('the supervisor to listen', () => scene.isSupervised('tools-down'))
      await scene.client('svok', [up])
      await scene.client('svok', [`${up}/nosuch`])
      await scene.client('svstat', [up, down, '/nowhere'])
      for (const [option, signal] of Object.entries({ h: 'HUP', a: 'ALRM', i: 'INT' })) {
        await scene.client('svc', [`-${option}`, up])
        await scene.untilNoted('tools', new RegExp(`^got ${signal}$`))
      }
      await scene.client('svc', ['-p', up])
      await scene.untilStatus('tools', { paused: 1 })
      await scene.client('svstat', [up])
      await scene.client('svc', ['-c', up])
      await scene.untilStatus('tools', { paused: 0 })
      await scene.untilNoted('tools', /^got CONT$/)
      for (const option of ['-t', '-k']) {
        await scene.client('svc', [option, up])
        pid = await scene.untilStarted('tools', pid)
      }
      await scene.client('svc', ['-o', up])
      await scene.untilStatus('tools', { want: 'd' })
      await scene.client('svstat', [up])
      await scene.client('svc', ['-d', up])
      await scene.untilStatus('tools', { state: 'down' })
      await scene.client('svstat', [up])
      await scene.client('svc', ['-u', up, down])
      pid = await scene.untilStarted('tools', pid)
      await scene.untilStarted('tools-down')
      await scene.client('svstat', [up, down])
      await scene.client('svc', ['-dx', up])
      await scene.untilStarted('tools', pid)
      scene.see('tools')
      scene.seeNotes('tools')
    },
  },
  {
    name: 'finish, as svstat shows it',
    services: { 'tools-finish': { ...witness(), finish: waiting('finish'), go: fifo } },
    async run(scene) {
      await scene.untilStarted('tools-finish')
      await scene.client('svc', ['-d', scene.path('tools-finish')])
      await scene.untilFinishing('tools-finish')
      await scene.client('svstat', [scene.path('tools-finish')])
      await scene.letGo('tools-finish')
      await scene.untilStatus('tools-finish', { state: 'down' })
      await scene.client('svstat', [scene.path('tools-finish')])
    },
  },
  {
    name: 'a second supervisor refuses, and the first one goes on',
    services: { twice: logged(witness()) },
    async run(scene) {
      const pid = await scene.untilStarted('twice')
      await scene.untilLogs('twice')
      await scene.client('runsv', [scene.path('twice')])
      await scene.client('runsv', ['./twice'], { directory: scene.side.services })
      scene.see('twice')
      scene.see('twice/log')
      scene.seeText('the process', scene.status('twice')!.pid === pid ? 'is the same' : 'is another')
      await scene.sv('status', 'twice')
      scene.seeNotes('twice')
    },
  },
  {
    name: 'commands of several bytes in one write',
    services: { bytes: { ...witness(), finish: notingFinish }, bytes2: { ...witness('-i'), finish: notingFinish } },
    async run(scene) {
      const first = await scene.untilStarted('bytes')
      await scene.untilStarted('bytes2')
      scene.send('bytes', 'h12')
      await scene.untilNoted('bytes', /^got USR2$/)
      scene.send('bytes', 'tcu')
      const second = await scene.untilStarted('bytes', first)
      scene.send('bytes', 'od')
      await scene.untilStatus('bytes', { state: 'down' })
      scene.see('bytes')
      scene.send('bytes', 'pcdou')
      await scene.untilStarted('bytes', second)
      await scene.untilStatus('bytes', { want: 'u' })
      scene.see('bytes')
      scene.seeNotes('bytes', { except: /^got CONT$/ })
      scene.send('bytes2', 'dududud')
      await scene.untilStatus('bytes2', { want: 'd' })
      scene.send('bytes2', '1')
      await scene.untilNoted('bytes2', /^got USR1$/)
      scene.see('bytes2')
      scene.send('bytes2', 'kd')
      await scene.untilNoted('bytes2', /^finish/)
      await scene.untilStatus('bytes2', { state: 'down' })
      scene.see('bytes2')
      scene.seeNotes('bytes2', { except: /^got / })
    },
  },
  {
    name: 'what is in supervise/ from before is taken over',
    services: {
      leftover: {
        ...witness(),
        'supervise/control': fifo,
        'supervise/ok': fifo,
        'supervise/lock': file(''),
        'supervise/pid': file('1\n'),
        'supervise/stat': file('run\n'),
        'supervise/status': file('short'),
        'supervise/status.new': file('old'),
        'supervise/other': file('kept'),
      },
    },
    async run(scene) {
      await scene.untilWhole('leftover')
      await scene.untilStarted('leftover')
      scene.see('leftover')
      scene.seeFiles('leftover')
      await scene.sv('status', 'leftover')
      await scene.sv('stop', 'leftover')
      scene.see('leftover')
    },
  },
  {
    name: 'supervise/ is a link to a directory, to one that is to be made, and to one that cannot be',
    services: {
      'linked-there': { ...witness(), supervise: link('../../run/there') },
      'linked-new': { ...witness(), supervise: link('../../run/new') },
      'linked-deep': { ...witness(), supervise: link('../../run/no/such') },
      'linked-file': { ...witness(), supervise: file('') },
      'linked-plain': { ...witness(), 'supervise/ok': file(''), 'supervise/control': file('') },
    },
    files: { 'run/there': directory(0o750) },
    async run(scene) {
      for (const service of ['linked-there', 'linked-new']) await scene.untilStarted(service)
      for (const service of ['linked-there', 'linked-new']) {
        scene.see(service)
        scene.seeFiles(service)
        await scene.sv('status', service)
        await scene.sv('stop', service)
      }
      for (const service of ['linked-deep', 'linked-file', 'linked-plain']) {
        await scene.untilSaid(service)
        await scene.sv('status', service)
        scene.seeSaid(service)
      }
    },
  },
  {
    name: 'a client finds a status that is too short, or none',
    services: { broken: witness() },
    async run(scene) {
      const pid = await scene.untilStarted('broken')
      const status = scene.path('broken/supervise/status')
      const whole = readFileSync(status)
      scene.act('the status is cut to 18 bytes', () => writeFileSync(status, whole.subarray(0, 18)))
      await scene.sv('status', 'broken')
      await scene.client('svstat', [scene.path('broken')])
      scene.act('the status is removed', () => unlinkSync(status))
      await scene.sv('status', 'broken')
      await scene.sv('up', 'broken')
      scene.send('broken', 't')
      await scene.untilWhole('broken')
      await scene.untilStarted('broken', pid)
      await scene.sv('status', 'broken')
      scene.see('broken')
    },
  },
  {
    name: 'no client needs more than the files: not a word of sv is lost while the service restarts',
    services: { chatty: { ...witness(), check: shell('exit 0') } },
    async run(scene) {
      let pid = await scene.untilStarted('chatty')
      for (const command of ['restart', 'force-restart', 'try-restart']) {
        await scene.untilSettled('chatty')
        await scene.sv(command, 'chatty')
        pid = await scene.untilStarted('chatty', pid)
      }
      scene.see('chatty')
      scene.seeNotes('chatty', { except: /^got CONT$/ })
    },
  },
  oddName('a space', 'with space'),
  {
    name: 'a name with a newline',
    services: { 'with\nnewline': witness() },
    async run(scene) {
      const isStarted = (): boolean => scene.notes('with\nnewline').length > 0
      await scene.until('a word on it', () => isStarted() || scene.side.said().includes('a line break'))
      scene.seeText('it', isStarted() ? 'is started' : 'is refused')
    },
  },
  oddName('letters of UTF-8', 'naïve-Dienst'),
  oddName('a byte that is no letter', 'percent%25+plus'),
  oddName('a leading dash', '-dash'),
  oddName('a trailing dot', 'dot.'),
]

function oddName(what: string, name: string): Scenario {
  const run: Entry = shell('exec witness')
  return {
    name: `a name with ${what}`,
    services: { [name]: { run, orders: fifo } },
    async run(scene) {
      const first = await scene.untilStarted(name)
      scene.see(name)
      await scene.client('sv', ['status', `./${name}`], { directory: scene.side.services })
      await scene.sv('status', scene.path(name))
      await scene.client('svstat', [scene.path(name)])
      scene.send(name, 't')
      await scene.untilStarted(name, first)
      await scene.sv('stop', scene.path(name))
      scene.see(name)
      scene.seeNotes(name)
    },
  }
}

conform('clients', scenarios, { tools: ['svc', 'svstat', 'svok', tool('runsv')] })
