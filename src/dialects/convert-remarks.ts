import { placeComments } from './convert-comments.ts'
import type { PrintedApp, PrintRemarks } from './convert-model.ts'
import type { SupervisordOriginal } from './convert-supervisord.ts'
import type { DecodedWithOrigins } from './decode-sources.ts'
import { createRemarks, onlyAbove, type Remarked } from './remarks.ts'

export interface Originals extends Pick<Remarked, 'linesOf'> {
  /** null: there are no files of supervisord. */
  readonly original: SupervisordOriginal | null
}

/** What stands beside the keys of one print: of supervisord files every comment, of others what stands above. */
export function remarksOf(
  printed: readonly PrintedApp[],
  { target: { apps }, origin }: Pick<DecodedWithOrigins, 'target' | 'origin'>,
  { original, linesOf }: Originals,
): PrintRemarks {
  const others = onlyAbove(createRemarks({ apps, origin, linesOf }))
  if (original === null) return others
  const isSupervisord = (app: string) => apps[app]?.dialect === 'supervisord'
  const placed = placeComments(
    original.comments,
    printed.filter(({ name }) => isSupervisord(name)),
  )
  return {
    at: (app, path) => (isSupervisord(app) ? placed : others).at(app, path),
    isOnOneLine: (app, path) => isSupervisord(app) && placed.isOnOneLine!(app, path),
    rest: placed.rest,
  }
}
