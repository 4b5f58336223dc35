import assert from 'node:assert/strict'
import { type Home, realTest } from './harness.ts'
import { type TmuxTerminal, tmuxMissing, withTerminal } from './tmux.ts'
import { until } from './until.ts'

const skip = tmuxMissing()

function declareShop(home: Home): string {
  return home.declare('shop', {
    web: { command: ['sh', '-c', 'echo web is ready; exec sleep 100000'] },
    db: { command: ['sleep', '100001'] },
    off: { command: ['sleep', '100002'], 'x-holdfast': { autostart: false } },
  })
}

/** Starts `holdfast top` and waits for its table. */
async function openTop(terminal: TmuxTerminal): Promise<void> {
  terminal.run('echo before; holdfast top --interval 0.5; echo ended with $?')
  await terminal.untilSeen(/shop\/web +● running[^\n]*MiB/)
}

realTest(
  'top shows, filters, tells details and logs, restarts, follows the size, and leaves no trace',
  { skip },
  async (home) => {
    await home.start([declareShop(home)])
    await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
      terminal.run('stty -g > mode.before')
      await openTop(terminal)
      assert.doesNotMatch(terminal.screen().join('\n'), /before/)
      assert.equal(terminal.isAsUsual(), false)

      terminal.press('/', 'd', 'b')
      await terminal.untilSeen(/1 with 'db'/)
      await until('the others to be gone', () => !terminal.screen().slice(4, -2).join('\n').includes('shop/web'))
      terminal.press('Enter', 'Enter')
      await terminal.untilSeen(/details of shop\/db[\s\S]*sleep 100001/)
      terminal.press('q', 'Escape')
      await terminal.untilSeen(/shop\/web/)

      terminal.press('l')
      await terminal.untilSeen(/logs of shop\/web[\s\S]*web is ready/)
      terminal.press('q')

      const before = await home.unit('shop/web')
      terminal.press('r')
      await terminal.untilSeen(/restart shop\/web\? \(y\/n\)/)
      terminal.press('y')
      const after = await home.untilUnit('shop/web', ({ state, pid }) => state === 'running' && pid !== before.pid)
      await terminal.untilSeen(new RegExp(`restart shop/web: running as pid ${after.pid}`))

      terminal.resize(40, 10)
      await terminal.untilSeen(/^q quit {2}\? help {2}enter details {2}l logs$/m)
      assert.equal(terminal.screen().length, 10)
      terminal.resize(160, 50)
      await terminal.untilSeen(/REASON/)

      terminal.press('q')
      await terminal.untilSeen(/before[\s\S]*ended with 0/)
      assert.doesNotMatch(terminal.screen().join('\n'), /REASON/)
      terminal.run('stty -g > mode.after; cmp mode.before mode.after && echo as it was')
      await terminal.untilSeen(/^as it was$/m)
      assert.equal(terminal.isAsUsual(), true)
    })
  },
)

realTest('top keeps its picture while the daemon is dead, and goes on with the next', { skip }, async (home) => {
  const source = declareShop(home)
  const first = await home.start([source])
  await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
    await openTop(terminal)
    await first.crash()
    await terminal.untilSeen(/no answer since[\s\S]*shop\/web +● running/)
    await home.start([source])
    await until('the header to tell the time again', () => /\d\d:\d\d:\d\d$/.test(terminal.screen()[0] ?? ''))
    await until('what nobody answered to be gone', () => !terminal.screen().join('\n').includes('no answer'))
    terminal.press('j', 's', 'y')
    await terminal.untilSeen(/stop shop\/db: stopped/)
    await home.untilState('shop/db', 'stopped')
    terminal.press('q')
    await terminal.untilSeen(/ended with 0/)
  })
})

realTest(
  'a suspended top gives the terminal to the shell, and draws anew when it is continued',
  { skip },
  async (home) => {
    await home.start([declareShop(home)])
    await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
      await openTop(terminal)
      terminal.press('C-z')
      await terminal.untilPrompt()
      terminal.run('echo typed as usual')
      await terminal.untilSeen(/^typed as usual$/m)
      terminal.run('fg')
      await terminal.untilSeen(/shop\/web +● running[\s\S]*q quit/)
      terminal.press('q')
      await terminal.untilSeen(/typed as usual/)
    })
  },
)

for (const signal of ['TERM', 'INT', 'HUP']) {
  realTest(`SIG${signal} ends top and gives the terminal back`, { skip }, async (home) => {
    await home.start([declareShop(home)])
    await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
      await openTop(terminal)
      const top = home.processes().find(({ command }) => command.includes(' top '))
      assert.ok(top !== undefined, 'top is not among the processes of the home')
      process.kill(top.pid, `SIG${signal}`)
      await terminal.untilSeen(/ended with 1\d\d/)
      assert.equal(terminal.isAsUsual(), true)
      terminal.run('echo typed as usual')
      await terminal.untilSeen(/^typed as usual$/m)
    })
  })
}

realTest('on a terminal that cannot place text top says so', { skip }, async (home) => {
  await home.start([declareShop(home)])
  await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
    terminal.run('TERM=dumb holdfast top; echo ended with $?')
    await terminal.untilSeen(/TERM is dumb[\s\S]*top --once[\s\S]*ended with 2/)
  })
})

realTest('without a terminal top says so, and with --once it prints one picture', { skip: false }, async (home) => {
  await home.start([declareShop(home)])
  await home.untilState('shop/web', 'running')
  const refused = await home.cli('top')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /needs a terminal.*top --once/)
  const once = await home.cli('top', '--once')
  assert.equal(once.code, 0)
  assert.match(once.stdout, /^Holdfast [\s\S]*\n3 units[\s\S]*\nNAME +STATE[^\n]*REASON\nshop\/web +\S running/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence is what must not be there
  assert.doesNotMatch(once.stdout, /\u001b/)
})

realTest('where no daemon answers, top says so and takes no screen', { skip: false }, async (home) => {
  const { code, stdout, stderr } = await home.cli('top', '--once')
  assert.equal(code, 69)
  assert.equal(stdout, '')
  assert.match(stderr, /no daemon answers/)
})
