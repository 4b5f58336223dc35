import { createHash } from 'node:crypto'
import { supervisorVersion } from '../../frontends/supervisord/rpc/daemon-methods.ts'
import { exitCodes } from '../../wire/exit-codes.ts'
import { chooseHome, homeOfFile } from '../../wire/home.ts'
import type { SupervisordRole } from '../declared.ts'
import { parseSupervisordArguments } from './arguments.ts'
import { findConfiguration } from './find-file.ts'
import { usageText } from './help-text.ts'
import { readFile } from './read-file.ts'

/** The files whose daemon is the usual one of its host. */
const usualFiles: readonly string[] = ['/etc/supervisord.conf', '/etc/supervisor/supervisord.conf']

/**
 * `holdfast supervisord`, and what is called by that name: the daemon, with supervisord's own options, files, signals and
 * exit codes. `leading`: options of Holdfast before the name. `program`: as it was called. `launcher`: bin/holdfast.
 */
export async function runSupervisord(
  leading: readonly string[],
  { program, args }: { readonly program: string; readonly args: readonly string[] },
  { version, launcher }: { readonly version: string; readonly launcher: string },
): Promise<number> {
  const refuse = (message: string): number => {
    process.stderr.write(`Error: ${message}\nFor help, use ${program} -h\n`)
    return exitCodes.usage
  }
  const wanted = parseSupervisordArguments(args)
  switch (wanted.kind) {
    case 'help':
      process.stdout.write(usageText(program))
      return exitCodes.ok
    case 'version':
      process.stdout.write(`${supervisorVersion}\n`)
      return exitCodes.ok
    case 'usage':
      return refuse(wanted.message)
    case 'arguments':
      break
  }
  const { said } = wanted
  const found = findConfiguration(wanted.configuration, program)
  if (found.kind === 'none') return refuse(found.message)
  const home = homeOption(leading, found.path)
  const start = (role: SupervisordRole): readonly string[] => [
    ...[...home, '--supervisord', JSON.stringify(role)],
    found.path,
  ]
  const called = { said, directory: process.cwd() }
  if (said.nodaemon === undefined) {
    const read = await readFile(found.path, called)
    if (read.kind === 'refused') return refuse(read.message)
    if (!read.settings.nodaemon) {
      const { startInBackground } = await import('../../cli/background.ts')
      const choice = chooseHome({ option: home[1], environment: process.env, uid: process.geteuid?.() ?? 0 })
      if (choice.kind === 'bad') return refuse(choice.message)
      const words = start({ ...called, isDetached: true })
      return startInBackground({ home: choice.home, words, launcher })
    }
  }
  return (await import('../daemon.ts')).runDaemon(start({ ...called, isDetached: false }), version)
}

/** Each file has a daemon of its own, as with supervisord; where nothing else is said, the usual file the usual home. */
function homeOption(leading: readonly string[], file: string): readonly string[] {
  if (leading.length > 0 || process.env.HOLDFAST_HOME || usualFiles.includes(file)) return leading
  const usual = chooseHome({ option: undefined, environment: process.env, uid: process.geteuid?.() ?? 0 })
  if (usual.kind === 'bad') return leading
  const name = createHash('sha256').update(file).digest('hex').slice(0, 12)
  return ['--home', homeOfFile(usual.home, name)]
}
