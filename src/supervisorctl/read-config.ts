import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type IniDocument, parseIni } from '../formats/ini.ts'
import { type Expansions, expandFormat } from '../formats/python-format.ts'

export interface Surroundings {
  /** By which path it was called: files are looked for beside it. */
  readonly program: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What `[supervisorctl]` says; null: nothing of it. */
export interface Config {
  readonly kind: 'config'
  readonly serverUrl: string | null
  readonly username: string | null
  readonly password: string | null
  readonly prompt: string | null
  /** Absolute. */
  readonly historyFile: string | null
  readonly plugins: readonly string[]
}

interface Wrong {
  readonly kind: 'wrong'
  readonly message: string
}

/** `path` null: the first of the usual places where one is, or none. An `[include]` is not followed, as in the original. */
export function readConfig(path: string | null, surroundings: Surroundings): Config | Wrong {
  const found = path ?? usualPaths(surroundings.program).find((each) => existsSync(each)) ?? ''
  if (found === '') return nothing
  const home = surroundings.environment.HOME
  if (!existsSync(found)) return wrong(`could not find config file ${found}`)
  let text: string
  try {
    text = readFileSync(found, 'utf8')
  } catch {
    return wrong(`could not read config file ${found}`)
  }
  const document = parseIni(text, found)
  const [error] = document.errors
  if (error !== undefined) return wrong(error.message)
  return readSection(document, dirname(absolutePath(found, home)), surroundings)
}

function readSection(document: IniDocument, here: string, { environment }: Surroundings): Config | Wrong {
  const section = document.sections.get('supervisorctl')
  if (section === undefined) return wrong('.ini file does not include supervisorctl section')
  const common: Expansions = new Map(Object.entries(environment).map(([name, value]) => [`ENV_${name}`, value ?? '']))
  const withHere: Expansions = new Map([...common, ['here', here]])
  const texts: (string | null)[] = []
  for (const [key, expansions] of [
    ['serverurl', withHere],
    ['prompt', common],
    ['username', common],
    ['password', common],
    ['history_file', withHere],
  ] as const) {
    const entry = section.entries.get(key) ?? document.defaults.get(key)
    const expanded = entry === undefined ? null : expandFormat(entry.value, expansions, `supervisorctl.${key}`)
    if (expanded?.kind === 'error') return wrong(expanded.message)
    texts.push(expanded?.value ?? null)
  }
  const plugins = [...document.sections.values()].filter(({ name }) => name.startsWith(pluginPrefix))
  const empty = plugins.find(({ entries }) => !(entries.has(pluginKey) || document.defaults.has(pluginKey)))
  if (empty !== undefined) return wrong(`section [${empty.name}] does not specify a ${pluginKey}`)
  const [serverUrl = null, prompt = null, username = null, password = null, historyFile = null] = texts
  return {
    kind: 'config',
    serverUrl: serverUrl && withWholePath(serverUrl, environment.HOME),
    prompt,
    username,
    password,
    historyFile: historyFile ? absolutePath(historyFile, environment.HOME) : null,
    plugins: plugins.map(({ name }) => name.slice(pluginPrefix.length)),
  }
}

const pluginPrefix = 'ctlplugin:'
const pluginKey = 'supervisor.ctl_factory'

/** `program`: as it was called; `/usr/bin/supervisorctl` looks in /usr/etc and /usr first. */
function usualPaths(program: string): readonly string[] {
  const above = parentOf(parentOf(program))
  return [
    join(above, 'etc/supervisord.conf'),
    join(above, 'supervisord.conf'),
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]
}

/** '' for a name alone. */
function parentOf(path: string): string {
  return path.includes('/') ? dirname(path) : ''
}

function withWholePath(url: string, home: string | undefined): string {
  return url.startsWith('unix://') ? `unix://${absolutePath(url.slice('unix://'.length), home)}` : url
}

function absolutePath(path: string, home: string | undefined): string {
  return resolve(home !== undefined && (path === '~' || path.startsWith('~/')) ? home + path.slice(1) : path)
}

function wrong(message: string): Wrong {
  return { kind: 'wrong', message }
}

const nothing: Config = {
  kind: 'config',
  serverUrl: null,
  username: null,
  password: null,
  prompt: null,
  historyFile: null,
  plugins: [],
}
