import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { until } from './until.ts'

const text = `[unix_http_server]
file=%(here)s/supervisor.sock
[supervisord]
logfile=%(here)s/supervisord.log
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

; Two of them.
[program:noVNC]
command=sleep 86400
numprocs=2
process_name=%(program_name)s_%(process_num)02d ; by number
stdout_capture_maxbytes=1KB

[eventlistener:told]
command=cat
events=PROCESS_STATE

[fcgi-program:php]
socket=unix://%(here)s/php.sock
command=sleep 86400
depends_on=noVNC

[group:back]
programs=one,two
[program:one]
command=sleep 86400
stdout_syslog=true
stopsignal=INT
[program:two]
command=sleep 86400
depends_on=one,noVNC
`

const units = ['noVNC/noVNC/0', 'noVNC/noVNC/1', 'told/told', 'php/php', 'back/one', 'back/two']

function pids(home: Home): Promise<readonly (number | null)[]> {
  return Promise.all(units.map(async (name) => (await home.unit(name)).pid))
}

realTest(
  'a daemon goes from supervisord files to what they are converted to, and back, and no process notices',
  {},
  async (home) => {
    const file = home.write('supervisord.conf', text)
    const converted = join(home.directory, 'holdfast.yaml')
    const { code, stderr } = await home.cli('convert', file, '-o', converted)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /supervisord\.conf:1: \[unix_http_server\], .* do not drive what a holdfast\.yaml declares/)
    assert.match(readFileSync(converted, 'utf8'), /^ {2}# Two of them\.\n {2}noVNC:$/m)
    const checked = await home.cli('check', '--strict', converted)
    assert.equal(checked.code, 0, checked.stdout)

    await home.start([file])
    for (const name of units) await home.untilState(name, 'running')
    const before = await pids(home)
    const server = join(home.directory, 'supervisor.sock')
    await until('the server to be there', () => existsSync(server))
    for (const [next, isServed] of [
      [converted, false],
      [file, true],
    ] as const) {
      const plan = await home.cli('plan', next)
      assert.deepEqual([plan.code, plan.stdout], [0, 'nothing would change  = 5 unchanged\n'], plan.stderr)
      const up = await home.cli('up', next)
      assert.equal(up.code, 0, up.stderr)
      assert.deepEqual(await pids(home), before)
      assert.equal(existsSync(server), isServed)
    }
  },
)
