import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { rpcStdinRetryMsMax, rpcStdinWaitMs } from '../../../core/limits.ts'
import type { StdinPort } from '../../../engine/ports.ts'
import { alone, partsOf, quick, rpcOf, type Scene, sceneOf } from './fixture.ts'
import { createRpcMethods } from './methods.ts'

test('a text is written as UTF-8', async () => {
  const pipe = pipeOf(100)
  const { rpc } = await running(pipe)
  assert.equal(await rpc('supervisor.sendProcessStdin', 'web', 'hä\n'), true)
  assert.equal(pipe.text(), 'hä\n')
})

test('who cannot take it: nobody, what does not run, what ends, what has no pipe or has closed it', async () => {
  const scene = await running({ write: () => 'no-pipe' })
  const { rpc } = scene
  assert.equal(await rpc('supervisor.sendProcessStdin', 'nobody', 'x'), '10 BAD_NAME: nobody')
  assert.equal(await rpc('supervisor.sendProcessStdin', 'web:*', 'x'), '10 BAD_NAME: web:*')
  assert.equal(await rpc('supervisor.sendProcessStdin', 'web', 'x'), '20 NO_FILE: web')
  assert.equal(await rpc('supervisor.sendProcessStdin', 'off', 'x'), '70 NOT_RUNNING: off')
  await rpc('supervisor.stopProcess', 'web', false)
  assert.equal(await rpc('supervisor.sendProcessStdin', 'web', 'x'), '70 NOT_RUNNING: web')
  const closed = await running(refusing('EPIPE'))
  assert.equal(await closed.rpc('supervisor.sendProcessStdin', 'web', 'x'), '20 NO_FILE: web')
  const odd = await running(refusing('EIO'))
  assert.equal(await odd.rpc('supervisor.sendProcessStdin', 'web', 'x'), '30 FAILED: web (EIO)')
})

test('what is no text is repeated as Python shows it', async () => {
  const { rpc } = await running(pipeOf(9))
  for (const [given, shown] of [
    [5, '5'],
    [true, 'True'],
    [1.5, '1.5'],
    [['x', 1], "['x', 1]"],
    [{ a: "it's" }, `{'a': "it's"}`],
  ] as const) {
    assert.equal(await rpc('supervisor.sendProcessStdin', 'nobody', given), `2 INCORRECT_PARAMETERS: ${shown}`)
  }
})

test('a pipe that is full is waited for, and what two send is not mixed', async () => {
  const pipe = pipeOf(4)
  const { rpc } = await running(pipe)
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const first = rpc('supervisor.sendProcessStdin', 'web', 'aaaaaa')
    await turns()
    pipe.drain()
    const sent = [first, rpc('supervisor.sendProcessStdin', 'web', 'bbb')]
    for (let round = 0; round < 3; round++) {
      await turns()
      mock.timers.tick(rpcStdinRetryMsMax)
      pipe.drain()
    }
    assert.deepEqual(await Promise.all(sent), [true, true])
    assert.equal(pipe.text(), 'aaaaaabbb')
  } finally {
    mock.timers.reset()
  }
})

test('one that never reads is not waited for for ever, nor is a client that is gone', async () => {
  const scene = await running(pipeOf(0))
  const client = new AbortController()
  const parts = { ...partsOf(scene.engine, scene.table), stdin: pipeOf(0) }
  const left = rpcOf(createRpcMethods(parts), client.signal)('supervisor.sendProcessStdin', 'web', 'x')
  client.abort()
  assert.equal(await left, '30 FAILED: the client is gone')
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const answer = scene.rpc('supervisor.sendProcessStdin', 'web', 'x')
    for (let waitedMs = 0; waitedMs < 2 * rpcStdinWaitMs; waitedMs += rpcStdinRetryMsMax) {
      await turns()
      mock.timers.tick(rpcStdinRetryMsMax)
    }
    assert.equal(await answer, '30 FAILED: web does not read its standard input')
  } finally {
    mock.timers.reset()
  }
})

/** `web` runs and has this pipe, `off` does not run. */
async function running(stdin: StdinPort): Promise<Scene> {
  const scene = sceneOf(alone(quick('web'), quick('off')), { stdin })
  const started = scene.rpc('supervisor.startProcess', 'web')
  scene.spawned(0, 'web/web/1')
  await started
  return scene
}

/** Takes so many bytes until it is drained. */
function pipeOf(bytesMax: number) {
  const taken: Buffer[] = []
  let room = bytesMax
  return {
    write(_unit: string, bytes: Uint8Array): number {
      const piece = bytes.subarray(0, room)
      room -= piece.length
      taken.push(Buffer.from(piece))
      return piece.length
    },
    drain: () => {
      room = bytesMax
    },
    text: () => Buffer.concat(taken).toString(),
  }
}

function refusing(code: string): StdinPort {
  return {
    write() {
      throw Object.assign(new Error(code), { code })
    },
  }
}

/** Whatever is due without a timer has happened. */
function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
