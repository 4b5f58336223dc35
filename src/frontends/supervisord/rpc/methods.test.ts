import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ActivityLog, GroupsPort } from '../contract.ts'
import { alone, groupsOf, noSettings, off, partsOf, quick, rpcOf, sceneOf } from './fixture.ts'
import { createRpcMethods } from './methods.ts'

// Recorded from supervisor 4.2.5.
const signatures: Readonly<Record<string, string>> = {
  'supervisor.addProcessGroup': 'boolean string',
  'supervisor.clearAllProcessLogs': 'array',
  'supervisor.clearLog': 'boolean',
  'supervisor.clearProcessLog': 'boolean string',
  'supervisor.clearProcessLogs': 'boolean string',
  'supervisor.getAPIVersion': 'string',
  'supervisor.getAllConfigInfo': 'array',
  'supervisor.getAllProcessInfo': 'array',
  'supervisor.getIdentification': 'string',
  'supervisor.getPID': 'int',
  'supervisor.getProcessInfo': 'struct string',
  'supervisor.getState': 'struct',
  'supervisor.getSupervisorVersion': 'string',
  'supervisor.getVersion': 'string',
  'supervisor.readLog': 'string int int',
  'supervisor.readMainLog': 'string int int',
  'supervisor.readProcessLog': 'string string int int',
  'supervisor.readProcessStderrLog': 'string string int int',
  'supervisor.readProcessStdoutLog': 'string string int int',
  'supervisor.reloadConfig': 'array',
  'supervisor.removeProcessGroup': 'boolean string',
  'supervisor.restart': 'boolean',
  'supervisor.sendProcessStdin': 'boolean string string',
  'supervisor.sendRemoteCommEvent': 'boolean string string',
  'supervisor.shutdown': 'boolean',
  'supervisor.signalAllProcesses': 'array string',
  'supervisor.signalProcess': 'boolean string string',
  'supervisor.signalProcessGroup': 'array string string',
  'supervisor.startAllProcesses': 'array boolean',
  'supervisor.startProcess': 'boolean string boolean',
  'supervisor.startProcessGroup': 'array string boolean',
  'supervisor.stopAllProcesses': 'array boolean',
  'supervisor.stopProcess': 'boolean string boolean',
  'supervisor.stopProcessGroup': 'array string boolean',
  'supervisor.tailProcessLog': 'array string int int',
  'supervisor.tailProcessStderrLog': 'array string int int',
  'supervisor.tailProcessStdoutLog': 'array string int int',
  'system.listMethods': 'array',
  'system.methodHelp': 'string string',
  'system.methodSignature': 'array string',
  'system.multicall': 'array array',
}

test('the methods are those of supervisord, each with its signature and a help', async () => {
  const { rpc } = sceneOf([])
  assert.deepEqual(await rpc('system.listMethods'), Object.keys(signatures))
  for (const [name, signature] of Object.entries(signatures)) {
    assert.deepEqual(await rpc('system.methodSignature', name), signature.split(' '), name)
    assert.match(String(await rpc('system.methodHelp', name)), /^[A-Z].*\n\n(?:@param .*\n)*@return \w+\n$/s)
  }
  assert.equal(await rpc('system.methodHelp', 'nobody'), '4 SIGNATURE_UNSUPPORTED')
  assert.equal(await rpc('system.methodSignature', 'nobody'), '4 SIGNATURE_UNSUPPORTED')
  assert.equal(await rpc('system.methodSignature', 5), '4 SIGNATURE_UNSUPPORTED')
})

test('there is no such method, and no other number of arguments', async () => {
  const { rpc } = sceneOf(alone(off('web')))
  for (const name of ['supervisor.nobody', 'a', 'a.b.c', 'system._x', 'supervisor.constructor', 'getPID', '']) {
    assert.equal(await rpc(name), '1 UNKNOWN_METHOD', name)
  }
  assert.equal(await rpc('supervisor.getState', 1), '2 INCORRECT_PARAMETERS')
  assert.equal(await rpc('supervisor.startProcess'), '2 INCORRECT_PARAMETERS')
  assert.equal(await rpc('supervisor.startProcess', 'web', true, 1), '2 INCORRECT_PARAMETERS')
})

test('without its section the namespace is not there', async () => {
  const groups = { ...groupsOf([]), settings: () => [{ ...noSettings, hasRpcInterface: false }] }
  const { rpc } = sceneOf([], { groups })
  assert.equal(await rpc('supervisor.getPID'), '1 UNKNOWN_METHOD')
  assert.deepEqual(
    await rpc('system.listMethods'),
    Object.keys(signatures).filter((name) => name.startsWith('system.')),
  )
})

test('who it is', async () => {
  const { rpc } = sceneOf([])
  assert.equal(await rpc('supervisor.getAPIVersion'), '3.0')
  assert.equal(await rpc('supervisor.getVersion'), '3.0')
  assert.equal(await rpc('supervisor.getSupervisorVersion'), '4.3.0')
  assert.equal(await rpc('supervisor.getIdentification'), 'supervisor')
  assert.equal(await rpc('supervisor.getPID'), process.pid)
  assert.deepEqual(await rpc('supervisor.getState'), { statecode: 1, statename: 'RUNNING' })
})

test('a daemon that ends answers nothing but what is about methods, and tells events', async () => {
  const scene = sceneOf(alone(off('web')))
  assert.equal(await scene.rpc('supervisor.shutdown'), true)
  assert.equal(await scene.rpc('supervisor.restart'), true)
  for (const mood of ['SHUTDOWN', 'RESTARTING'] as const) {
    scene.mood = mood
    for (const [name, signature] of Object.entries(signatures)) {
      if (name.startsWith('system.') || name === 'supervisor.sendRemoteCommEvent') continue
      const params = signature.split(' ').slice(1)
      assert.equal(await scene.rpc(name, ...params), '6 SHUTDOWN_STATE', name)
    }
    assert.equal(await scene.rpc('supervisor.sendRemoteCommEvent', Buffer.from('type'), 5), true)
  }
  assert.deepEqual(scene.told, ['shutdown', 'restart', 'type: 5', 'type: 5'])
})

test('the configuration is read again, and groups are put in force and taken out', async () => {
  const asked: string[] = []
  const groups: Partial<GroupsPort> = {
    reread: () => Promise.resolve({ kind: 'read', added: ['a'], changed: ['b', 'c'], removed: [] }),
    add(group, { kind }) {
      asked.push(`add ${group} by ${kind}`)
      return Promise.resolve(group === 'new' ? 'added' : group === 'web' ? 'active' : 'unknown')
    },
    remove(group, { kind }) {
      asked.push(`remove ${group} by ${kind}`)
      return Promise.resolve(group === 'old' ? 'removed' : group === 'web' ? 'running' : 'unknown')
    },
  }
  const { rpc } = sceneOf([], { groups: groupsOf([], groups) })
  assert.deepEqual(await rpc('supervisor.reloadConfig'), [[['a'], ['b', 'c'], []]])
  assert.equal(await rpc('supervisor.addProcessGroup', 'new'), true)
  assert.equal(await rpc('supervisor.addProcessGroup', 'web'), '90 ALREADY_ADDED: web')
  assert.equal(await rpc('supervisor.addProcessGroup', 'nobody'), '10 BAD_NAME: nobody')
  assert.equal(await rpc('supervisor.removeProcessGroup', 'old'), true)
  assert.equal(await rpc('supervisor.removeProcessGroup', 'web'), '91 STILL_RUNNING: web')
  assert.equal(await rpc('supervisor.removeProcessGroup', 'nobody'), '10 BAD_NAME: nobody')
  assert.deepEqual([asked[0], asked[3]], ['add new by user', 'remove old by user'])
  const message = "Invalid name: 'a:b' because of character: ':'"
  const bad = sceneOf([], { groups: groupsOf([], { reread: () => Promise.resolve({ kind: 'refused', message }) }) })
  assert.equal(await bad.rpc('supervisor.reloadConfig'), `92 CANT_REREAD: ${message}`)
})

test('the activity log is read and begun anew, where there is one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rpc-'))
  try {
    const path = join(folder, 'supervisord.log')
    await writeFile(path, 'a line\n')
    const with_ = (more: Partial<ActivityLog>) => {
      const { daemon, ...parts } = partsOf(sceneOf([]).engine, sceneOf([]).table)
      return rpcOf(createRpcMethods({ ...parts, daemon: { ...daemon, activity: { ...daemon.activity, ...more } } }))
    }
    const rpc = with_({ path: () => path })
    assert.equal(await rpc('supervisor.readLog', -5, 0), 'line\n')
    assert.equal(await rpc('supervisor.readMainLog', 0, 1), 'a')
    assert.equal(await rpc('supervisor.clearLog'), true)
    assert.equal(await with_({ path: () => path, clear: () => 'EROFS' })('supervisor.clearLog'), '30 FAILED')
    const none = with_({ path: () => join(folder, 'none') })
    assert.equal(await none('supervisor.clearLog'), '20 NO_FILE')
    assert.equal(await none('supervisor.readLog', 0, 0), `20 NO_FILE: ${folder}/none`)
    assert.equal(await with_({})('supervisor.readLog', 0, 0), '20 NO_FILE')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a multicall answers values as they are, faults as structs, each call after the one before', async () => {
  const scene = sceneOf(alone(quick('web')))
  const call = (methodName: unknown, ...params: readonly unknown[]) => ({ methodName, params })
  const answer = scene.rpc('system.multicall', [
    { methodName: 'supervisor.getAPIVersion' },
    call('supervisor.startProcess', 'web'),
    call('supervisor.stopProcess', 'web', false),
    call('supervisor.getProcessInfo', 'nobody'),
    call('system.multicall', []),
    {},
    5,
    call('x'),
    call(5),
    { methodName: 'supervisor.getPID', params: 5 },
    call('supervisor.getProcessInfo', 5),
  ])
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(
    scene.commands.map(({ kind }) => kind),
    ['start'],
    'what is waited for holds back the next',
  )
  scene.spawned(0, 'web/web/1')
  const fault = (faultCode: number, faultString: string) => ({ faultCode, faultString })
  assert.deepEqual(await answer, [
    '3.0',
    true,
    true,
    fault(10, 'BAD_NAME: nobody'),
    fault(2, 'INCORRECT_PARAMETERS: Recursive system.multicall forbidden'),
    fault(2, 'INCORRECT_PARAMETERS: No methodName'),
    fault(2, 'INCORRECT_PARAMETERS: No methodName'),
    fault(1, 'UNKNOWN_METHOD'),
    fault(2, 'INCORRECT_PARAMETERS'),
    fault(2, 'INCORRECT_PARAMETERS'),
    fault(2, 'INCORRECT_PARAMETERS'),
  ])
})

test('a multicall has a limit of what its calls answer together', async () => {
  const { rpc } = sceneOf([])
  assert.equal(await rpc('system.multicall', 5), '2 INCORRECT_PARAMETERS')
  assert.deepEqual(await rpc('system.multicall', []), [])
  const large = sceneOf([], { groups: groupsOf([], { reread: () => reread }) })
  const names = ['x'.repeat(32 * 1024 * 1024)]
  const reread = Promise.resolve({ kind: 'read', added: names, changed: names, removed: [] } as const)
  const calls = [{ methodName: 'supervisor.reloadConfig' }, { methodName: 'supervisor.getPID' }]
  const [, second] = (await large.rpc('system.multicall', calls)) as readonly unknown[]
  assert.deepEqual(second, { faultCode: 30, faultString: 'FAILED: the answer is too large' })
})
