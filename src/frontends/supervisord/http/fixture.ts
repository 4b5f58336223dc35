import { once } from 'node:events'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { textOf, xmlArray, xmlBoolean, xmlInt, xmlString, xmlStruct } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import type { ClientLimits } from '../../http/clients.ts'
import {
  type ActivityLog,
  type ProcessState,
  type ProcessView,
  type RpcAsked,
  RpcFault,
  type RpcMethods,
} from '../contract.ts'
import { createSupervisordDoors, type SupervisordDoors } from './doors.ts'

/** The servers of supervisord with nothing behind them but made-up processes, for tests of what is before them. */
export interface FakeSupervisord {
  readonly directory: string
  readonly doors: SupervisordDoors
  /** Of `unixServer(directory)`. */
  readonly socketPath: string
  readonly calls: readonly FakeCall[]
  /** Lines of the activity log, with their level before them. */
  readonly lines: readonly string[]
  /** Resolves when there is such a line. */
  written(line: RegExp): Promise<void>
  process(name: string): FakeProcess
  /** To be called when it is over; removes the directory. */
  close(): void
}

export interface FakeCall {
  readonly method: string
  readonly params: readonly XmlRpcValue[]
  readonly asked: RpcAsked
}

/** What is called answers with a value, or throws RpcFault. */
export type FakeMethod = (...params: readonly XmlRpcValue[]) => XmlRpcValue | Promise<XmlRpcValue>

export interface FakeProcess {
  readonly group: string
  readonly name: string
  state: ProcessState
  description: string
  readonly stdoutPath: string | null
  readonly stderrPath: string | null
}

export interface FakeOptions {
  readonly processes?: readonly Pick<FakeProcess, 'group' | 'name' | 'state' | 'description'>[]
  readonly methods?: Readonly<Record<string, FakeMethod>>
  readonly limits?: Partial<ClientLimits>
  readonly retryMs?: number
}

/** Nothing is open yet: `doors.open([unixServer(directory)], opening)`. */
export function createFakeSupervisord(options: FakeOptions = {}): FakeSupervisord {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-doors-'))
  const lines: string[] = []
  const progress = new EventTarget()
  const calls: FakeCall[] = []
  const processes = (
    options.processes ?? [{ group: 'cat', name: 'cat', state: 'RUNNING', description: 'pid 7, uptime 0:00:07' }]
  ).map(
    (process): FakeProcess => ({
      ...process,
      stdoutPath: join(directory, `${process.name}.log`),
      stderrPath: join(directory, `${process.name}.err`),
    }),
  )
  const find = (group: string, name: string): FakeProcess | undefined =>
    processes.find((each) => each.group === group && each.name === name)
  const methods = { ...fakeMethods(processes), ...options.methods }
  const doors = createSupervisordDoors({
    methods: fakeCalls(methods, calls),
    table: {
      process: (group, name) => {
        const found = find(group, name)
        return found === undefined ? null : viewOf(found)
      },
    },
    logs: { catchUp() {} },
    activity: fakeActivity(join(directory, 'supervisord.log'), (line) => {
      lines.push(line)
      progress.dispatchEvent(new Event('line'))
    }),
    version: '0.0.0',
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.retryMs === undefined ? {} : { retryMs: options.retryMs }),
  })
  return {
    directory,
    doors,
    socketPath: join(directory, 's.sock'),
    calls,
    lines,
    async written(line) {
      while (!lines.some((each) => line.test(each))) await once(progress, 'line')
    },
    process(name) {
      const found = processes.find((each) => each.name === name)
      if (found === undefined) throw new Error(`there is no ${name}`)
      return found
    },
    close() {
      doors.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export const opening = { hasRpcInterface: true, carried: [] } as const

export function unixServer(directory: string, more: Partial<HttpServerSettings> = {}): HttpServerSettings {
  return {
    section: 'unix_http_server',
    address: { kind: 'unix', path: join(directory, 's.sock'), mode: 0o700, owner: null },
    login: null,
    webActionsByGet: false,
    ...more,
  }
}

/** On a port of 127.0.0.1. */
export function inetServer(port: number, more: Partial<HttpServerSettings> = {}): HttpServerSettings {
  return {
    section: 'inet_http_server',
    address: { kind: 'inet', host: '127.0.0.1', port },
    login: null,
    webActionsByGet: false,
    ...more,
  }
}

function fakeCalls(methods: Readonly<Record<string, FakeMethod>>, calls: FakeCall[]): RpcMethods {
  return {
    async call(method, params, asked) {
      calls.push({ method, params, asked })
      const found = methods[method]
      if (found === undefined) throw new RpcFault(1, 'UNKNOWN_METHOD')
      return await found(...params)
    },
  }
}

/** As much of supervisord as supervisorctl and the page need to show and change a state. */
function fakeMethods(processes: readonly FakeProcess[]): Readonly<Record<string, FakeMethod>> {
  const found = (value: XmlRpcValue | undefined): FakeProcess => {
    const name = (value === undefined ? null : textOf(value)) ?? ''
    const process = processes.find((each) => nameOf(each) === name || `${each.group}:${each.name}` === name)
    if (process === undefined) throw new RpcFault(10, 'BAD_NAME', name)
    return process
  }
  const set = (process: FakeProcess, state: ProcessState): XmlRpcValue => {
    process.state = state
    process.description = state === 'RUNNING' ? 'pid 8, uptime 0:00:01' : 'Nov 22 12:32 AM'
    return xmlBoolean(true)
  }
  const all = (state: ProcessState): XmlRpcValue => {
    const changed = processes.filter((each) => each.state !== state)
    for (const each of changed) set(each, state)
    return xmlArray(changed.map(statusOf))
  }
  return {
    'supervisor.getVersion': () => xmlString('3.0'),
    'supervisor.getAPIVersion': () => xmlString('3.0'),
    'supervisor.getSupervisorVersion': () => xmlString('4.2.5'),
    'supervisor.getState': () => xmlStruct({ statecode: xmlInt(1), statename: xmlString('RUNNING') }),
    'supervisor.getPID': () => xmlInt(process.pid),
    'supervisor.getAllProcessInfo': () => xmlArray(processes.map(infoOf)),
    'supervisor.getProcessInfo': (name) => infoOf(found(name)),
    'supervisor.startProcess': (name) => {
      if (found(name).state === 'RUNNING') throw new RpcFault(60, 'ALREADY_STARTED', nameOf(found(name)))
      return set(found(name), 'RUNNING')
    },
    'supervisor.stopProcess': (name) => {
      if (found(name).state !== 'RUNNING') throw new RpcFault(70, 'NOT_RUNNING', nameOf(found(name)))
      return set(found(name), 'STOPPED')
    },
    'supervisor.startAllProcesses': () => all('RUNNING'),
    'supervisor.stopAllProcesses': () => all('STOPPED'),
    'supervisor.clearProcessLogs': (name) => xmlBoolean(found(name) !== null),
    'supervisor.readProcessStdoutLog': (name) => xmlString(`what ${nameOf(found(name))} printed\n`),
  }
}

function nameOf({ group, name }: FakeProcess): string {
  return group === name ? name : `${group}:${name}`
}

function statusOf({ group, name }: FakeProcess): XmlRpcValue {
  return xmlStruct({
    name: xmlString(name),
    group: xmlString(group),
    status: xmlInt(80),
    description: xmlString('OK'),
  })
}

function infoOf(process: FakeProcess): XmlRpcValue {
  return xmlStruct({
    name: xmlString(process.name),
    group: xmlString(process.group),
    state: xmlInt(codes[process.state]),
    statename: xmlString(process.state),
    description: xmlString(process.description),
    pid: xmlInt(process.state === 'RUNNING' ? 8 : 0),
  })
}

const codes: Readonly<Record<ProcessState, number>> = {
  STOPPED: 0,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
  UNKNOWN: 1000,
}

function viewOf({ group, name, state, stdoutPath, stderrPath }: FakeProcess): ProcessView {
  return {
    unit: `${group}/${name}/1`,
    group,
    dialect: 'supervisord',
    name,
    state,
    startWallMs: null,
    stopWallMs: null,
    spawnError: '',
    exitStatus: 0,
    pid: 0,
    tries: 0,
    startsecs: 1,
    stdoutPath,
    stderrPath,
  }
}

function fakeActivity(path: string, written: (line: string) => void): ActivityLog {
  return {
    write(level, message) {
      appendFileSync(path, `${level} ${message}\n`)
      written(`${level} ${message}`)
    },
    path: () => path,
    clear: () => null,
    reopen() {},
    close() {},
  }
}
