import { attemptMany, type Figure, type Setting } from '../result.ts'
import { type Supervisord, supervisords } from './daemon.ts'

/** One figure that both have, and how many times as good ours is to be; null: it is only told. */
export interface Row {
  readonly what: string
  readonly unit: Figure['unit']
  readonly better: 'less' | 'more'
  readonly times: number | null
}

/** What one round gives for each row. */
export type Values<Key extends string> = Readonly<Record<Key, readonly number[]>>

/**
 * Both in turn, round by round, so that what else the machine does falls on either. The limit of ours is a part of what
 * the original has in the same run.
 */
export async function compare<Key extends string>(
  { peers, isQuick }: Setting,
  rows: Readonly<Record<Key, Row>>,
  rounds: number,
  measure: (supervisord: Supervisord) => Promise<Values<Key>>,
): Promise<readonly Figure[]> {
  const measured = supervisords.filter(({ name }) => peers.some((peer) => peer.name === name))
  const taken = measured.map((supervisord) => ({ supervisord, values: [] as Values<Key>[], failure: null as unknown }))
  for (let round = 0; round < (isQuick ? 1 : rounds); round += 1)
    for (const one of taken) {
      if (one.failure !== null) continue
      try {
        one.values.push(await measure(one.supervisord))
      } catch (error) {
        one.failure = error
      }
    }
  const figures: Figure[] = []
  for (const [key, row] of Object.entries<Row>(rows) as [Key, Row][]) {
    const { what, unit } = row
    const about = { what, unit, limit: null, note: '', table: 'supervisord' } as const
    const found = await Promise.all(
      taken.map(({ supervisord: { name }, values, failure }) =>
        attemptMany({ ...about, peer: name }, async () => {
          if (failure !== null) throw failure
          return values.flatMap((each) => each[key])
        }),
      ),
    )
    figures.push(...found.map((figure) => limited(figure, row, found)))
  }
  return figures
}

function limited(figure: Figure, { times, better }: Row, found: readonly Figure[]): Figure {
  const theirs = found.find(({ peer }) => peer === 'supervisord')?.value ?? null
  if (figure.peer !== 'us' || times === null || theirs === null) return figure
  return better === 'less'
    ? { ...figure, limit: theirs / times }
    : { ...figure, limit: theirs * times, limitIs: 'least' }
}
