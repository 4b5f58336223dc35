import type { UnitId } from '../../../core/model.ts'
import { xmlArray, xmlBoolean, xmlInt, xmlString } from '../../../formats/xml-rpc/make.ts'
import type { ProcessView, RpcFault } from '../contract.ts'
import { integerArgument, textArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { readLogFile, tailLogFile } from './log-files.ts'
import { type Method, type Methods, nameParameter, type Parameter } from './method.ts'
import { allProcesses, namedProcess, nameOf } from './names.ts'
import type { RpcParts } from './parts.ts'
import { statusList } from './statuses.ts'

export function processLogMethods(parts: RpcParts): Methods {
  const { engine, table } = parts
  return {
    readProcessStdoutLog: read(parts, 'stdout'),
    readProcessStderrLog: read(parts, 'stderr'),
    tailProcessStdoutLog: tail(parts, 'stdout'),
    tailProcessStderrLog: tail(parts, 'stderr'),
    clearProcessLogs: {
      parameters: [nameParameter],
      returns: 'boolean',
      help: 'Empties the logs of a process; true.',
      call([first]) {
        const name = textArgument(first)
        const refusal = clear(parts, namedProcess(table, name).unit, name)
        if (refusal !== null) throw refusal
        return xmlBoolean(true)
      },
    },
    clearAllProcessLogs: {
      parameters: [],
      returns: 'array',
      help: 'Empties the logs of all processes; what became of each.',
      call: () =>
        statusList(
          allProcesses(table, engine.snapshot().state).map((process) => ({
            process,
            fault: clear(parts, process.unit, nameOf(process)),
          })),
        ),
    },
  }
}

export const offsetParameter: Parameter = {
  name: 'offset',
  type: 'int',
  about: 'where to begin, in bytes; below 0: so far before the end',
}

export const lengthParameter: Parameter = { name: 'length', type: 'int', about: 'how many bytes; 0: to the end' }

type Stream = 'stdout' | 'stderr'

function pathOf(process: ProcessView, stream: Stream): string | null {
  return stream === 'stdout' ? process.stdoutPath : process.stderrPath
}

function read({ table, logs }: RpcParts, stream: Stream): Method {
  return {
    parameters: [nameParameter, offsetParameter, lengthParameter],
    returns: 'string',
    help: `A part of the ${stream} log of a process.`,
    async call([name, offset, length]) {
      const path = pathOf(namedProcess(table, textArgument(name)), stream)
      logs.catchUp()
      return xmlString(await readLogFile(path, integerArgument(offset), integerArgument(length)))
    },
  }
}

function tail({ table, logs }: RpcParts, stream: Stream): Method {
  return {
    parameters: [nameParameter, offsetParameter, lengthParameter],
    returns: 'array',
    help:
      `What was written to the ${stream} log of a process since an offset, at most the last bytes of it: ` +
      'the text, the offset to go on from, and whether there was more.',
    async call([name, from, length]) {
      const path = pathOf(namedProcess(table, textArgument(name)), stream)
      logs.catchUp()
      const { text, offset, isOverflow } = await tailLogFile(path, integerArgument(from), integerArgument(length))
      return xmlArray([xmlString(text), xmlInt(offset), xmlBoolean(isOverflow)])
    },
  }
}

function clear({ engine, logs }: RpcParts, unit: UnitId, name: string): RpcFault | null {
  const process = engine.snapshot().state.units.get(unit)?.spec.process
  if (process === undefined) return null
  const { stdout, stderr } = process
  const troubles = [
    logs.clear({ unit, stream: 'stdout', spec: stdout }),
    stderr === 'stdout' ? null : logs.clear({ unit, stream: 'stderr', spec: stderr }),
  ]
  return troubles.every((trouble) => trouble === null) ? null : fault('FAILED', name)
}
