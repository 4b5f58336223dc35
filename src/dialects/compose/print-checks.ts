import type { Check, Hook, Hooks, Probe, Schedule } from '../../core/model.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { livenessIntervalMs, readinessIntervalMs } from './health.ts'
import { hookTimeoutMs } from './hooks.ts'
import { printNamed, type Style, unlessEmpty, unlessUsual } from './print-value.ts'

/** `healthcheck` says every readiness check that runs a command, in the words of Compose. */
export function printHealthcheck(check: Check | null, style: Style): YamlRecord | undefined {
  if (check?.probe.kind !== 'exec') return undefined
  const { command } = check.probe
  const isShell = command.length === 3 && command[0] === '/bin/sh' && command[1] === '-c' && command[2]!.trim() !== ''
  const test = isShell ? ['CMD-SHELL', command[2]!] : ['CMD', ...command]
  return { test, ...printTiming(check, readinessIntervalMs, style) }
}

export function printReadiness(check: Check | null, style: Style): YamlRecord | undefined {
  return check === null || check.probe.kind === 'exec' ? undefined : printCheck(check, readinessIntervalMs, style)
}

export function printLiveness(check: Check | null, style: Style): YamlRecord | undefined {
  return check === null ? undefined : printCheck(check, livenessIntervalMs, style)
}

function printCheck(check: Check, intervalMs: number, style: Style): YamlRecord {
  return { ...printProbe(check.probe, style), ...printTiming(check, intervalMs, style) }
}

function printTiming(check: Check, intervalMs: number, style: Style): YamlRecord {
  const time = (valueMs: number, usualMs: number) => unlessUsual(style, printDuration(valueMs), printDuration(usualMs))
  return {
    interval: time(check.intervalMs, intervalMs),
    timeout: time(check.timeoutMs, 30_000),
    retries: unlessUsual(style, check.retries, 3),
    start_period: time(check.startPeriodMs, 0),
    start_interval: time(check.startIntervalMs, 1_000),
  }
}

function printProbe(probe: Probe, style: Style): YamlRecord {
  switch (probe.kind) {
    case 'exec':
      return { exec: probe.command }
    case 'tcp':
      return { tcp: printTcp(probe) }
    case 'log':
      return { log: probe.pattern }
    case 'http': {
      const { statusMin, statusMax } = probe
      const status = statusMin === statusMax ? `${statusMin}` : `${statusMin}-${statusMax}`
      const more: YamlRecord = {
        headers: printNamed(probe.headers),
        status: unlessUsual(style, status, '200-399'),
        body: probe.bodyPattern ?? undefined,
      }
      return { http: unlessEmpty(more) === undefined ? probe.url : { url: probe.url, ...more } }
    }
  }
}

export function printTcp({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function printHooks({ preStart, postStop }: Hooks, style: Style): YamlRecord | undefined {
  return unlessEmpty({ pre_start: printHook(preStart, style), post_stop: printHook(postStop, style) })
}

function printHook(hook: Hook | null, style: Style): YamlValue | undefined {
  if (hook === null) return undefined
  const more: YamlRecord = {
    timeout: unlessUsual(style, printTimeout(hook.timeoutMs), printTimeout(hookTimeoutMs)),
    ignore_failure: unlessUsual(style, hook.ignoreFailure, false),
  }
  return unlessEmpty(more) === undefined ? hook.command : { command: hook.command, ...more }
}

function printTimeout(ms: number | null): string {
  return ms === null ? 'none' : printDuration(ms)
}

export function printSchedule(schedule: Schedule | null, style: Style): YamlValue | undefined {
  if (schedule === null) return undefined
  const more: YamlRecord = {
    timezone: schedule.timeZone ?? undefined,
    overlap: unlessUsual(style, schedule.overlap, 'skip'),
    missed: unlessUsual(style, schedule.missed, 'skip'),
  }
  return unlessEmpty(more) === undefined ? schedule.cron : { cron: schedule.cron, ...more }
}
