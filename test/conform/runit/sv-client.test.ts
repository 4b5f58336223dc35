import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ask, type Bench, type Client, createBench, inTurns, normal, skip } from './sv-bench.ts'
import { type Stage, sceneNames, setStages } from './sv-scenes.ts'

const words = [
  ...['status', 'up', 'down', 'once', 'pause', 'cont', 'hup', 'alarm', 'interrupt', 'quit', 'usr1', 'term'],
  ...['kill', 'exit'],
  ...['start', 'stop', 'restart', 'reload', 'try-restart', 'shutdown', 'check', 'force-stop', 'force-reload'],
  ...['force-restart', 'force-shutdown'],
  ...['s', 'u', 'd', 'o', 'p', 'c', 'h', 'a', 'i', 'q', '1', '2', 't', 'k', 'x', 'e', 'D', 'T', 'X', 'E'],
  ...['sto', 'statusx', 'checks', 'Down', 'r', 'f', 'restarts', 'force', 'v', 'try', '3', 'ü'],
]

/** As many at a time as wait without hindering each other. */
const stagesMax = 8

test('every word, alone, with -v and with -w, says, sends and returns what the original does, in every state', {
  skip,
}, async (context) => {
  const bench = createBench(context)
  const jobs = words.flatMap((word) => [[word], ['-v', word], ['-w', '1', word]])
  const free = Array.from({ length: stagesMax }, (_, at) => setStages(context, bench, `stage-${at}`))
  await inTurns(jobs, stagesMax, async (job) => {
    const stages = free.pop()!
    const answers = await Promise.all([
      playedAnswer(bench.real, stages[0], [...job, ...sceneNames]),
      playedAnswer(bench.ours, stages[1], [...job, ...sceneNames]),
    ])
    assert.deepEqual(answers[1], answers[0], `sv ${job.join(' ')}`)
    free.push(stages)
  })
})

test('words that are no command line are refused as by the original', { skip }, async (context) => {
  const bench = createBench(context)
  const stages = setStages(context, bench, 'usage')
  const lines = [
    ...['', 'status', 'frob', 'frob up', "'' up", '- up', '--', '-x', '-w', '-w 1', '-vx status up', '-v-x status up'],
    ...['-- status up', '-- status', '-w1 -- check up', 'status -v up', "status ''", '-vw1 check up', "-w '' check up"],
    ...['-w x check up', '-w -1 check up', '-wv check up'],
  ]
  for (const line of lines) {
    const words = line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word))
    await bothAnswer(bench, stages, words)
  }
})

test('services are found by name, path and SVDIR as by the original', { skip }, async (context) => {
  const bench = createBench(context)
  const stages = setStages(context, bench, 'names')
  const names = [
    'up',
    './up',
    '.',
    '..',
    './services/up',
    '../names/services/up',
    'up/log',
    'logged/log',
    'logged//log',
  ]
  const withSlash = ['up/', 'services/up/', './services/up/', 'nowhere/']
  for (const SVDIR of ['services', './services', 'services/', '', 'nowhere', 'services/up/run', 'services/up', '.']) {
    await bothAnswer(bench, stages, ['status', ...names, ...withSlash], { environment: { SVDIR } })
    await bothAnswer(bench, stages, ['check', ...names], { environment: { SVDIR } })
  }
  const inServices = { environment: { SVDIR: '.' }, inServices: true }
  await bothAnswer(bench, stages, ['check', 'up', 'up/', './up', 'logged/log/', '../services/logged/log'], inServices)
})

test('a name that ends with a slash is the same path when it is waited for', { skip }, async (context) => {
  const bench = createBench(context)
  const [, ours] = setStages(context, bench, 'slash')
  // The original looks for it in SVDIR then.
  const answer = await ask(bench.ours.sv, ['check', 'up/'], { cwd: ours.services, environment: { SVDIR: '/nowhere' } })
  assert.deepEqual(normal(answer), { stdout: 'ok: run: up/: (pid N) Ns\n', stderr: '', code: 0 })
})

test('what cannot be read of a logger is said, and the service is not shown in its place', {
  skip,
}, async (context) => {
  const bench = createBench(context)
  const [, ours] = setStages(context, bench, 'loggers')
  mkdirSync(join(ours.services, 'up/log'))
  const { stdout, code } = await ask(bench.ours.sv, ['status', 'up'], {
    cwd: ours.services,
    environment: { SVDIR: '.' },
  })
  assert.match(
    stdout,
    /^run: up: \(pid 4242\) \d+s; warning: up\/log: unable to open supervise\/ok: file does not exist\n$/,
  )
  assert.equal(code, 1)
})

test('by the name of a service it is an init script, as the original is', { skip }, async (context) => {
  const bench = createBench(context)
  const stages = setStages(context, bench, 'init')
  const services = [
    'up',
    'up-stopping',
    'finish',
    'down',
    'logged',
    'status-18',
    'dead',
    'missing',
    'check-fails',
    'log-is-file',
    'control-full',
  ]
  for (const { programs } of [bench.real, bench.ours])
    for (const name of services) symlinkSync('sv', join(programs, name))
  const lines = [['status'], ['start'], ['force-stop'], ['x']]
  const once = [
    ['s'],
    ['stat'],
    ['statusx'],
    ['sto'],
    [],
    ['frob'],
    ['-x'],
    ['-w'],
    ['status', 'extra'],
    ['-w', '0', 'check'],
    ['-v', 'hup'],
  ]
  await Promise.all(
    ['up', 'down', 'missing'].map(async (name) => {
      for (const line of once) await bothAnswer(bench, stages, line, { program: name })
    }),
  )
  await Promise.all(
    services.map(async (name) => {
      for (const line of lines) await bothAnswer(bench, stages, line, { program: name })
    }),
  )
})

async function playedAnswer(client: Client, stage: Stage, args: readonly string[]) {
  const environment = { SVDIR: stage.services, SVWAIT: '0' }
  const answer = await ask(client.sv, args, { cwd: stage.services, environment })
  return { ...normal(answer), received: stage.received() }
}

/** Asserts that both say the same of the same. */
async function bothAnswer(
  { real, ours }: Bench,
  stages: readonly [Stage, Stage],
  words: readonly string[],
  options: {
    readonly environment?: Readonly<Record<string, string>>
    readonly program?: string
    readonly inServices?: boolean
  } = {},
): Promise<void> {
  const { environment, program = 'sv', inServices = false } = options
  const answers = await Promise.all(
    [real, ours].map(({ programs }, side) => {
      const { services } = stages[side]!
      const cwd = inServices ? services : dirname(services)
      return ask(join(programs, program), words, { cwd, environment: { SVDIR: services, SVWAIT: '0', ...environment } })
    }),
  )
  const asked = `${program} ${words.join(' ')}, ${JSON.stringify(environment ?? {})}`
  assert.deepEqual(normal(answers[1]!), normal(answers[0]!), asked)
}
