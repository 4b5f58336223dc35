import { xmlArray, xmlBoolean, xmlString } from '../../../formats/xml-rpc/make.ts'
import { textArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { groupParameter, type Methods } from './method.ts'
import type { RpcParts } from './parts.ts'

export function groupMethods({ groups }: Pick<RpcParts, 'groups'>): Methods {
  return {
    reloadConfig: {
      parameters: [],
      returns: 'array',
      help: 'Reads the configuration again, and changes nothing: the names of groups that are added, changed and removed.',
      async call() {
        const reread = await groups.reread()
        if (reread.kind === 'refused') throw fault('CANT_REREAD', reread.message)
        const lists = [reread.added, reread.changed, reread.removed].map((names) => xmlArray(names.map(xmlString)))
        return xmlArray([xmlArray(lists)])
      },
    },
    addProcessGroup: {
      parameters: [groupParameter],
      returns: 'boolean',
      help: 'Puts a group of the configuration in force; true.',
      async call([first], { who }) {
        const name = textArgument(first)
        const result = await groups.add(name, who)
        if (result === 'unknown') throw fault('BAD_NAME', name)
        if (result === 'active') throw fault('ALREADY_ADDED', name)
        return xmlBoolean(true)
      },
    },
    removeProcessGroup: {
      parameters: [groupParameter],
      returns: 'boolean',
      help: 'Takes a group out of force of which nothing runs; true.',
      async call([first], { who }) {
        const name = textArgument(first)
        const result = await groups.remove(name, who)
        if (result === 'unknown') throw fault('BAD_NAME', name)
        if (result === 'running') throw fault('STILL_RUNNING', name)
        return xmlBoolean(true)
      },
    },
  }
}
