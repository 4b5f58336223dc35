import type { Context } from './command.ts'

/** Which units a command is for, as fields of a request's body. What is not said is left out. */
export function selectionOf(
  { options }: Pick<Context, 'options'>,
  names: readonly string[],
): { readonly names: readonly string[]; readonly labels?: readonly string[] } {
  const labels = options.values('label')
  return labels.length === 0 ? { names } : { names, labels }
}
