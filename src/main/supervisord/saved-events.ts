import { readFileSync, rmSync } from 'node:fs'
import { type HubState, parseHubState } from '../../frontends/supervisord/events/hub-state.ts'
import { writeAtomically } from '../../sys/atomic-write.ts'
import { errnoOf } from '../../sys/errno.ts'

/** Events that wait for their listeners, from one image of this process to the next. */
export function openSavedEvents(path: string, warn: (text: string) => void) {
  return {
    /** Once: what is taken is gone. null: there are none. */
    take(): HubState | null {
      try {
        const text = readFileSync(path, 'utf8')
        rmSync(path)
        const [pid = '', state = ''] = text.split('\n')
        // What another process left had nobody to be given to for a while: it is stale.
        return Number(pid) === process.pid ? parseHubState(JSON.parse(state)) : null
      } catch (error) {
        if (!(error instanceof SyntaxError)) errnoOf(error)
        return null
      }
    },
    put(state: HubState): void {
      try {
        writeAtomically(path, `${process.pid}\n${JSON.stringify(state)}\n`)
      } catch (error) {
        warn(`events that wait for listeners are lost: ${path} cannot be written (${errnoOf(error)})`)
      }
    },
  }
}
