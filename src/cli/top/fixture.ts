import type { Info, UnitItem, UnitList, UsageList } from '../../wire/api.ts'
import type { Home } from '../../wire/home.ts'
import { firstModel, type Look, type Message, type Model, type Size } from './model.ts'
import { toFrame } from './screen.ts'
import { update } from './update.ts'
import { view } from './view.ts'

/** Of the local clock, so that pictures are the same in every time zone. */
export const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()

export const home: Home = {
  name: '/var/lib/holdfast',
  stateDirectory: '/var/lib/holdfast',
  runDirectory: '/run/holdfast',
  logDirectory: '/var/log/holdfast',
  socketPath: '/run/holdfast/holdfast.sock',
  option: '',
  optionElsewhere: '',
  program: 'holdfast',
}

export const plainLook: Look = { hasColour: false, hasUnicode: true }

export function ago(ms: number): string {
  return new Date(nowMs - ms).toISOString()
}

/** `app/service/1`, running for a minute. */
export function unitItem(unit: string, change: Partial<UnitItem> = {}): UnitItem {
  const [app = '', service = ''] = unit.split('/')
  return {
    app,
    service,
    unit,
    kind: 'process',
    state: 'running',
    pid: 4_711,
    health: null,
    restarts: 0,
    since: ago(60_000),
    reason: 'running as pid 4711',
    nextRunAt: null,
    labels: {},
    ...change,
  }
}

export const shop: readonly UnitItem[] = [
  unitItem('shop/web/1', { health: 'healthy', reason: 'healthy after 814 ms', since: ago(7_200_000) }),
  unitItem('shop/db/1', { since: ago(7_205_000), pid: 4_712, reason: 'running as pid 4712' }),
  unitItem('shop/worker/1', {
    state: 'backoff',
    pid: null,
    restarts: 7,
    since: ago(300),
    reason: 'exit code 3 after 1 s; restart 7 in 6.4 s',
  }),
  unitItem('shop/mail/1', { pid: 4_714, since: ago(90_000) }),
  unitItem('shop/mail/2', { pid: 4_715, since: ago(90_000) }),
  unitItem('tools/metrics/1', { health: 'unhealthy', pid: 4_716, reason: 'unhealthy: no answer within 1 s' }),
  unitItem('tools/backup/1', { state: 'stopped', pid: null, reason: 'declared', since: ago(7_205_000) }),
]

export function unitList(items: readonly UnitItem[], warnings: readonly string[] = []): UnitList {
  return { apiVersion: 'holdfast/v1', kind: 'UnitList', items, warnings }
}

export const info: Info = {
  apiVersion: 'holdfast/v1',
  kind: 'Info',
  version: '0.1.0',
  pid: 812,
  home: '/var/lib/holdfast',
  startedAt: ago(7_210_000),
  mode: 'running',
  modeWhy: '',
  sources: ['/etc/holdfast/shop.yaml'],
  units: 7,
  storeTrouble: null,
  directory: '/usr/lib/holdfast',
  upgrade: null,
  containerEngine: null,
  logTotalBytesMax: null,
  engineSocket: '/var/run/docker.sock',
  rssBytes: 60 * 2 ** 20,
  listen: null,
  driver: 'process',
}

/** Each unit's processor time and memory, `bootMs` after the boot. */
export function usageList(
  bootMs: number,
  used: Readonly<Record<string, { readonly cpuMs: number; readonly rssBytes: number }>>,
  cpuBusyMs = bootMs,
): UsageList {
  return {
    apiVersion: 'holdfast/v1',
    kind: 'UsageList',
    at: ago(0),
    bootMs,
    host: {
      cpus: 2,
      cpuBusyMs,
      memoryTotalBytes: 4 * 2 ** 30,
      memoryAvailableBytes: 3 * 2 ** 30,
      load: [0.5, 0.25, 0.1],
    },
    items: Object.entries(used).map(([unit, { cpuMs, rssBytes }]) => ({
      unit,
      usage: {
        rssBytes,
        rssPeakBytes: null,
        processes: 1,
        processesPeak: null,
        processesMax: null,
        cpuMs,
        cpusMax: null,
        memoryBytes: null,
        memoryPeakBytes: null,
        memoryMaxBytes: null,
        oomKills: null,
      },
    })),
  }
}

/** A model after these messages, all at `nowMs`. */
export function modelAfter(
  messages: readonly Message[],
  size: Size = { columns: 80, rows: 24 },
  look = plainLook,
): Model {
  const first = firstModel({ home, look, size, nowMs })
  return messages.reduce((model, message) => update(model, message, nowMs).model, first)
}

/** The daemon has told everything, and usage twice. */
export const told: readonly Message[] = [
  { kind: 'info', info },
  { kind: 'units', list: unitList(shop) },
  { kind: 'usage', list: usageList(10_000, usageOf(0)) },
  { kind: 'usage', list: usageList(12_000, usageOf(1)) },
]

function usageOf(look: number): Parameters<typeof usageList>[1] {
  return {
    'shop/web/1': { cpuMs: 500 + look * 30, rssBytes: 84 * 2 ** 20 },
    'shop/db/1': { cpuMs: 9_000 + look * 1_684, rssBytes: 1_350 * 2 ** 20 },
    'shop/mail/1': { cpuMs: 10, rssBytes: 3.2 * 2 ** 20 },
    'shop/mail/2': { cpuMs: 10, rssBytes: 3.1 * 2 ** 20 },
    'tools/metrics/1': { cpuMs: 100 + look * 4, rssBytes: 40 * 2 ** 20 },
  }
}

export function keys(...names: readonly string[]): readonly Message[] {
  return names.map((key) => ({ kind: 'key', key }))
}

/** The lines of the screen as text. */
export function screenText(model: Model): readonly string[] {
  const { rows } = toFrame(view(model), model.size, model.look.hasUnicode)
  return rows.map(({ chars }) => chars.join('').trimEnd())
}
