import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { ListenerPool, UnitSpec } from '../../src/core/model.ts'
import { type Bench, onBench, shell, startRun, unitSpec, until } from '../../src/drivers/process/test-bench.ts'
import { poolApp, type Scene, sceneOf, view } from '../../src/frontends/supervisord/events/fixture.ts'
import { realTest, root } from './harness.ts'
import { until as waitFor } from './until.ts'

// Listeners as people write them, as processes of the real driver.

const limit = { timeout: 30_000 }
const unit = 'ear/ear/1'
const isInstalled = existsSync('/usr/lib/python3/dist-packages/supervisor/childutils.py')
const python = '/usr/bin/python3'
const withPython = { ...limit, skip: existsSync(python) ? false : 'needs python3' }
const withChildutils = { ...limit, skip: isInstalled ? false : 'needs the package supervisor' }

it('a listener made with supervisor.childutils reads text, also what is no ASCII, and answers', withChildutils, () =>
  onBench(async (bench) => {
    const scene = listening(bench, { events: ['REMOTE_COMMUNICATION', 'PROCESS_LOG'] })
    const script = [
      'import sys',
      'from supervisor import childutils',
      'while True:',
      '    headers, payload = childutils.listener.wait()',
      '    sys.stderr.write("%s %s|\\n" % (headers["eventname"], payload))',
      '    sys.stderr.flush()',
      '    childutils.listener.ok()',
    ]
    await start(bench, scene, 1, pythonSpec(script))
    scene.put(view('web', 'RUNNING', { pid: 7 }))
    scene.hub.remote('t', 'my data é\u{1f600}')
    scene.hub.output({ unit: 'web/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('ü\n') })
    scene.hub.remote('t', 'x'.repeat(200_000))
    const last = `REMOTE_COMMUNICATION type:t\n${'x'.repeat(200_000)}|\n`
    await until(() => bench.output(unit, 'stderr').endsWith(last))
    await until(() => bench.output(unit) === `${'READY\nRESULT 2\nOK'.repeat(3)}READY\n`)
    const heard = Buffer.from(bench.output(unit, 'stderr'), 'latin1').toString().slice(0, -last.length)
    const told = 'processname:web groupname:web pid:7 channel:stdout\nü\n'
    assert.equal(heard, `REMOTE_COMMUNICATION type:t\nmy data é\u{1f600}|\nPROCESS_LOG_STDOUT ${told}|\n`)
  }),
)

it('many events come in their order, one at a time', withPython, () =>
  onBench(async (bench) => {
    const scene = listening(bench, { bufferMax: 1_000 })
    await start(bench, scene, 1, pythonSpec([...plainListener, 'each = lambda payload: b"OK"', 'serve()']))
    for (let count = 0; count < 200; count++) scene.hub.remote('t', String(count))
    await until(() => scene.lines.filter((line) => line.endsWith('event was processed')).length === 200)
    const sent = scene.lines.filter((line) => line.includes('sent to listener'))
    assert.deepEqual(
      sent,
      Array.from({ length: 200 }, (_, serial) => `debug event ${serial} sent to listener ear`),
    )
  }),
)

it('an event over which one dies, and one that it refuses, come to the next run', withPython, () =>
  onBench(async (bench) => {
    const scene = listening(bench)
    const script = [
      ...plainListener,
      'def each(payload):',
      '    if os.environ["RUN"] == "1": os._exit(1)',
      '    sys.stderr.write(payload.decode()); sys.stderr.flush()',
      '    each.count += 1',
      '    return b"FAIL" if each.count == 1 else b"OK"',
      'each.count = 0',
      'serve()',
    ]
    await start(bench, scene, 1, pythonSpec(script, { RUN: '1' }))
    scene.hub.remote('t', 'one')
    await bench.until((event) => event.kind === 'exited')
    await start(bench, scene, 2, pythonSpec(script, { RUN: '2' }))
    await until(() => scene.lines.includes('debug ear: event was processed'))
    const heard = 'type:t\none'.repeat(2)
    await until(() => bench.output(unit, 'stderr').length >= heard.length)
    assert.equal(bench.output(unit, 'stderr'), heard)
    assert(scene.lines.includes('warn ear: event was rejected'))
  }),
)

it('one of the shell that ends its supervisor signals us', limit, () =>
  onBench(async (bench) => {
    const scene = listening(bench)
    const { promise, resolve } = Promise.withResolvers<void>()
    process.once('SIGTERM', resolve)
    const script = 'printf "READY\\n"; read line; kill -15 $PPID; printf "RESULT 2\\nOK"; sleep 1000'
    await start(bench, scene, 1, shell(script, { stdin: { kind: 'events' } }))
    scene.hub.remote('t', 'fatal\n')
    await promise
    await until(() => scene.lines.includes('debug ear: event was processed'))
  }),
)

// ---- one of a holdfast.yaml ----------------------------------------------------------------------------------------

/** Appends what it is told to the file that it is called with. */
const appending = `while printf 'READY\\n' && read -r line; do
  { echo "$line"; head -c "\${line##*len:}"; echo; } >>"$1"
  printf 'RESULT 2\\nOK'
done
`

realTest(
  'one of a YAML file hears of the units of others, over the death of a daemon and an upgrade',
  {},
  async (home) => {
    const heard = join(home.directory, 'heard')
    const go = join(home.directory, 'go')
    const now = { restart: 'no', 'x-holdfast': { stable_after: '0s' } }
    const waiting = `while [ ! -e ${go} ]; do sleep 0.05; done; exit 3`
    const ear = {
      command: ['sh', home.write('ear.sh', appending), heard],
      'x-holdfast': { stable_after: '0s', stdin: 'events', logs: { stderr: 'own' } },
    }
    const listener = { events: ['PROCESS_STATE', 'PROCESS_GROUP'] }
    const files = [
      home.write('ear.yaml', JSON.stringify({ name: 'ear', 'x-holdfast': { listener }, services: { ear } })),
      home.declare('shop', {
        web: { command: ['sh', '-c', waiting], ...now },
        many: { command: ['sleep', '86400'], scale: 2, ...now },
      }),
    ]
    const untilHeard = (name: string, text: string) =>
      waitFor(`${name} ${text}`, () => {
        const lines = existsSync(heard) ? readFileSync(heard, 'utf8').split('\n') : []
        return lines.some((line, index) => line.includes(`eventname:${name} `) && lines[index + 1]?.startsWith(text))
      })

    const first = await home.start(files)
    await untilHeard('PROCESS_GROUP_ADDED', 'groupname:shop')
    const [web, one, two] = await Promise.all(
      ['shop/web', 'shop/many/1', 'shop/many/2'].map((name) => home.untilState(name, 'running')),
    )
    await untilHeard('PROCESS_STATE_RUNNING', `processname:many_2 groupname:shop from_state:STARTING pid:${two!.pid}`)
    home.write('go', '')
    const ended = `from_state:RUNNING expected:0 pid:${web!.pid}`
    await untilHeard('PROCESS_STATE_EXITED', `processname:web groupname:shop ${ended}`)

    await first.crash()
    process.kill(one!.pid!, 'SIGKILL')
    const second = await home.start(files)
    await untilHeard('PROCESS_STATE_EXITED', 'processname:many_1 groupname:shop from_state:RUNNING expected:0')
    assert.equal((await home.unit('shop/many/2')).pid, two!.pid)
    const upgraded = await home.cli('upgrade', root)
    assert.equal(upgraded.code, 0, upgraded.stderr)
    assert.equal((await home.cli('stop', 'shop/many/2')).code, 0)
    await untilHeard('PROCESS_STATE_STOPPED', `processname:many_2 groupname:shop from_state:STOPPING pid:${two!.pid}`)
    await second.stop()
  },
)

const plainListener = [
  'import os, sys',
  'def serve():',
  '    pipe = os.fdopen(0, "rb")',
  '    while True:',
  '        os.write(1, b"READY\\n")',
  '        line = pipe.readline()',
  '        if not line: break',
  '        headers = dict(x.split(b":") for x in line.split())',
  '        result = each(pipe.read(int(headers[b"len"])))',
  '        os.write(1, b"RESULT %d\\n" % len(result) + result)',
]

function pythonSpec(script: readonly string[], environment: Readonly<Record<string, string>> = {}): UnitSpec {
  return unitSpec([python, '-c', script.join('\n')], { stdin: { kind: 'events' }, environment })
}

function listening(bench: Bench, pool: Partial<ListenerPool> = {}): Scene {
  return sceneOf([poolApp('ear', { events: ['REMOTE_COMMUNICATION'], ...pool })], {
    dialogues: bench.driver().dialogues,
  })
}

async function start(bench: Bench, scene: Scene, run: number, spec: UnitSpec): Promise<void> {
  const { pid } = await startRun(bench, unit, run, spec)
  scene.becomes(view('ear', 'RUNNING', { pid }), 'STARTING')
}
