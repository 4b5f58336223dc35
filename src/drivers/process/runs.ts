import type { Identity, RunRef, SignalScope, UnitId, UnitSpec } from '../../core/model.ts'
import type { Watch } from '../../sys/watcher.ts'

/** A run whose process lives, as far as we were told. */
export interface LiveRun extends RunRef {
  readonly identity: Identity
  /** How far its end reaches: of a tree, what it leaves behind is killed. */
  readonly endScope: SignalScope
  /** Its process is a recorder, and the command that is meant by its main process is the child of that. */
  readonly isRecorded: boolean
  /** In which look at the world it was started; of one that was found, none. */
  readonly look: number | null
  /** Its pid stays its own until we have reaped it. */
  readonly isChild: boolean
  /** Those that are not our children are watched by pidfd. */
  pidfd: { readonly fd: number; readonly watch: Watch | null } | null
}

/** The live runs, by what is known when they are asked for. */
export interface Runs {
  add(run: LiveRun): void
  remove(run: LiveRun): void
  get(ref: RunRef): LiveRun | null
  byPid(pid: number): LiveRun | null
  all(): readonly LiveRun[]
}

export function createRuns(): Runs {
  const byKey = new Map<string, LiveRun>()
  const byPid = new Map<number, LiveRun>()
  return {
    add(run) {
      byKey.set(keyOf(run), run)
      byPid.set(run.identity.pid, run)
    },
    remove(run) {
      byKey.delete(keyOf(run))
      byPid.delete(run.identity.pid)
    },
    get: (ref) => byKey.get(keyOf(ref)) ?? null,
    byPid: (pid) => byPid.get(pid) ?? null,
    all: () => [...byKey.values()],
  }
}

/** The scope of the last rung of its stop ladder; null: it is not known yet, and what is left is for the next start to kill. */
export function endScopeOf(spec: UnitSpec | null): SignalScope {
  return spec?.stop.at(-1)?.scope ?? 'main'
}

function keyOf({ unit, run }: { readonly unit: UnitId; readonly run: number }): string {
  return `${run} ${unit}`
}
