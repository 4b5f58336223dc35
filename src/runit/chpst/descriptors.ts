import { placeDescriptor } from '../../sys/descriptor-number.ts'
import { setCloseOnExec } from '../../sys/execve.ts'
import type { StandardDescriptor } from './changes.ts'
import { type Failure, failure, failureOf } from './failure.ts'

/** What the program finds open: its number, and the one that has it open here. */
export type DescriptorTable = ReadonlyMap<number, number>

/** `closed`: those of `inherited` that the caller had closed. */
export function initialTable(inherited: readonly number[], closed: readonly StandardDescriptor[]): DescriptorTable {
  const isClosed = (fd: number): boolean => closed.some((one) => one === fd)
  return new Map(inherited.filter((fd) => !isClosed(fd)).map((fd) => [fd, fd]))
}

/** Under the number that `open` would have given it, had Node not been here. */
export function withDescriptor(table: DescriptorTable, fd: number): DescriptorTable {
  let number = 0
  while (table.has(number)) number += 1
  return new Map([...table, [number, fd]])
}

export function withoutStandard(
  table: DescriptorTable,
  closed: readonly StandardDescriptor[],
): DescriptorTable | Failure {
  const left = new Map(table)
  for (const fd of standardNames.keys()) {
    if (!closed.some((one) => one === fd) || left.delete(fd)) continue
    return failure(`unable to close ${standardNames[fd]}: file descriptor not open`)
  }
  return left
}

const standardNames = ['stdin', 'stdout', 'stderr']

/** Makes it so. Node's own descriptors may be gone afterwards: nothing of it works any more but system calls. */
export function passOn(table: DescriptorTable): Failure | null {
  for (const number of standardNames.keys()) if (!table.has(number)) setCloseOnExec(number, true)
  for (const [number, fd] of table) {
    const errno = number === fd ? setCloseOnExec(fd, false) : placeDescriptor({ fd, at: number })
    if (errno !== null) return failureOf(`unable to pass on descriptor ${number}`, errno)
  }
  return null
}
