import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { built } from '../../real/harness.ts'
import { type TmuxTerminal, tmuxMissing, withTerminal } from '../../real/tmux.ts'
import { type CtlSide, createCtlSide, normalise } from './ctl-bench.ts'
import { missing } from './ctl-conform.ts'
import { startOriginal } from './daemon.ts'

const skip = missing || tmuxMissing()

/** What both programs show a person who does the same, and what they leave behind. */
interface Shown {
  readonly screen: string
  readonly history: string
}

type Scene = (terminal: TmuxTerminal, side: CtlSide) => Promise<void>

const prompt = /^supervisor> *$/m
const size = { columns: 100, rows: 100 }

async function play(context: TestContext, scene: Scene): Promise<readonly Shown[]> {
  await built()
  const sides = await Promise.all([createCtlSide('original', startOriginal), createCtlSide('ours', startOriginal)])
  context.after(() => Promise.all(sides.map((side) => side.end())))
  return Promise.all(sides.map((side) => playOn(side, scene)))
}

async function playOn(side: CtlSide, scene: Scene): Promise<Shown> {
  const { directory } = side.side
  const screen = await withTerminal({ directory }, size, async (terminal) => {
    // A prompt alone may be the one at which this is typed.
    terminal.run(`ctl() { ${side.program} -c ${directory}/supervisord.conf "$@"; }; clear; echo ready`)
    await terminal.untilSeen(/^ready\nprompt> *$/m)
    await scene(terminal, side)
    await terminal.untilPrompt()
    return terminal.screen().join('\n')
  })
  const historyPath = join(directory, 'history')
  return {
    screen: normalise(screen, side.side)
      .replaceAll('^C', '')
      .replace(/[ \n]*\n/g, '\n'),
    history: existsSync(historyPath) ? readFileSync(historyPath, 'utf8') : '',
  }
}

/** Types a line, and waits until something is seen that was not there before. */
async function say(terminal: TmuxTerminal, line: string, pattern: RegExp): Promise<void> {
  terminal.run(line)
  await terminal.untilSeen(pattern)
}

test('a session in a terminal completes names, remembers lines, and follows logs as the original does', {
  skip,
}, async (context) => {
  const [original, ours] = await play(context, async (terminal) => {
    await say(terminal, 'ctl', /two_01[\s\S]*^supervisor> *$/m)
    terminal.press('stat', 'Tab')
    await terminal.untilSeen(/^supervisor> status *$/m)
    terminal.press('tw', 'Tab')
    await terminal.untilSeen(/^supervisor> status two: *$/m)
    terminal.press('two_01', 'Tab')
    await terminal.untilSeen(/^supervisor> status two:two_01\s*$/m)
    terminal.press('Enter')
    await terminal.untilSeen(/status two:two_01\s+two:two_01 .*\s+supervisor>\s*$/)
    terminal.press('Up')
    await terminal.untilSeen(/^supervisor> status two:two_01 *$/m)
    terminal.press('Enter')
    await terminal.untilSeen(/(?:status two:two_01\s+two:two_01 .*\s+supervisor>\s*){2}$/)
    await say(terminal, 'tail -f talk', /an é/)
    terminal.press('C-c')
    await terminal.untilSeen(/an é\s+\S*\s*^supervisor> *$/m)
    await say(terminal, 'shutdown', /y\/N\?\s*$/)
    await say(terminal, 'n', /N\? n\s+supervisor>\s*$/)
    terminal.press('C-d')
  })
  assert.equal(ours!.screen, original!.screen)
  assert.equal(ours!.history, original!.history)
  assert.match(ours!.history, /^status two:two_01 \ntail -f talk\nshutdown\nn\n$/)
})

test('a session asks who it is where the server wants to know, shows no password, and ends by Ctrl-C', {
  skip,
}, async (context) => {
  const [original, ours] = await play(context, async (terminal, { side }) => {
    await say(terminal, `ctl -s http://127.0.0.1:${side.port}`, /Username:\s*$/)
    await say(terminal, 'me', /Password:\s*$/)
    await say(terminal, 'nonsense', /Username: *me\s+Password:\s+\S[\s\S]*Username:\s*$/)
    await say(terminal, 'me', /Username: *me\s+Password:\s+[\s\S]*Username: *me\s+Password:\s*$/)
    await say(terminal, 'se:cret', prompt)
    terminal.press('C-c')
    await terminal.untilPrompt()
    await say(terminal, 'echo code $?', /^code \d/m)
  })
  assert.equal(ours!.screen, original!.screen)
  assert.doesNotMatch(ours!.screen, /nonsense|se:cret/)
  assert.match(ours!.screen, /^code 0$/m)
})

test('Ctrl-C ends tail -f well, for a single command too', { skip }, async (context) => {
  const [original, ours] = await play(context, async (terminal) => {
    await say(terminal, 'ctl tail -f talk', /an é/)
    terminal.press('C-c')
    await terminal.untilPrompt()
    await say(terminal, 'echo code $?', /^code \d/m)
  })
  assert.equal(ours!.screen, original!.screen)
  assert.match(ours!.screen, /^code 0$/m)
})

// The original goes on for half a minute after fg, before it ends.
test('fg shows what a process prints and gives it what is typed, until Ctrl-C', { skip }, async (context) => {
  await built()
  const side = await createCtlSide('ours', startOriginal)
  context.after(() => side.end())
  const { screen, history } = await playOn(side, async (terminal) => {
    await say(terminal, 'ctl', /unlogged[\s\S]*^supervisor>\s*$/m)
    await say(terminal, 'fg cat', /Press Ctrl-C to exit <==\s*$/)
    await say(terminal, 'one line', /one line\s+one line\s*$/)
    terminal.press('C-c')
    await terminal.untilSeen(/Exiting foreground\s+supervisor>\s*$/)
    await say(terminal, 'fg cat', /fg cat\s+==> Press Ctrl-C to exit <==\s+one line\s*$/)
    terminal.press('C-d')
    await terminal.untilSeen(/Exiting foreground\s+supervisor>\s*$/)
    await say(terminal, 'exit', /Exiting foreground\s+supervisor> exit\s+prompt>\s*$/)
    await say(terminal, 'ctl fg cat', /Press Ctrl-C to exit <==\s+one line\s*$/)
    await say(terminal, 'another line', /another line\s+another line\s*$/)
    terminal.press('C-c')
    await terminal.untilSeen(/Exiting foreground\s+prompt>\s*$/)
    await say(terminal, 'echo code $?', /^code \d/m)
  })
  assert.match(screen, /^code 0$/m)
  assert.equal(history, 'fg cat\none line\nfg cat\nexit\n')
})
