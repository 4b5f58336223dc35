import { xmlArray, xmlString } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { RpcAsked, RpcMethods } from '../contract.ts'
import { pythonText } from './arguments.ts'
import { configInfoMethods } from './config-info.ts'
import { daemonMethods } from './daemon-methods.ts'
import { fault } from './faults.ts'
import { groupMethods } from './group-changes.ts'
import type { Method, Methods } from './method.ts'
import { multicall } from './multicall.ts'
import type { RpcParts } from './parts.ts'
import { processInfoMethods } from './process-info.ts'
import { processLogMethods } from './process-logs.ts'
import { signallingMethods } from './signalling.ts'
import { startingMethods } from './starting.ts'
import { stdinMethods } from './stdin.ts'
import { stoppingMethods } from './stopping.ts'

/** All that can be called over XML-RPC, by its whole name. */
export function createRpcMethods(parts: RpcParts): RpcMethods {
  const own = supervisorMethods(parts)
  const methods = new Map<string, Method>()
  for (const [name, method] of Object.entries(own)) {
    methods.set(`supervisor.${name}`, whileRunning(parts, name, method))
  }
  for (const [name, method] of Object.entries(systemMethods(visible, call))) methods.set(`system.${name}`, method)
  const sorted = new Map([...methods].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const system = new Map([...sorted].filter(([name]) => name.startsWith('system.')))

  /** Without `[rpcinterface:supervisor]` its methods are not there. */
  function visible(): ReadonlyMap<string, Method> {
    return parts.groups.settings().some(({ hasRpcInterface }) => hasRpcInterface) ? sorted : system
  }

  async function call(name: string, params: readonly XmlRpcValue[], asked: RpcAsked): Promise<XmlRpcValue> {
    const method = visible().get(name)
    if (method === undefined) throw fault('UNKNOWN_METHOD')
    const needed = method.parameters.filter(({ isOptional }) => !isOptional).length
    if (params.length < needed || params.length > method.parameters.length) throw fault('INCORRECT_PARAMETERS')
    return method.call(params, asked)
  }

  return { call }
}

function supervisorMethods(parts: RpcParts): Methods {
  const methods: Methods = {
    ...daemonMethods(parts),
    ...groupMethods(parts),
    ...startingMethods(parts),
    ...stoppingMethods(parts),
    ...signallingMethods(parts),
    ...processInfoMethods(parts),
    ...configInfoMethods(parts),
    ...processLogMethods(parts),
    ...stdinMethods(parts),
  }
  return { ...methods, ...Object.fromEntries(Object.entries(aliases).map(([name, of]) => [name, methods[of]!])) }
}

/** Older names, which clients still use. */
const aliases: Readonly<Record<string, string>> = {
  getVersion: 'getAPIVersion',
  readMainLog: 'readLog',
  readProcessLog: 'readProcessStdoutLog',
  tailProcessLog: 'tailProcessStdoutLog',
  clearProcessLog: 'clearProcessLogs',
}

/** A daemon that ends or begins anew answers nothing else; events it still tells. */
function whileRunning({ daemon }: RpcParts, name: string, method: Method): Method {
  if (name === 'sendRemoteCommEvent') return method
  return {
    ...method,
    call(args, asked) {
      if (daemon.mood() !== 'RUNNING') throw fault('SHUTDOWN_STATE')
      return method.call(args, asked)
    },
  }
}

function systemMethods(
  methods: () => ReadonlyMap<string, Method>,
  call: (name: string, params: readonly XmlRpcValue[], asked: RpcAsked) => Promise<XmlRpcValue>,
): Methods {
  const named = (name: XmlRpcValue | undefined): Method => {
    const method = methods().get(pythonText(name!))
    if (method === undefined) throw fault('SIGNATURE_UNSUPPORTED')
    return method
  }
  const nameParameter = { name: 'name', type: 'string', about: 'the whole name of the method' } as const
  return {
    listMethods: {
      parameters: [],
      returns: 'array',
      help: 'The names of all methods.',
      call: () => xmlArray([...methods().keys()].map(xmlString)),
    },
    methodHelp: {
      parameters: [nameParameter],
      returns: 'string',
      help: 'What a method does.',
      call: ([name]) => xmlString(helpOf(named(name))),
    },
    methodSignature: {
      parameters: [nameParameter],
      returns: 'array',
      help: 'The types of a method: first that of its answer, then those of its parameters.',
      call([name]) {
        const { returns, parameters } = named(name)
        return xmlArray([returns, ...parameters.map(({ type }) => type)].map(xmlString))
      },
    },
    multicall: {
      parameters: [{ name: 'calls', type: 'array', about: 'structs of methodName and params' }],
      returns: 'array',
      help: 'Makes several calls, one after the other: the answer of each, or a struct of faultCode and faultString.',
      call: ([calls], asked) => multicall(call, calls, asked),
    },
  }
}

function helpOf({ help, parameters, returns }: Method): string {
  const lines = parameters.map(({ name, type, about }) => `@param ${type} ${name}  ${about}`)
  return `${[help, '', ...lines, `@return ${returns}`].join('\n')}\n`
}
