import type { Phase } from '../../src/core/model.ts'
import { faultKinds } from './faults.ts'
import { type Impossible, impossible } from './impossible.ts'
import { cellOf, type EventWord, eventWords, type Matrix, phases } from './matrix.ts'

/** Phase × event, summed over the faults or for each of them: how often the event met a unit in the phase. */
export function matrixText(matrix: Matrix, isWhole: boolean): string {
  const sums = table('phase × event, with any fault active', (phase, event) => {
    return Math.max(...faultKinds.map((fault) => matrix[cellOf(phase, event, fault)]!))
  })
  if (!isWhole) return sums
  return [
    ...faultKinds.map((fault) => table(`with ${fault}`, (phase, event) => matrix[cellOf(phase, event, fault)]!)),
    sums,
  ].join('\n\n')
}

function table(title: string, count: (phase: Phase, event: EventWord) => number): string {
  const head = `${title.padEnd(16)}\n${''.padEnd(15)}${phases.map((phase) => phase.padStart(11)).join('')}`
  const rows = eventWords.map(
    (event) => `${event.padEnd(15)}${phases.map((phase) => String(count(phase, event)).padStart(11)).join('')}`,
  )
  return [head, ...rows].join('\n')
}

/** Cells that are empty and not listed as impossible, and cells that are listed and were met. */
export function emptyCells(matrix: Matrix): readonly string[] {
  const complaints: string[] = []
  for (const phase of phases) {
    for (const event of eventWords) {
      for (const fault of faultKinds) {
        const count = matrix[cellOf(phase, event, fault)]!
        const listed = impossible.find((one) => isListed(one, phase, event, fault))
        const name = `${phase} × ${event} × ${fault}`
        if (count === 0 && listed === undefined) complaints.push(`${name}: never met`)
        if (count > 0 && listed !== undefined)
          complaints.push(`${name}: met ${count} times, listed as impossible (${listed.why})`)
      }
    }
  }
  return complaints
}

function isListed(one: Impossible, phase: Phase, event: EventWord, fault: (typeof faultKinds)[number]): boolean {
  return (
    one.events.includes(event) &&
    one.phases.includes(phase) &&
    (one.faults === undefined || one.faults.includes(fault)) &&
    !(one.unlessFaults ?? []).includes(fault)
  )
}
