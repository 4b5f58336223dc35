import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GroupSettings, ProcessLogSettings, ProcessSettings } from '../../../dialects/supervisord/settings.ts'
import { alone, groupsOf, off, sceneOf } from './fixture.ts'

const log: ProcessLogSettings = {
  ...{ captureMaxbytes: 0, eventsEnabled: false, logfile: 'AUTO', backups: 10, maxbytes: 52_428_800, syslog: false },
}

const plain: ProcessSettings = {
  ...{ service: 'web', n: 0, name: 'web', autostart: true, autorestart: 'unexpected', directory: null, user: null },
  ...{ command: '/bin/web -x', exitcodes: [0, 2], killasgroup: false, stopasgroup: false, priority: 999 },
  ...{ redirectStderr: false, startretries: 3, startsecs: 1, stopsignal: 15, stopwaitsecs: 10 },
  ...{ stdout: log, stderr: { ...log, logfile: null }, serverurl: null },
}

const group = (name: string, ...processes: readonly ProcessSettings[]): GroupSettings => ({
  ...{ name, priority: 999, hash: '', processes },
})

async function told(...groups: readonly GroupSettings[]) {
  const scene = sceneOf(alone(off('web')), { groups: groupsOf(groups) })
  return (await scene.rpc('supervisor.getAllConfigInfo')) as readonly Record<string, unknown>[]
}

test('all that is told of the configuration of a process, in the order of supervisord', async () => {
  const [info] = await told(group('web', plain))
  assert.deepEqual(Object.entries(info ?? {}), [
    ...[
      ['autostart', true],
      ['autorestart', 'unexpected'],
      ['directory', 'none'],
      ['uid', 'none'],
    ],
    ...[
      ['command', '/bin/web -x'],
      ['exitcodes', [0, 2]],
      ['group', 'web'],
      ['group_prio', 999],
      ['inuse', true],
    ],
    ...[
      ['killasgroup', false],
      ['name', 'web'],
      ['process_prio', 999],
      ['redirect_stderr', false],
    ],
    ...[
      ['startretries', 3],
      ['startsecs', 1],
      ['stdout_capture_maxbytes', 0],
      ['stdout_events_enabled', false],
    ],
    ...[
      ['stdout_logfile', '/logs/web/web/1.stdout'],
      ['stdout_logfile_backups', 10],
    ],
    ...[
      ['stdout_logfile_maxbytes', 52_428_800],
      ['stdout_syslog', false],
      ['stopsignal', 15],
      ['stopwaitsecs', 10],
    ],
    ...[
      ['stderr_capture_maxbytes', 0],
      ['stderr_events_enabled', false],
      ['stderr_logfile', 'none'],
    ],
    ...[
      ['stderr_logfile_backups', 10],
      ['stderr_logfile_maxbytes', 52_428_800],
      ['stderr_syslog', false],
    ],
    ['serverurl', 'none'],
  ])
})

test('what is not in force has no file yet, and no value is left out', async () => {
  const [info] = await told(
    group('new', { ...plain, autorestart: true, user: 'root', serverurl: 'AUTO', directory: '/srv' }),
  )
  const { inuse, stdout_logfile, autorestart, uid, serverurl, directory } = info ?? {}
  assert.deepEqual([inuse, stdout_logfile, autorestart], [false, 'auto', true])
  assert.deepEqual([uid, serverurl, directory], [0, 'auto', '/srv'])
})

test('a user is told by number, also where it is written so; who is not there is none', async () => {
  const users = ['0', '1234', 'root', 'no-such-user']
  const infos = await told(group('g', ...users.map((user, n) => ({ ...plain, name: `p${n}`, user }))))
  assert.deepEqual(
    infos.map(({ uid }) => uid),
    [0, 1234, 0, 'none'],
  )
})

test('processes stand by their names, those of one name by their groups', async () => {
  const infos = await told(group('z', plain, { ...plain, name: 'b' }), group('a', plain, { ...plain, name: 'a' }))
  assert.deepEqual(
    infos.map((info) => `${info.group}:${info.name}`),
    ['a:a', 'z:b', 'z:web', 'a:web'],
  )
})
