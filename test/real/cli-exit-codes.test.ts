import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { exitCodes } from '../../src/wire/exit-codes.ts'
import { type Home, holdfast, realTest } from './harness.ts'

const steady = { command: ['sleep', 'infinity'], restart: 'always' }
const deaf = "trap '' TERM; echo deaf; sleep infinity & wait; wait"
const stubborn = { command: ['sh', '-c', deaf], stop_grace_period: '2s' }

/** Command lines by the code they end with, on a home with the services below; stderr has to match as well. */
const cases: readonly (readonly [code: number, args: readonly string[], stderr: RegExp])[] = [
  [0, ['ps'], /^$/],
  [0, ['ps', 'web'], /^$/],
  [0, ['help'], /^$/],
  [0, ['help', 'exit-codes'], /^$/],
  [0, ['version'], /^$/],
  [0, ['start', 'web'], /^$/],
  [0, ['plan'], /^$/],
  [0, ['wait', 'web'], /^$/],
  [0, ['run', 'good'], /^$/],
  [0, ['completion', 'bash'], /^$/],
  [1, ['start', 'broken'], /^$/],
  [1, ['restart', 'broken', 'web'], /^$/],
  [1, ['run', 'web'], /^holdfast: .* runs already .*; /],
  [2, [], /holdfast help COMMAND/],
  [2, ['pss'], /^holdfast: unknown command 'pss'; did you mean 'ps'\?\n$/],
  [2, ['ps', '--outptu'], /^holdfast: ps: unknown option --outptu; did you mean '--output'\?\nusage: /],
  [2, ['ps', '-o', 'xml'], /^holdfast: ps: -o is one of .*; write -o table\nusage: /],
  [2, ['stop'], /^holdfast: stop: NAME.* is missing; see: holdfast help stop\nusage: /],
  [2, ['stop', 'web', '-t', 'soon'], /^holdfast: stop: --timeout is a number of seconds, not 'soon'; /],
  [2, ['start', 'web', '--wait', '--no-wait'], /^holdfast: start: --wait and --no-wait exclude each other; /],
  [2, ['signal', 'HPU', 'web'], /^holdfast: signal: no signal is called 'HPU'; did you mean 'HUP'\?\n$/],
  [2, ['ps', '-l', '=x'], /^holdfast: '=x' does not say which labels are meant; /],
  [2, ['completion', 'zhs'], /^holdfast: completion: no completion for 'zhs'; did you mean 'zsh'\?\n$/],
  [2, ['down'], /^holdfast: down: this stops .* --yes\n$/],
  [2, ['--home', '', 'ps'], /^holdfast: --home is empty; /],
  [3, ['ps', 'off'], /^$/],
  [3, ['ps', '-l', 'tier=off'], /^$/],
  [3, ['status', 'off', 'web'], /^$/],
  [3, ['signal', 'HUP', 'off'], /^$/],
  [4, ['ps', 'wbe'], /^holdfast: no service is called 'wbe'; did you mean web\?\n$/],
  [4, ['stop', 'x*'], /^holdfast: no service matches 'x\*'; see: holdfast ps\n$/],
  [4, ['restart', '-l', 'tier=none'], /^holdfast: no service has the labels tier=none; /],
  [6, ['check', 'bad.yaml'], /^holdfast: \d errors?, /],
  [6, ['up', 'bad.yaml'], /unknown key 'comand'/],
  [6, ['plan', 'bad.yaml'], /unknown key 'comand'/],
  [7, ['plan', 'other.yaml'], /apply it with: /],
  [8, ['daemon', 'demo.yaml'], /^holdfast: a daemon already runs for .*; talk to it with: /],
  [69, ['--home', './nowhere', 'ps', '--json'], /^holdfast: no daemon answers for .*; start it with: /],
  [69, ['--home', './nowhere', 'down', '--yes'], /^holdfast: nothing to end, no daemon answers for /],
  [124, ['stop', 'stubborn', '-t', '0'], /^$/],
  [124, ['wait', 'off', '-t', '0.1'], /^$/],
  [137, ['run', 'killed'], /^$/],
]

/** Where the others are shown to be. */
const elsewhere: Readonly<Record<number, string>> = {
  [exitCodes.permission]: 'below, as another user',
  [exitCodes.rejected]: 'test/real/releases.test.ts',
  [exitCodes.daemonBug]: 'src/main/fatal.test.ts',
  [exitCodes.interrupted]: 'test/real/cli-up.test.ts',
}

realTest('every command ends with the code that is documented, and says why on stderr alone', {}, async (home) => {
  await home.start([declared(home)])
  home.write('bad.yaml', 'services:\n  web:\n    comand: sleep 1\n')
  home.write('other.yaml', JSON.stringify({ name: 'other', services: { api: steady } }))
  await home.untilState('demo/web', 'running')
  await home.untilLog('demo/stubborn', 'deaf')
  for (const [code, args, stderr] of cases) {
    const result = await home.cli(...args)
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`)
    assert.match(result.stderr, stderr, args.join(' '))
  }
  const shown = new Set([...cases.map(([code]) => code), ...Object.keys(elsewhere).map(Number)])
  for (const code of Object.values(exitCodes)) assert.ok(shown.has(code), `nothing shows ${code}`)
})

const canBecome = process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0

realTest(
  'somebody else may not talk to the daemon, nor use its home: 77',
  { skip: canBecome ? false : 'only root can become somebody else, with setpriv' },
  async (home) => {
    await home.start([declared(home)])
    for (const args of [['ps'], ['up', 'demo.yaml'], ['down', '--yes'], ['daemon', 'demo.yaml']]) {
      const words = ['--reuid=65534', '--regid=65534', '--clear-groups', holdfast, '--home', home.directory, ...args]
      const { status, stderr } = spawnSync('setpriv', words, { cwd: '/', env: { PATH: process.env.PATH } })
      assert.equal(status, 77, `${args.join(' ')}: ${stderr}`)
      assert.match(stderr.toString(), /^holdfast: .*; /)
    }
  },
)

function declared(home: Home): string {
  const manual = { restart: 'no', 'x-holdfast': { autostart: false } }
  return home.declare('demo', {
    web: { ...steady, labels: { tier: 'front' } },
    off: { ...steady, labels: { tier: 'off' }, 'x-holdfast': { autostart: false } },
    stubborn,
    broken: { command: ['/nowhere/at-all'], 'x-holdfast': { autostart: false } },
    good: { ...manual, command: ['true'] },
    killed: { ...manual, command: ['sh', '-c', 'kill -KILL $$$$'] },
  })
}
