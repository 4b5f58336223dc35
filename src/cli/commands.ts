import type { CommandGroup, CommandSpec } from './command.ts'
import { bundle } from './commands/bundle.ts'
import { exec, purge, restart, run, signal, start, stdin, stop, upgrade } from './commands/change.ts'
import { apply, check, config, convert, down, plan, reload, up } from './commands/declare.ts'
import { events, explain, history, logs, ps, releases, resources, status, top, wait } from './commands/look.ts'
import { completion, daemon, help, replay, version } from './commands/program.ts'
import { chpst, runsvdir, sv, svlogd } from './commands/runit.ts'
import { supervisorctl, supervisord } from './commands/supervisord.ts'

/** Every command, in the order help shows them. */
export const commands: readonly CommandSpec[] = [
  up,
  ps,
  status,
  logs,
  top,
  explain,
  start,
  stop,
  restart,
  run,
  plan,
  down,
  history,
  events,
  wait,
  releases,
  resources,
  apply,
  reload,
  signal,
  stdin,
  exec,
  purge,
  upgrade,
  check,
  config,
  convert,
  bundle,
  daemon,
  runsvdir,
  sv,
  chpst,
  svlogd,
  supervisord,
  supervisorctl,
  completion,
  replay,
  version,
  help,
]

/** What the groups are called, in the order help shows them. */
export const groups: readonly (readonly [CommandGroup, string])[] = [
  ['daily', 'Every day'],
  ['look', 'Look'],
  ['change', 'Change'],
  ['files', 'Files'],
  ['program', 'Program'],
  ['replacement', 'Replaces'],
]
