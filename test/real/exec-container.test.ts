import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Unit } from '../../src/core/model.ts'
import { createEngineClient, type EngineClient } from '../../src/drivers/docker/client.ts'
import { type ContainerExec, createContainerExec } from '../../src/drivers/docker/exec-sessions.ts'
import type { ExecRequest, ExecSession } from '../../src/engine/ports.ts'
import { type DockerHost, noDocker, startDockerHost } from './docker/host.ts'
import { until } from './until.ts'

let host: DockerHost
let client: EngineClient
let execs: ContainerExec
let container: string

before(async () => {
  if (noDocker !== false) return
  host = await startDockerHost()
  await host.importImage('box:1', { env: { COLOUR: 'blue' } })
  client = createEngineClient({ socketPath: host.socketPath })
  execs = createContainerExec(client)
  const body = { Image: 'box:1', WorkingDir: '/tmp' }
  container = (await client.containers.create({ name: 'shop-web', platform: null, body })).id
  await client.containers.start(container)
})

after(async () => {
  execs?.close()
  client?.close()
  await host?.close()
})

function unitOf(id: string): Unit {
  return { id: 'shop/web/1', run: { identity: { container: { id, startedAt: '' } } } } as unknown as Unit
}

async function start(command: readonly string[], more: Partial<ExecRequest> = {}): Promise<ExecSession> {
  const plain = { environment: {}, user: null, workingDir: null, terminal: null, hasInput: false }
  const session = await execs.start(unitOf(container), { ...plain, command, ...more })
  if ('code' in session) throw new Error(`${session.code}: ${session.message}`)
  return session
}

async function take(session: ExecSession) {
  const texts = { stdout: '', stderr: '' }
  for await (const { stream, bytes } of session.output) texts[stream] += Buffer.from(bytes).toString('latin1')
  return { ...texts, exit: await session.exit }
}

test('a command runs in the container, with its streams apart and its exit code', { skip: noDocker }, async () => {
  const script = 'echo $COLOUR $MORE; pwd; id -u; echo err >&2; exit 7'
  const environment = { MORE: 'more' }
  assert.deepEqual(await take(await start(['sh', '-c', script], { environment })), {
    stdout: 'blue more\n/tmp\n0\n',
    stderr: 'err\n',
    exit: { code: 7, why: '' },
  })
  const other = await take(await start(['sh', '-c', 'pwd; id -u'], { user: 'nobody', workingDir: '/bin' }))
  assert.equal(other.stdout, '/bin\n65534\n')
  const killed = await take(await start(['sh', '-c', 'kill -9 $$']))
  assert.deepEqual(killed.exit, { code: 137, why: 'ended by SIGKILL' })
})

test('what is not found in the container ends with 127, what may not be run with 126', { skip: noDocker }, async () => {
  const missing = await take(await start(['no-such-program']))
  assert.equal(missing.exit.code, 127)
  assert.match(missing.stdout + missing.stderr, /not found/)
  assert.equal((await take(await start(['/etc/passwd']))).exit.code, 126)
})

test('what goes in comes out, and its end is the end of the stdin', { skip: noDocker }, async () => {
  const session = await start(['sh', '-c', 'cat; echo end'], { hasInput: true })
  const taking = take(session)
  const piece = Buffer.alloc(50_000, 'all of it arrives \n')
  for (let times = 0; times < 40; times += 1) await session.write(piece)
  session.endInput()
  const { stdout, exit } = await taking
  assert.deepEqual([stdout.length, stdout.endsWith('end\n'), exit.code], [2_000_004, true, 0])
})

test('with a terminal it has its size, which follows, and Ctrl-C', { skip: noDocker }, async () => {
  const terminal = { rows: 25, columns: 90 }
  const session = await start(['sh'], { terminal, hasInput: true, environment: { PS1: '$ ' } })
  let text = ''
  const reading = (async () => {
    for await (const { bytes } of session.output) text += Buffer.from(bytes).toString('latin1')
  })()
  await session.write(Buffer.from('stty size\n'))
  await until('its size', () => text.includes('25 90'))
  session.resize({ rows: 30, columns: 100 })
  await until('its new size', async () => {
    await session.write(Buffer.from('stty size\n'))
    return text.includes('30 100')
  })
  // Said by what is to end of it: a shell that has not yet begun that would go on to it.
  await session.write(Buffer.from(`trap "echo caught" INT; sh -c 'echo "wai"t; exec sleep 1000'\n`))
  await until('it to wait', () => text.includes('wait\r\n'))
  await session.write(Buffer.from('\x03'))
  await until('the signal', () => text.includes('caught\r\n'))
  await session.write(Buffer.from('exit 9\n'))
  await reading
  assert.equal((await session.exit).code, 9)
})

test('a signal goes to the command, and when the client goes the command ends', { skip: noDocker }, async () => {
  const session = await start(['sh', '-c', 'trap "exit 5" USR1; echo ready; while :; do sleep 0.1; done'])
  const output = session.output[Symbol.asyncIterator]()
  assert.equal(Buffer.from((await output.next()).value.bytes).toString(), 'ready\n')
  session.signal('USR1')
  while (!(await output.next()).done);
  assert.equal((await session.exit).code, 5)
  const left = await start(['sleep', '777'])
  left.close()
  await left.exit
  const { stdout } = await take(await start(['ps']))
  assert.doesNotMatch(stdout, /sleep 777/)
})

test('a container that does not run is told so', { skip: noDocker }, async () => {
  const body = { Image: 'box:1' }
  const { id } = await client.containers.create({ name: 'idle', platform: null, body })
  const request = { environment: {}, user: null, workingDir: null, terminal: null, hasInput: false, command: ['true'] }
  const failed = await execs.start(unitOf(id), request)
  assert.ok(
    'code' in failed && failed.code === 'CONFLICT' && /not running/.test(failed.message),
    JSON.stringify(failed),
  )
})
