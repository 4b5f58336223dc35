import { didYouMean } from '../formats/suggest.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import type { Context } from './command.ts'
import { completionTable } from './completion/table.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast completion SHELL`: a script for that shell, made from the command table. */
export async function runCompletion({ operands, commands, out }: Context): Promise<ExitCode> {
  const table = completionTable(commands)
  switch (operands[0]) {
    case 'bash':
      out((await import('./completion/bash.ts')).printBash(table))
      return exitCodes.ok
    case 'zsh':
      out((await import('./completion/zsh.ts')).printZsh(table))
      return exitCodes.ok
    case 'fish':
      out((await import('./completion/fish.ts')).printFish(table))
      return exitCodes.ok
    default: {
      const shells = ['bash', 'zsh', 'fish']
      const hint = didYouMean(operands[0] ?? '', shells, `there are ${shells.join(', ')}`)
      throw new UsageError(`no completion for '${operands[0]}'; ${hint}`)
    }
  }
}
