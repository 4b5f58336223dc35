import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { isOfTheWorld, TargetError } from './bundle/model.ts'
import type { Context } from './command.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast bundle create|load|inspect|inventory`. */
export async function runBundle(context: Context): Promise<ExitCode> {
  const [action, ...operands] = context.operands
  try {
    return await run(action, { ...context, operands })
  } catch (error) {
    if (!isOfTheWorld(error)) throw error
    if (error instanceof TargetError) {
      context.talk(`${error.message}\nholdfast: no bundle was made\n`)
      return exitCodes.configurationInvalid
    }
    context.talk(`holdfast: ${error.message}\n`)
    return exitCodes.failed
  }
}

async function run(action: string | undefined, context: Context): Promise<ExitCode> {
  switch (action) {
    case 'create':
      return (await import('./bundle/create.ts')).runBundleCreate(context)
    case 'load':
      return (await import('./bundle/load.ts')).runBundleLoad(context)
    case 'inspect':
      return (await import('./bundle/inspect.ts')).runBundleInspect(context)
    case 'inventory':
      return (await import('./bundle/inventory.ts')).runBundleInventory(context)
    default:
      throw new UsageError(`'${action}' is none of create, load, inspect, inventory`)
  }
}
