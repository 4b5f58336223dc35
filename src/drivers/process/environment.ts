import { readFileSync, statSync } from 'node:fs'
import { envFileBytesMax } from '../../core/limits.ts'
import type { EnvFile, Failure, ProcessSpec } from '../../core/model.ts'
import { parseEnvFile } from '../../formats/env-file.ts'
import { FormatError } from '../../formats/format-error.ts'
import { errnoOf } from '../../sys/errno.ts'
import type { Account } from './account.ts'
import { failure, isFailure } from './failure.ts'

export type Environment = Readonly<Record<string, string>>

/**
 * The whole environment of a process, the same at every start: the base, then each env file, then `environment`, then the
 * marks.
 *
 * The base is what the daemon inherited where the service asks for that (supervisord). Otherwise it is small: PATH,
 * LANG and TZ as the daemon has them (PATH has a default), HOME, USER, LOGNAME and SHELL of the account it runs as.
 */
export function runEnvironment(request: {
  readonly spec: ProcessSpec
  readonly account: Account
  readonly daemon: Environment
  readonly marks: Environment
}): Environment | Failure {
  const { spec, account, daemon } = request
  const merged: Record<string, string> = { ...(spec.inheritEnvironment ? daemon : smallBase(daemon, account)) }
  for (const file of spec.envFiles) {
    const read = readEnvFile(file, daemon)
    if (isFailure(read)) return read
    Object.assign(merged, read)
  }
  return { ...merged, ...spec.environment, ...request.marks }
}

/**
 * The daemon's own environment without what npm, Node, our launcher and the manager that started us put there: none of
 * it is meant for the services.
 */
export function cleanEnvironment(environment: Readonly<Record<string, string | undefined>>): Environment {
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || strippedNames.has(name) || strippedPrefixes.some((start) => name.startsWith(start))) {
      continue
    }
    clean[name] = name === 'PATH' ? cleanPath(value) : value
  }
  return clean
}

const strippedNames: ReadonlySet<string> = new Set([
  'NOTIFY_SOCKET',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'MANAGERPID',
  'SYSTEMD_EXEC_PID',
  'INIT_CWD',
  'NODE',
  'COLOR',
  'EDITOR',
  'UV_THREADPOOL_SIZE',
])
const strippedPrefixes = ['npm_', 'NODE_', 'HOLDFAST_', 'WATCHDOG_', 'LISTEN_']

const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** npm puts these in front of PATH for the scripts it runs. */
function cleanPath(path: string): string {
  return path
    .split(':')
    .filter((entry) => !entry.endsWith('/node_modules/.bin') && !entry.endsWith('/node-gyp-bin'))
    .join(':')
}

function smallBase(daemon: Environment, account: Account): Record<string, string> {
  return {
    PATH: daemon.PATH || defaultPath,
    LANG: daemon.LANG || 'C.UTF-8',
    ...(daemon.TZ === undefined ? {} : { TZ: daemon.TZ }),
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: account.shell,
  }
}

function readEnvFile(file: EnvFile, daemon: Environment): Environment | Failure {
  try {
    const stat = statSync(file.path)
    if (!stat.isFile()) return failure('EINVAL', `env_file ${file.path} is not a file; correct \`env_file\``)
    if (stat.size > envFileBytesMax) {
      return failure('EFBIG', `env_file ${file.path} is larger than ${envFileBytesMax} bytes; correct \`env_file\``)
    }
    return parseEnvFile(readFileSync(file.path, 'utf8'), file.path, (name) => daemon[name])
  } catch (error) {
    if (error instanceof FormatError) return failure('bad-env-file', error.message)
    const code = errnoOf(error)
    if (code === 'ENOENT' && !file.required) return {}
    return failure(code, `env_file ${file.path} cannot be read (${code}); create it, or mark it \`required: false\``)
  }
}
