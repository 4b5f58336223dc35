/**
 * Who may import whom in src/. `drivers: ['core/', …]` reads: files below src/drivers/ may import these and their own
 * folder. A path ending in `/` is a folder; `type PATH` allows `import type` only. ARCHITECTURE.md points here.
 */
export const importTable: Readonly<Record<string, readonly string[]>> = {
  base: [],
  core: ['base/'],
  sys: ['base/'],
  // The limits are plain numbers, and the marks plain names: they count as types.
  formats: ['base/', 'type core/', 'core/limits.ts', 'core/containers/marks.ts'],
  wire: ['base/', 'type core/', 'core/limits.ts'],
  dialects: ['base/', 'formats/', 'type core/', 'core/limits.ts', 'core/target/'],
  engine: ['base/', 'core/'],
  drivers: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'engine/ports.ts'],
  store: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'engine/ports.ts'],
  logs: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'svlog/', 'engine/ports.ts'],
  svlog: ['base/', 'formats/', 'sys/'],
  runit: ['base/', 'formats/', 'sys/', 'svlog/'],
  supervisorctl: ['base/', 'core/limits.ts', 'formats/', 'sys/', 'wire/', 'dialects/supervisord/'],
  cloud: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'engine/ports.ts'],
  frontends: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'engine/ports.ts'],
  diagnostics: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'engine/ports.ts'],
  hub: ['base/', 'core/', 'dialects/', 'formats/', 'wire/', 'store/'],
  client: ['base/', 'wire/', 'type core/'],
  cli: ['base/', 'core/', 'dialects/', 'formats/', 'sys/', 'wire/', 'client/'],
  ui: ['wire/'],
}

/** Where everything is wired together: it may import everything, and nothing imports it. */
export const wiring: readonly string[] = ['src/main.ts', 'src/main/']

/** Where every role of the program begins. */
export const entry = 'src/main.ts'

/** Folders whose files the daemon never loads, although main.ts leads to them. */
export const notTheDaemon: readonly string[] = ['src/cli/', 'src/runit/', 'src/supervisorctl/', 'src/hub/', 'src/ui/']

/** What the daemon must not load, and what to use instead. */
export const forbiddenInDaemon: Readonly<Record<string, string>> = {
  'node:child_process': 'it forks, and its reaper would fight ours: spawn through sys/',
  'node:http': "importing it loads undici (13 MB): use process.getBuiltinModule('node:http')",
  'node:https': "importing it loads undici (13 MB): use process.getBuiltinModule('node:https')",
  'node:cluster': 'it forks through node:child_process',
  undici: '13 MB in a daemon that lives on small devices',
}

/** Packages that only one folder may touch. */
export const packageOwners: Readonly<Record<string, string>> = {
  koffi: 'src/sys/',
}

/**
 * Waits by the clock in tests, as `file: reason`: for what tells nobody when it happens, such as a change in /proc.
 * Anything else waits for an event.
 */
export const sleepsAllowed: Readonly<Record<string, string>> = {
  'test/real/until.ts':
    'asks again and again for what the kernel tells nobody: a process that is gone, a line in a file',
}
