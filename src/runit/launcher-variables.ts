/** What bin/holdfast changes in the environment of programs that start others; it keeps each as HOLDFAST_SAVED_*. */
export const launcherVariables = ['HOLDFAST_NOFILE_SOFT', 'HOLDFAST_COMMAND', 'NODE_OPTIONS'] as const

/** Where the launcher keeps it; there is none where it was not set. */
export function savedName(name: (typeof launcherVariables)[number]): string {
  return `HOLDFAST_SAVED_${name.replace('HOLDFAST_', '')}`
}
