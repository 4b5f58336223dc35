import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { makeFifo } from '../../../sys/fifo.ts'
import type { ActivityLog } from '../contract.ts'
import { type ActivityLogOptions, openActivityLog } from './activity-log.ts'

let directory: string
let path: string
let warnings: string[]
let open: ActivityLog[]

const noon = new Date(2026, 10, 21, 12, 4, 5, 6).getTime()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-activity-'))
  path = join(directory, 'supervisord.log')
  warnings = []
  open = []
})

afterEach(() => {
  for (const log of open) log.close()
  rmSync(directory, { recursive: true })
})

function logOf(more: Partial<ActivityLogOptions> = {}, size = { bytesMax: 0, backupsMax: 10 }): ActivityLog {
  const target = { kind: 'file', path, ...size } as const
  const log = openActivityLog({
    target,
    level: 'info',
    warn: (text) => warnings.push(text),
    clock: () => noon,
    ...more,
  })
  open.push(log)
  return log
}

function textOf(file = path): string {
  return readFileSync(file, 'utf8')
}

describe('lines', () => {
  it('have the local time, a word for their level, and the message', () => {
    const log = logOf({ level: 'blather' })
    for (const level of ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'blather'] as const)
      log.write(level, 'x')
    const marks = ['CRIT', 'ERRO', 'WARN', 'INFO', 'DEBG', 'TRAC', 'BLAT']
    assert.equal(textOf(), marks.map((mark) => `2026-11-21 12:04:05,006 ${mark} x\n`).join(''))
  })

  it('of a lower level are left out', () => {
    const echoed: string[] = []
    const log = logOf({ level: 'warn', echo: (text) => echoed.push(text) })
    log.write('info', 'nothing')
    log.write('warn', 'something')
    assert.deepEqual([textOf(), echoed], ['2026-11-21 12:04:05,006 WARN something\n', [textOf()]])
  })

  it('go to syslog one by one', () => {
    const sent: string[] = []
    const log = logOf({ target: { kind: 'syslog', send: (line) => sent.push(line) } })
    log.write('info', 'one\ntwo\n')
    assert.deepEqual(sent, ['2026-11-21 12:04:05,006 INFO one', '2026-11-21 12:04:05,006 INFO two'])
    assert.deepEqual([log.path(), log.clear()], [null, 'there is no log file'])
  })
})

describe('the file', () => {
  it('is appended to by whoever comes after', () => {
    logOf().write('info', 'one')
    logOf().write('info', 'two')
    assert.equal(textOf().split('\n').length, 3)
    assert.equal(statSync(path).mode & 0o777, 0o666 & ~process.umask())
  })

  it('is rotated when a line has filled it, and the oldest of its backups goes', () => {
    const log = logOf({}, { bytesMax: 60, backupsMax: 2 })
    for (const name of ['a', 'b', 'c', 'd']) log.write('info', name.repeat(40))
    assert.deepEqual(readdirSync(directory).toSorted(), ['supervisord.log', 'supervisord.log.1', 'supervisord.log.2'])
    assert.deepEqual(
      [textOf(), textOf(`${path}.1`).includes('dddd'), textOf(`${path}.2`).includes('cccc')],
      ['', true, true],
    )
  })

  it('is emptied where there are to be no backups', () => {
    const log = logOf({}, { bytesMax: 60, backupsMax: 0 })
    log.write('info', 'a'.repeat(40))
    log.write('info', 'b')
    assert.deepEqual(
      [readdirSync(directory), textOf().includes('a'), textOf().endsWith('b\n')],
      [['supervisord.log'], false, true],
    )
  })

  it('grows where it cannot be rotated, and that is told once', () => {
    const log = logOf({}, { bytesMax: 10, backupsMax: 1 })
    mkdirSync(`${path}.1/full`, { recursive: true })
    log.write('info', 'one')
    log.write('info', 'two')
    assert.match(textOf(), /one\n.*two\n/)
    assert.deepEqual(warnings, [`the log ${path} cannot be rotated (EISDIR), and grows`])
  })

  it('cleared is made anew', () => {
    const log = logOf()
    log.write('info', 'old')
    assert.equal(log.clear(), null)
    assert.equal(textOf(), '')
    log.write('info', 'new')
    assert.match(textOf(), /INFO new\n$/)
  })

  it('cleared is told of once for each place that the log goes to', () => {
    const echoed: string[] = []
    assert.equal(logOf({ echo: (text) => void echoed.push(text) }).clear(), null)
    assert.equal(echoed.filter((text) => text.endsWith(' INFO reopening log file\n')).length, 2)
    assert.equal(textOf(), '')
  })

  it('that was moved away is made anew when it is opened again', () => {
    const log = logOf()
    log.write('info', 'old')
    renameSync(path, `${path}.moved`)
    log.reopen()
    log.write('info', 'new')
    assert.match(textOf(`${path}.moved`), /INFO old\n.*INFO supervisord logreopen\n$/)
    assert.match(textOf(), /^[^\n]*INFO new\n$/)
  })

  it('without a folder is dropped until there is one', () => {
    path = join(directory, 'none', 'supervisord.log')
    const log = logOf()
    log.write('info', 'lost')
    assert.deepEqual(warnings, [`the log ${path} cannot be opened (ENOENT)`])
    mkdirSync(join(directory, 'none'))
    log.write('info', 'kept')
    assert.match(textOf(), /^[^\n]*kept\n$/)
  })

  it('that is named by a descriptor is never moved, whatever is behind it', () => {
    const fd = openSync(path, 'w')
    const behind = path
    path = `/proc/self/fd/${fd}`
    const log = logOf({}, { bytesMax: 1, backupsMax: 1 })
    log.write('info', 'one')
    log.write('info', 'two')
    closeSync(fd)
    assert.match(textOf(behind), /one\n.*two\n$/)
    assert.deepEqual(warnings, [])
  })

  it('that is no regular file is neither rotated nor removed, and a pipe nobody reads keeps nobody waiting', () => {
    makeFifo(path, 0o600)
    const log = logOf({}, { bytesMax: 1, backupsMax: 1 })
    log.write('info', 'x')
    assert.deepEqual(warnings, [`the log ${path} cannot be opened (ENXIO)`])
    path = '/dev/null'
    const none = logOf({}, { bytesMax: 1, backupsMax: 1 })
    none.write('info', 'x')
    assert.equal(none.clear(), '/dev/null is not a regular file')
    assert(statSync('/dev/null').isCharacterDevice() && !existsSync('/dev/null.1'))
  })
})
