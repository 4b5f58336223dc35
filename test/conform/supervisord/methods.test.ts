import { configured } from './config.ts'
import { conform } from './conform.ts'

const sleeper = '[program:one]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=DIR/one.out\nstderr_logfile=DIR/one.err\n'

/** Each with arguments that are too few, too many, of the wrong kind or name what there is not. */
const withNames = [
  'startProcess',
  'stopProcess',
  'startProcessGroup',
  'stopProcessGroup',
  'getProcessInfo',
  'clearProcessLogs',
  'clearProcessLog',
  'addProcessGroup',
  'removeProcessGroup',
]
const withNamesAndMore: Readonly<Record<string, readonly unknown[]>> = {
  signalProcess: ['HUP'],
  signalProcessGroup: ['HUP'],
  readProcessLog: [0, 0],
  readProcessStdoutLog: [0, 0],
  readProcessStderrLog: [0, 0],
  tailProcessLog: [0, 10],
  tailProcessStdoutLog: [0, 10],
  tailProcessStderrLog: [0, 10],
  sendProcessStdin: ['x'],
}
const withoutArguments = [
  'getAPIVersion',
  'getVersion',
  'getSupervisorVersion',
  'getIdentification',
  'getState',
  'getPID',
  'getAllConfigInfo',
  'getAllProcessInfo',
  'clearLog',
  'reloadConfig',
  'clearAllProcessLogs',
]
/** Where its Python fails the original shows the lines of it. */
const unexpected = /^Handling XML-RPC request with data/

const badNames = ['nosuch', 'one:nosuch', 'nosuch:one', 'nosuch:*', 'one:one:one', ':', ':one', '*', ' one', 'ONE']

conform('methods', [
  {
    name: 'wrong names and arguments',
    unsaid: unexpected,
    config: configured(sleeper),
    scenes: {
      'of every method': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        for (const method of withNames) {
          await scene.rpc(`supervisor.${method}`)
          for (const name of badNames) await scene.rpc(`supervisor.${method}`, name)
          await scene.rpc(`supervisor.${method}`, 'one', true, 3)
        }
        for (const [method, more] of Object.entries(withNamesAndMore)) {
          await scene.rpc(`supervisor.${method}`)
          await scene.rpc(`supervisor.${method}`, 'one')
          for (const name of badNames.slice(0, 5)) await scene.rpc(`supervisor.${method}`, name, ...more)
          await scene.rpc(`supervisor.${method}`, 'one', ...more, 1)
        }
        for (const method of withoutArguments) {
          await scene.rpc(`supervisor.${method}`, 'too much')
          if (!['getAllConfigInfo', 'getAllProcessInfo', 'clearLog'].includes(method))
            await scene.rpc(`supervisor.${method}`)
        }
        await scene.rpc('supervisor.readLog')
        await scene.rpc('supervisor.readLog', 'a', 'b')
        await scene.rpc('supervisor.readProcessStdoutLog', 'one', 'a', 'b')
        await scene.rpc('supervisor.sendRemoteCommEvent', 'one')
        await scene.rpc('supervisor.sendRemoteCommEvent', 1, 2)
        await scene.rpc('supervisor.sendProcessStdin', 'one', 5)
        await scene.rpc('supervisor.sendProcessStdin', 'one', ['x'])
        await scene.rpc('supervisor.startProcess', 5)
        await scene.rpc('supervisor.startProcess', ['one'])
        await scene.rpc('supervisor.getProcessInfo', 5)
        await scene.rpc('supervisor.signalProcess', 'one', 0)
        await scene.rpc('supervisor.signalProcess', 'one', 'nosuch')
        await scene.rpc('supervisor.stopAllProcesses', true, true)
        await scene.rpc('supervisor.startAllProcesses', 1, 2)
        await scene.rpc('supervisor.signalAllProcesses')
        for (const method of ['nosuch', '', 'supervisor', 'supervisor.', '.getState', 'supervisor.nosuch'])
          await scene.rpc(method)
        for (const method of ['nosuch.getState', 'supervisor._update', 'supervisor.getState.x', 'system.nosuch'])
          await scene.rpc(method)
        await scene.see('one')
      },
    },
  },
  {
    name: 'what is asked of a program, and of several at once',
    unsaid: unexpected,
    config: configured(`${sleeper}[program:off]\ncommand=/bin/sleep 1000\nautostart=false\n`),
    scenes: {
      'and what the system tells': async (scene) => {
        await scene.untilState('one', 'RUNNING')
        const methods = await scene.rpc('system.listMethods')
        if (methods.kind === 'value')
          for (const method of methods.value as readonly string[]) {
            await scene.rpc('system.methodSignature', method)
            const help = await scene.ask('system.methodHelp', method)
            scene.seeText('its help', help === '' ? 'empty' : 'a text')
          }
        await scene.rpc('system.methodHelp', 'nosuch')
        await scene.rpc('system.methodSignature', 'nosuch')
        await scene.rpc('system.methodHelp')
        await scene.rpc('system.multicall', [
          { methodName: 'supervisor.getState', params: [] },
          { methodName: 'supervisor.startProcess', params: ['off'] },
          { methodName: 'supervisor.startProcess', params: ['off'] },
          { methodName: 'supervisor.nosuch', params: [] },
          { methodName: 'supervisor.getPID', params: ['too much'] },
          { methodName: 'supervisor.getVersion' },
          { methodName: 'system.multicall', params: [[]] },
          { params: [] },
          { methodName: 'supervisor.stopProcess', params: ['off'] },
        ])
        await scene.rpc('system.multicall', [])
        await scene.rpc('system.multicall')
        await scene.rpc('system.multicall', 'text')
        await scene.rpc('supervisor.sendProcessStdin', 'one', 'a line ü\n')
        await scene.untilText('one.out', 'a line')
        await scene.rpc('supervisor.sendProcessStdin', 'off', 'a line\n')
        scene.seeFile('one.out')
      },
    },
  },
])
