import { runSv } from './sv.ts'

/** runit's programs that this one can stand for. daemontools' small ones are names of chpst. */
export type RunitProgram = 'sv' | 'chpst' | 'svlogd'

/** `name`: the base name it was called by, `sv` or that of a service, `chpst` or `setuidgid`. Answers the exit code. */
export async function runRunitProgram(
  { program, name }: { readonly program: RunitProgram; readonly name: string },
  args: readonly string[],
): Promise<number> {
  switch (program) {
    case 'sv':
      return runSv(args, name)
    case 'chpst':
      // daemontools is also installed with a d before each name.
      return (await import('./chpst.ts')).runChpst(args, name.replace(/^d/, ''))
    case 'svlogd':
      return (await import('./svlogd.ts')).runSvlogd(args)
  }
}
