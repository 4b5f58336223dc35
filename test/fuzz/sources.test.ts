import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ContainerSpec } from '../../src/core/containers/model.ts'
import type { Probe, UnitSpec } from '../../src/core/model.ts'
import { unitSpecs } from '../../src/core/target/units.ts'
import { unknownDevice } from '../../src/dialects/balena/device-facts.ts'
import { decodeSources } from '../../src/dialects/decode-sources.ts'
import { memorySourceReader } from '../../src/dialects/memory-source-reader.ts'
import { cronFault } from '../../src/formats/cron.ts'
import { compileLinear } from '../../src/formats/linear-pattern.ts'
import { checkProblem, mutated, readCorpus, seed, withinTime } from './fuzz.ts'

const kinds = [
  { corpus: readCorpus('yaml'), path: '/srv/shop/holdfast.yaml', runs: 600 },
  { corpus: readCorpus('ini'), path: '/srv/shop/supervisord.conf', runs: 1_000 },
  { corpus: readCorpus('json'), path: '/srv/shop/target.json', runs: 1_000 },
] as const

async function decode(path: string, text: string): Promise<number> {
  const files = {
    [path]: text,
    '/srv/shop/.env': 'FROM_DOTENV=1\n',
    '/srv/shop/conf.d/more.conf': '[program:more]\ncommand=/bin/more\n',
  }
  const reader = memorySourceReader({
    files,
    environment: { PATH: '/usr/bin:/bin', HOME: '/root' },
    directories: ['/tmp'],
  })
  const decoded = await decodeSources([path], reader, {
    lenient: false,
    descriptorsMax: 100_000,
    device: { ...unknownDevice, serviceKeys: { secret: 'x', given: {} } },
  })
  for (const problem of decoded.problems) checkProblem(problem, files)
  // What is understood so far must be whole: every unit has its settings, and can be stored.
  const specs = unitSpecs(decoded.target)
  const isGood = decoded.problems.every((problem) => problem.severity === 'warning')
  for (const spec of specs.values()) {
    if (spec.container !== undefined) checkContainer(spec.container)
    else if (isGood)
      assert(spec.process.command.length > 0 || spec.process.commandError !== null, 'a unit has a command')
    assert(spec.stop.length > 0 && Number.isSafeInteger(spec.restart.stableMs) && Number.isSafeInteger(spec.priority))
    checkSpec(spec)
  }
  assert.deepEqual(JSON.parse(JSON.stringify(decoded.target)), decoded.target)
  return decoded.problems.length
}

/** What drivers rely on without looking again. */
function checkSpec({ checks, hooks, schedule, process }: UnitSpec): void {
  for (const check of [checks.readiness, checks.liveness]) {
    if (check === null) continue
    assert(check.intervalMs > 0 && check.timeoutMs > 0 && check.startIntervalMs > 0 && check.retries > 0)
    checkProbe(check.probe)
  }
  for (const hook of [hooks.preStart, hooks.postStop]) {
    if (hook !== null) assert(hook.command.length > 0 && (hook.timeoutMs === null || hook.timeoutMs > 0))
  }
  if (schedule !== null) assert.equal(cronFault(schedule.cron, schedule.timeZone), null)
  if (process.limits !== null) {
    const { ulimits, cpuAffinity, cgroup } = process.limits
    for (const { soft, hard } of Object.values(ulimits)) assert(hard === null || (soft !== null && soft <= hard))
    assert(cpuAffinity === null || cpuAffinity.length > 0)
    assert(cgroup === null || process.cgroup, 'what is limited by a cgroup has one')
    for (const value of Object.values(cgroup ?? {}))
      assert(typeof value !== 'number' || (value >= 0 && value < 2 ** 53))
  }
}

function checkContainer({ containerName, image, strategy, settings }: ContainerSpec): void {
  assert(containerName !== '' && /[:@]/.test(image), `a container has a name, and '${image}' says which version it is`)
  if (strategy.kind === 'hand-over') assert(strategy.timeoutMs > 0)
  for (const { hostPort, containerPort } of settings.ports) {
    for (const port of [hostPort ?? 1, containerPort]) assert(Number.isInteger(port) && port > 0 && port < 65_536)
  }
  for (const mount of settings.mounts) assert(mount.target.startsWith('/'))
  for (const [key, value] of Object.entries({ ...settings.environment, ...settings.labels })) {
    assert(key !== '' && typeof value === 'string' && !value.includes('\0'))
  }
  for (const value of Object.values(settings)) assert(typeof value !== 'number' || Number.isFinite(value))
}

function checkProbe(probe: Probe): void {
  if (probe.kind === 'exec') assert(probe.command.length > 0)
  if (probe.kind === 'tcp') assert(probe.host !== '' && probe.port > 0 && probe.port < 65_536)
  if (probe.kind === 'http') assert(URL.canParse(probe.url) && probe.statusMin <= probe.statusMax)
  const pattern = probe.kind === 'log' ? probe.pattern : probe.kind === 'http' ? probe.bodyPattern : null
  if (pattern !== null) assert(compileLinear(pattern) instanceof RegExp)
}

for (const { corpus, path, runs } of kinds) {
  for (const { name, text } of corpus) {
    test(`${name} is decoded to problems with places`, async () => {
      await withinTime(text, (one) => decode(path, one))
    })
  }

  test(`files near the corpus of ${path} never throw or hang (seed ${seed})`, async () => {
    const property = fc.asyncProperty(mutated(corpus), async (text) => {
      await withinTime(text, (one) => decode(path, one))
    })
    await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: 2_500 })
  })
}
