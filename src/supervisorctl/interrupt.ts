import type { Control } from './control.ts'

export interface Interrupts {
  /** The first Ctrl-C, or SIGINT. */
  readonly next: Promise<'interrupted'>
  /** To whoever had them before. */
  giveBack(): void
}

/** For a command that Ctrl-C ends, and not the program. */
export function takeInterrupts(control: Control): Interrupts {
  const before = control.interrupt
  const onSignal = (): void => control.interrupt?.()
  // A session listens already.
  if (before === null) process.on('SIGINT', onSignal)
  const next = new Promise<'interrupted'>((resolve) => {
    control.interrupt = () => resolve('interrupted')
  })
  return {
    next,
    giveBack() {
      control.interrupt = before
      process.off('SIGINT', onSignal)
    },
  }
}
