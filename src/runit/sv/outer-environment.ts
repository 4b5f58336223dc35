/**
 * The environment as it was before bin/holdfast, for a program that is started from here: the launcher keeps what it
 * changes as HOLDFAST_SAVED_*.
 */
export function outerEnvironment(environment: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const outer = { ...environment }
  for (const [name, savedName] of changedByLauncher) {
    const saved = outer[savedName]
    delete outer[savedName]
    if (saved === undefined) delete outer[name]
    else outer[name] = saved
  }
  return outer
}

const changedByLauncher = [
  ['HOLDFAST_NOFILE_SOFT', 'HOLDFAST_SAVED_NOFILE_SOFT'],
  ['HOLDFAST_COMMAND', 'HOLDFAST_SAVED_COMMAND'],
  ['NODE_OPTIONS', 'HOLDFAST_SAVED_NODE_OPTIONS'],
] as const
