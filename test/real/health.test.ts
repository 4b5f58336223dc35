import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { StatusList, UnitDetail } from '../../src/wire/api.ts'
import { type Home, realTest } from './harness.ts'
import { environmentOf, type Process, readProcess } from './processes.ts'
import { eager, sleeper } from './services.ts'
import { until } from './until.ts'

const quick = { interval: '100ms', start_interval: '20ms', timeout: '20s', retries: 2 }

realTest('a unit is healthy as soon as it is ready, and who depends on it waits for that', {}, async (home) => {
  const flag = join(home.directory, 'ready')
  const file = home.declare('app', {
    db: { ...sleeper, healthcheck: { test: ['CMD', 'test', '-e', flag], ...quick, start_period: '60s' } },
    web: { ...sleeper, depends_on: { db: { condition: 'service_healthy' } } },
  })
  await home.start([file])
  await home.untilUnit('app/db', (unit) => unit.state === 'running' && unit.health === 'starting')
  await probedOnce(home, 'app/db')
  assert.equal((await home.unit('app/web')).pid, null)
  writeFileSync(flag, '')
  await home.untilUnit('app/db', (unit) => unit.health === 'healthy')
  await home.untilState('app/web', 'running')
  rmSync(flag)
  await home.untilUnit('app/db', (unit) => unit.health === 'unhealthy')
  assert.equal((await home.unit('app/web')).state, 'running', 'readiness ends nothing')
  const [check] = (await detail(home, 'app/db')).checks
  assert.equal(check?.results[0]?.output, 'exit code 1')
  writeFileSync(flag, '')
  await home.untilUnit('app/db', (unit) => unit.health === 'healthy')
})

realTest('a run that fails its liveness check is ended by its ladder and started again', {}, async (home) => {
  const flag = join(home.directory, 'alive')
  writeFileSync(flag, '')
  const file = home.declare('app', {
    web: {
      command: ['sh', '-c', 'trap "echo got TERM; exit 0" TERM; echo ready; while :; do sleep 0.01; done'],
      'x-holdfast': { ...eager, liveness: { exec: ['test', '-e', flag], ...quick } },
    },
  })
  await home.start([file])
  const { pid } = await home.untilUnit('app/web', (unit) => unit.health === 'healthy')
  await home.untilLog('app/web', 'ready')
  rmSync(flag)
  await home.untilUnit('app/web', (unit) => unit.pid !== null && unit.pid !== pid)
  writeFileSync(flag, '')
  await home.untilLog('app/web', 'got TERM')
  const again = await home.untilUnit('app/web', (unit) => unit.health === 'healthy')
  assert.ok(again.restarts >= 1)
})

realTest('checks by http, tcp and log find what a service does', {}, async (home) => {
  const sockets = new Set<Socket>()
  let status = 503
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.end(`HTTP/1.1 ${status} x\r\nContent-Length: 6\r\n\r\nready\n`))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const { port } = address
  try {
    const checked = (readiness: object) => ({ ...sleeper, 'x-holdfast': { readiness: { ...readiness, ...quick } } })
    const file = home.declare('app', {
      byhttp: checked({ http: { url: `http://127.0.0.1:${port}/health`, status: 200, body: '^ready$$' } }),
      bytcp: checked({ tcp: `127.0.0.1:${port}` }),
      bylog: {
        command: ['sh', '-c', 'echo starting; sleep 0.3; echo "listening on port 80"; exec sleep 86400'],
        'x-holdfast': { readiness: { log: 'listening on port [0-9]+', ...quick, start_period: '60s' } },
      },
    })
    await home.start([file])
    await home.untilUnit('app/bytcp', (unit) => unit.health === 'healthy')
    await home.untilUnit('app/bylog', (unit) => unit.health === 'healthy')
    await home.untilUnit('app/byhttp', (unit) => unit.health === 'unhealthy')
    assert.equal((await detail(home, 'app/byhttp')).checks[0]?.results[0]?.output, 'HTTP 503: ready')
    status = 200
    await home.untilUnit('app/byhttp', (unit) => unit.health === 'healthy')
    server.close()
    for (const socket of sockets) socket.destroy()
    await home.untilUnit('app/bytcp', (unit) => unit.health === 'unhealthy')
    assert.match((await detail(home, 'app/bytcp')).checks[0]?.results[0]?.output ?? '', /ECONNREFUSED/)
  } finally {
    server.close()
  }
})

realTest('a check that hangs or floods harms nobody, and nothing of it is left', {}, async (home) => {
  const file = home.declare('app', {
    hanging: { ...sleeper, healthcheck: { test: 'sleep 86399 & sleep 86399', ...quick, timeout: '100ms' } },
    flooding: { ...sleeper, healthcheck: { test: 'cat /dev/zero', ...quick } },
  })
  await home.start([file])
  await home.untilUnit('app/hanging', (unit) => unit.health === 'unhealthy')
  await home.untilUnit('app/flooding', (unit) => unit.health === 'unhealthy')
  assert.equal((await detail(home, 'app/hanging')).checks[0]?.results[0]?.output, 'took longer than 100 ms')
  for (const name of ['app/hanging', 'app/flooding']) assert.equal((await home.unit(name)).state, 'running')
  // One of a check under way may be among them, but of those before it none is left.
  const probes = hangingIn(home)
  await until('all of them to be gone', () => !probes.some(isThere))
})

realTest('after a death of the daemon its checks are ended, and everything is asked anew', {}, async (home) => {
  const marker = join(home.directory, 'probed')
  const file = home.declare('app', {
    web: { ...sleeper, healthcheck: { test: `echo x >> ${marker}; exec sleep 86399`, ...quick, timeout: '60s' } },
    db: { ...sleeper, healthcheck: { test: 'true', ...quick } },
  })
  const daemon = await home.start([file])
  await until('a check to hang', () => existsSync(marker) && hangingIn(home).length > 0)
  await home.untilUnit('app/db', (unit) => unit.health === 'healthy')
  const { pid } = await home.unit('app/web')
  const left = hangingIn(home)
  assert.equal(left.length, 1)
  assert.equal(environmentOf(left[0]!.pid)?.HOLDFAST_RUN, undefined)
  await daemon.crash()
  await home.start([file])
  await until('the old check to be gone', () => !isThere(left[0]!))
  await home.untilUnit('app/db', (unit) => unit.health === 'healthy')
  assert.equal((await home.unit('app/web')).pid, pid, 'the service itself goes on')
})

/** Processes of checks that sleep, loaded and with their environment. */
function hangingIn(home: Home): readonly Process[] {
  return home.processes().filter(({ command }) => command === 'sleep 86399')
}

function isThere({ pid, startTicks }: Process): boolean {
  return readProcess(pid)?.startTicks === startTicks
}

async function probedOnce(home: Home, name: string): Promise<void> {
  await until(`a look at ${name}`, async () => ((await detail(home, name)).checks[0]?.results.length ?? 0) > 0)
}

async function detail(home: Home, name: string): Promise<UnitDetail> {
  const { stdout, stderr } = await home.cli('status', name, '-o', 'json')
  assert.equal(stderr, '')
  const [item] = (JSON.parse(stdout) as StatusList).items
  assert.ok(item !== undefined, `no status of ${name}`)
  return item
}
