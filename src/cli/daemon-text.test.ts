import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Info, UnitItem } from '../wire/api.ts'
import { printDaemon } from './daemon-text.ts'

const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()
const ago = (ms: number): string => new Date(nowMs - ms).toISOString()
const terminal = { columns: 80, hasColour: false, hasUnicode: true }

const info: Info = {
  apiVersion: 'holdfast/v1',
  kind: 'Info',
  version: '0.2.0',
  pid: 812,
  home: '/var/lib/holdfast',
  startedAt: ago(3 * 3_600_000),
  mode: 'running',
  modeWhy: '',
  sources: ['/srv/shop/holdfast.yaml', '/etc/supervisor/conf.d'],
  units: 4,
  rssBytes: 62 * 1024 * 1024,
  storeTrouble: null,
  listen: null,
  directory: '/opt/holdfast',
  upgrade: null,
  containerEngine: null,
  driver: 'process',
  logTotalBytesMax: null,
  engineSocket: '/var/run/docker.sock',
}

test('a release that is not decided, or was taken back, is told with what follows', () => {
  const item = {
    app: 'shop',
    release: 'v2',
    status: 'trial',
    since: ago(4_000),
    why: 'all have been well for 4 s',
    next: 'it counts in 6 s if nothing happens to them',
    upcoming: { what: 'it counts', at: ago(-6_000), more: ' if nothing happens to them' },
    command: null,
    previous: 'v1',
    rejected: null,
  } as const
  const wide = { ...terminal, columns: null }
  const text = printDaemon(info, [], {
    terminal: wide,
    nowMs,
    releases: [item, { ...item, app: 'mail', status: 'committed' }],
  })
  const told =
    'shop is on v2, trial: all have been well for 4 s; it counts at 12:00:06 (in 6 s) if nothing happens to them'
  assert.ok(text.includes(told), text)
  assert.ok(!text.includes('mail'), text)
})

function unit(state: UnitItem['state'], health: UnitItem['health'] = null): UnitItem {
  return {
    app: 'shop',
    service: state,
    unit: `shop/${state}/1`,
    kind: 'process',
    state,
    pid: null,
    health,
    restarts: 0,
    since: ago(0),
    reason: '',
    nextRunAt: null,
    labels: {},
  }
}

const units = [unit('running', 'healthy'), unit('running', 'unhealthy'), unit('stopped'), unit('failed')]

test('the daemon tells what it is, what it has, and how its units are, trouble first', () => {
  assert.equal(
    printDaemon(info, units, { terminal, nowMs }),
    `Holdfast 0.2.0  running
  since    09:00:00 (3 h), pid 812, 62 MiB of memory
  home     /var/lib/holdfast
  sources  /srv/shop/holdfast.yaml, /etc/supervisor/conf.d
  units    4: 1 failed, 2 running (1 unhealthy), 1 stopped
`,
  )
})

test('the container engine is told where something needs one, or why it does not answer', () => {
  const rowOf = (containerEngine: Info['containerEngine']) =>
    printDaemon({ ...info, containerEngine }, [], { terminal: { ...terminal, columns: null }, nowMs })
      .split('\n')
      .find((line) => line.startsWith('  engine'))
  const engine = { status: 'connected', name: 'Docker 20.10.24', apiVersion: '1.41', why: '' } as const
  assert.equal(rowOf(engine), '  engine   Docker 20.10.24, API 1.41')
  const why = 'the container engine does not answer (ENOENT): no socket; asked again in 4 s'
  assert.equal(rowOf({ status: 'absent', name: null, apiVersion: null, why }), `  engine   ${why}`)
  assert.equal(rowOf(null), undefined)
})

test('a daemon in trouble says so, and what its latest upgrade came to', () => {
  const version = { version: '0.1.0', directory: '/opt/old' }
  const upgrade = { at: ago(60_000), from: version, to: { ...version, version: '0.2.0' }, why: '', gapMs: 85 } as const
  const text = printDaemon(
    {
      ...info,
      mode: 'held',
      modeWhy: 'the daemon died 3 times within 60 s',
      storeTrouble: 'SQLITE_FULL: no space is left',
      listen: '127.0.0.1:8700',
      upgrade: { ...upgrade, outcome: 'done' },
      logTotalBytesMax: 4 * 1024 ** 3,
    },
    [],
    { terminal, nowMs },
  )
  assert.equal(
    text,
    `Holdfast 0.2.0  held: the daemon died 3 times within 60 s
  since       09:00:00 (3 h), pid 812, 62 MiB of memory
  home        /var/lib/holdfast
  sources     /srv/shop/holdfast.yaml, /etc/supervisor/conf.d
  units       none
  listens     127.0.0.1:8700
  logs        at most 4 GiB in all
  not stored  SQLITE_FULL: no space is left
  upgrade     0.1.0 to 0.2.0, 11:59:00 (1 min ago): done, 85 ms without a
              decision
`,
  )
})
