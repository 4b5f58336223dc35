import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast config show|schema|explain|key`. */
export async function runConfig(context: Context): Promise<ExitCode> {
  const [action, ...operands] = context.operands
  switch (action) {
    case 'show':
      return (await import('./config-show.ts')).runConfigShow({ ...context, operands })
    case 'schema': {
      if (operands.length > 0) throw new UsageError('config schema takes nothing more')
      const { printSchema } = await import('../dialects/compose/schema.ts')
      context.out(printSchema())
      return exitCodes.ok
    }
    case 'explain':
      return (await import('./config-explain.ts')).runConfigExplain({ ...context, operands })
    case 'key':
      return (await import('./config-keys.ts')).runConfigKey(context)
    default:
      throw new UsageError(`'${action}' is none of show, schema, explain, key`)
  }
}
