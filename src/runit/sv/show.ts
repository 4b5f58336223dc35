import { print } from './output.ts'
import { complain, describe, lsbNotRunning, type Run, statusOf } from './run.ts'
import { entryTrouble, type Service } from './service.ts'

/** One service in a line, with its logger if it has a directory for one. */
export function showStatus(run: Run, service: Service): void {
  const status = statusOf(run, service)
  if (status === null) return
  run.lsbStatus = status.state === 'down' ? lsbNotRunning : 0
  const own = describe(service, service.name, status)
  const log = { name: `${service.name}/log`, directory: `${service.directory}/log` }
  const unentered = entryTrouble(log.directory)
  if (unentered?.code === 'ENOENT') {
    print(`${own}\n`)
    return
  }
  print(`${own}; `)
  if (unentered !== null) {
    complain(run, 'warning', log, `unable to change directory: ${unentered.text}`)
    return
  }
  const ofLog = statusOf(run, log)
  if (ofLog !== null) print(`${describe(log, 'log', ofLog)}\n`)
}
