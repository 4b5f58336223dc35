/**
 * runit's `chpst`: changes what a process is (user, limits, environment, root ...) and becomes the given program, in the same
 * process. `name`: what it was called by, `chpst` or one of daemontools' programs that it stands for. Answers 100
 * on wrong use; ends the process with 111 when a change or the program fails. Source: runit 2.1.2 as Debian has it,
 * by trial.
 */
export async function runChpst(args: readonly string[], name: string): Promise<number> {
  const { runNow } = await withoutStandardError(() => import('./chpst/run.ts'))
  return runNow(args, name)
}

/**
 * Loading koffi loads node:util, and that looks at `process.stderr`. Node then makes a stream of it: a pipe or socket becomes
 * non-blocking, for everybody who shares it.
 */
async function withoutStandardError<T>(load: () => Promise<T>): Promise<T> {
  const standardError = Object.getOwnPropertyDescriptor(process, 'stderr')!
  Object.defineProperty(process, 'stderr', { configurable: true, value: undefined })
  try {
    return await load()
  } finally {
    Object.defineProperty(process, 'stderr', standardError)
  }
}
