import type { LoggerSpec, LogSpec, Service, StopRung } from '../../core/model.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord } from '../../formats/yaml-text.ts'
import { unlessEmpty } from './print-value.ts'

/**
 * `x-runit`: what a service directory says that this format has no words for. It is there to be read by people; decoders pass
 * over such keys, so it declares nothing.
 */
export function printRunit({
  process,
  stop,
  retire,
  signalScripts,
  autostartAgain,
  hooks,
}: Service): YamlRecord | undefined {
  return unlessEmpty({
    logger: process.logger === null ? undefined : printLogger(process.logger),
    reads: process.stdin.kind === 'output' ? process.stdin.unit : undefined,
    stop: stop.every(isSayable) ? undefined : stop.map(printRung),
    retire: retire?.map(printRung),
    signal_scripts: unlessEmpty(signalScripts),
    finish: hooks.postStop?.isFinish,
    autostart: autostartAgain ? undefined : 'when-taken-up',
  })
}

/** Whether `x-holdfast.stop` can say it. */
export function isSayable({ signal, script }: StopRung): boolean {
  return signal !== 'EOF' && signal !== '0' && script === undefined
}

function printRung({ signal, scope, waitMs, script }: StopRung): YamlRecord {
  return { signal, scope, wait: printDuration(waitMs), script }
}

function printLogger(logger: LoggerSpec): YamlRecord {
  const stderr = pathText(logger.stderr)
  if (logger.kind === 'unit') return { unit: logger.unit, stderr }
  const { directories, stamp, replacement, replaced, lineBytesMax, user } = logger.svlogd
  return {
    svlogd: {
      directories,
      stamp: stamp === 'none' ? undefined : stamp,
      replacement: replacement ?? undefined,
      replaced: replaced === '' ? undefined : replaced,
      line_bytes_max: lineBytesMax === 1_000 ? undefined : lineBytesMax,
      user: user ?? undefined,
    },
    stderr,
  }
}

function pathText({ path }: LogSpec): string {
  return path ?? 'own'
}
