import { directory, type Files, fifo, shell } from './files.ts'

/** Tells what happens to it in ./notes, and does what it is told by ./orders: witness.c. */
export function witness(options = '', before = ''): Files {
  return { run: shell(`${before}exec witness ${options}`), orders: fifo }
}

/** With a logger of its own, which writes below log/main. */
export function logged(service: Files, options = ''): Files {
  return { ...service, 'log/run': shell(`exec svlogd ${options} ./main`), 'log/main': directory() }
}

/** Notes how it was called, and no more. */
export const notingFinish = shell('echo "finish $# $*" >>notes')

/** Notes that it runs, and ends when it is let go: `letGo`. */
export function waiting(name: string, exitCode = 0): Files[string] {
  return shell(`echo "${name} $# $* pid=$$" >>notes\nread line <go\nexit ${exitCode}`)
}
