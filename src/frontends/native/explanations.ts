import { type Explanation, explain } from '../../core/explain.ts'
import type { Run, State, Unit, UnitId } from '../../core/model.ts'
import { exitText, whoText } from '../../core/text.ts'
import type { RunFacts, Snapshot } from '../../engine/ports.ts'
import { apiVersion, type ExplanationList, type Fact } from '../../wire/api.ts'
import { shellWord } from '../../wire/home.ts'

/** What `holdfast explain` shows: the core's account, and the facts it rests on. */
export function explanationList(
  { state, now, storeTrouble }: Snapshot,
  chosen: readonly UnitId[] | null,
  factsOf: (run: Run) => RunFacts | null,
): ExplanationList {
  const wanted = chosen === null ? null : new Set(chosen)
  const items = explain(state, now)
    .filter(({ unit }) => wanted === null || wanted.has(unit))
    .map((explanation) => ({
      unit: explanation.unit,
      state: explanation.state,
      isAtTarget: explanation.isAtTarget,
      why: explanation.why,
      next: explanation.next,
      command: explanation.command,
      facts: wanted === null ? [] : [...factsFor(state, explanation, factsOf), ...storeFacts(storeTrouble)],
    }))
  return { apiVersion, kind: 'ExplanationList', items }
}

function factsFor(state: State, { unit: id }: Explanation, factsOf: (run: Run) => RunFacts | null): readonly Fact[] {
  const unit = state.units.get(id)
  if (unit === undefined) return []
  const live = unit.run === null ? null : factsOf(unit.run)
  const facts: readonly (Fact | null)[] = [
    { name: 'wanted', value: `${unit.want.kind}, by ${whoText(unit.want.by)}` },
    unit.run === null ? null : { name: 'process', value: processText(unit.run, live) },
    { name: 'last end', value: endText(unit) },
    { name: 'restarts', value: restartsText(unit) },
    { name: 'command', value: unit.spec.process.command.map(shellWord).join(' ') },
    { name: 'declared in', value: state.target.apps[unit.app]?.source ?? 'nothing any more' },
  ]
  return facts.filter((fact) => fact !== null)
}

/** Should the daemon die now, it would not know of what is not stored, and recognise it only by its mark. */
function storeFacts(storeTrouble: string | null): readonly Fact[] {
  return storeTrouble === null ? [] : [{ name: 'not stored', value: storeTrouble }]
}

function processText(run: Run, live: RunFacts | null): string {
  const parts = [`run ${run.n}`]
  if (run.identity !== null) parts.unshift(`pid ${run.identity.pid}`)
  if (run.isAdopted) parts.push('adopted: it outlived a death of the daemon')
  if (live !== null)
    parts.push(`${live.processes} process${live.processes === 1 ? '' : 'es'}`, mebibytes(live.rssBytes))
  return parts.join(', ')
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`
}

function endText({ end }: Unit): string {
  if (end.kind === 'never') return 'none since it was declared'
  const how = end.exit === null ? end.message : exitText(end.exit)
  const when = end.atWallMs === null ? '' : `, at ${new Date(end.atWallMs).toISOString()}`
  return `${end.kind.replace('-', ' ')}${how === '' ? '' : ` (${how})`}${when}`
}

function restartsText({ restarts, earlyExits, spec }: Unit): string {
  const early = earlyExits === 0 ? '' : `, ${earlyExits} early exits in a row`
  return `${restarts}${early}; policy ${spec.restart.when}`
}
