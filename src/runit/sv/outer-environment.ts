import { launcherVariables, savedName } from '../launcher-variables.ts'

/**
 * The environment as it was before bin/holdfast, for a program that is started from here: the launcher keeps what it
 * changes as HOLDFAST_SAVED_*.
 */
export function outerEnvironment(environment: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const outer = { ...environment }
  for (const name of launcherVariables) {
    const saved = outer[savedName(name)]
    delete outer[savedName(name)]
    if (saved === undefined) delete outer[name]
    else outer[name] = saved
  }
  return outer
}
