import type { Conversation } from './obey-signals.ts'

/** Applies what the files declare now. false: they cannot be used, and there is nothing from earlier to go on with. */
export async function readDeclared({ engine, sources, foreground, warn }: Conversation): Promise<boolean> {
  const hasEarlier = engine.snapshot().state.units.size > 0
  try {
    const report = await sources.read({ sources: null, lenient: null, apply: true, by: { kind: 'daemon' } })
    for (const line of [...report.errors, ...report.warnings]) foreground.say(line)
    if (report.errors.length > 0) return goOnWithEarlier(hasEarlier, warn)
    const where = sources.current().join(', ')
    if (where === '') foreground.say('nothing is declared yet; this waits for holdfast up or holdfast apply')
    else foreground.say(`${engine.snapshot().state.units.size} units declared in ${where}`)
    return true
  } catch (error) {
    warn(error instanceof Error ? error.message : String(error))
    return goOnWithEarlier(hasEarlier, warn)
  }
}

function goOnWithEarlier(hasEarlier: boolean, warn: (text: string) => void): boolean {
  if (hasEarlier) warn('these files are not applied; supervision goes on with what was declared before')
  else warn('nothing can be supervised; correct the errors above, then start again')
  return hasEarlier
}
