import { existsSync } from 'node:fs'
import { xmlBoolean, xmlInt, xmlString, xmlStruct } from '../../../formats/xml-rpc/make.ts'
import { integerArgument, pythonText } from './arguments.ts'
import { fault } from './faults.ts'
import { readLogFile } from './log-files.ts'
import type { Methods } from './method.ts'
import type { RpcParts } from './parts.ts'
import { lengthParameter, offsetParameter } from './process-logs.ts'

/** supervisorctl talks to no other. */
const apiVersion = '3.0'

/** The newest release of supervisor, whose behaviour ours follows: clients parse it, so it is no version of Holdfast. */
export const supervisorVersion = '4.3.0'

export function daemonMethods({ daemon, hub }: Pick<RpcParts, 'daemon' | 'hub'>): Methods {
  return {
    getAPIVersion: {
      parameters: [],
      returns: 'string',
      help: 'The version of these methods.',
      call: () => xmlString(apiVersion),
    },
    getSupervisorVersion: {
      parameters: [],
      returns: 'string',
      help: 'The version of supervisor that this daemon behaves as.',
      call: () => xmlString(supervisorVersion),
    },
    getIdentification: {
      parameters: [],
      returns: 'string',
      help: 'The name of this daemon, as it is configured.',
      call: () => xmlString(daemon.identifier()),
    },
    getState: {
      parameters: [],
      returns: 'struct',
      help: 'What the daemon is about, as a number and a word.',
      // While it is about anything else, nothing is answered.
      call: () => xmlStruct({ statecode: xmlInt(1), statename: xmlString('RUNNING') }),
    },
    getPID: {
      parameters: [],
      returns: 'int',
      help: 'The process id of the daemon.',
      call: () => xmlInt(process.pid),
    },
    readLog: {
      parameters: [offsetParameter, lengthParameter],
      returns: 'string',
      help: 'A part of the activity log of the daemon.',
      call: async ([offset, length]) =>
        xmlString(await readLogFile(daemon.activity.path(), integerArgument(offset), integerArgument(length))),
    },
    clearLog: {
      parameters: [],
      returns: 'boolean',
      help: 'Begins the activity log of the daemon anew; true.',
      call() {
        const path = daemon.activity.path()
        if (path === null || !existsSync(path)) throw fault('NO_FILE')
        if (daemon.activity.clear() !== null) throw fault('FAILED')
        return xmlBoolean(true)
      },
    },
    shutdown: {
      parameters: [],
      returns: 'boolean',
      help: 'Stops all processes and ends the daemon; true, before that is done.',
      call(_args, { who }) {
        daemon.shutdown(who)
        return xmlBoolean(true)
      },
    },
    restart: {
      parameters: [],
      returns: 'boolean',
      help: 'Stops all processes, reads the configuration again and starts what it says; true, before that is done.',
      call(_args, { who }) {
        daemon.restart(who)
        return xmlBoolean(true)
      },
    },
    sendRemoteCommEvent: {
      parameters: [
        { name: 'type', type: 'string', about: 'what kind of event it is' },
        { name: 'data', type: 'string', about: 'what it says' },
      ],
      returns: 'boolean',
      help: 'Tells listeners an event of the kind REMOTE_COMMUNICATION; true.',
      call([type, data]) {
        hub.remote(pythonText(type!), pythonText(data!))
        return xmlBoolean(true)
      },
    },
  }
}
