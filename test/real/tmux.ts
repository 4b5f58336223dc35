import { execFileSync } from 'node:child_process'
import { type Home, root } from './harness.ts'
import { until } from './until.ts'

/** A real terminal with a shell in it: what a person sees, and types. */
export interface TmuxTerminal {
  /** Types keys as `tmux send-keys` names them. */
  press(...keys: readonly string[]): void
  /** Types text and Enter. */
  run(command: string): void
  resize(columns: number, rows: number): void
  /** Whether the cursor is shown, lines are wrapped, and this is the screen of the shell, not another. */
  isAsUsual(): boolean
  /** The lines of the screen, without blanks at their ends. */
  screen(): readonly string[]
  /** Resolves with the screen once this is on it. */
  untilSeen(pattern: RegExp): Promise<string>
  /** Resolves when a line begins with the shell's prompt, and nothing stands behind it. */
  untilPrompt(): Promise<void>
}

/** Why no test can have a terminal here; false: it can. */
export function tmuxMissing(): string | false {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' })
    return false
  } catch {
    return 'tmux is not installed'
  }
}

/** With a shell in the home, where `holdfast` means this checkout. Nothing of it is left afterwards. */
export async function withTerminal<T>(
  home: Pick<Home, 'directory'>,
  size: { readonly columns: number; readonly rows: number },
  body: (terminal: TmuxTerminal) => Promise<T>,
): Promise<T> {
  const socket = `${home.directory}/tmux.sock`
  const environment = {
    PATH: `${root}/bin:${process.env.PATH ?? '/usr/bin:/bin'}`,
    HOME: home.directory,
    HOLDFAST_HOME: home.directory,
    LC_ALL: 'C.UTF-8',
  }
  const tmux = (...args: readonly string[]): string => {
    const options = { encoding: 'utf8', env: environment, cwd: home.directory } as const
    return execFileSync('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...args], options)
  }
  const screen = (): readonly string[] => tmux('capture-pane', '-p').split('\n').slice(0, -1)
  const untilSeen = (pattern: RegExp): Promise<string> =>
    until(`${pattern} on the screen`, () => {
      const text = screen().join('\n')
      return pattern.test(text) ? text : null
    }).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; it shows:\n${screen().join('\n')}`, { cause })
    })
  tmux('new-session', '-d', '-x', String(size.columns), '-y', String(size.rows), 'sh -i')
  const serverPid = Number(tmux('display-message', '-p', '#{pid}'))
  try {
    const terminal: TmuxTerminal = {
      press: (...keys) => void tmux('send-keys', ...keys),
      run: (command) => void tmux('send-keys', command, 'Enter'),
      resize: (columns, rows) => void tmux('resize-window', '-x', String(columns), '-y', String(rows)),
      isAsUsual: () => tmux('display-message', '-p', '#{cursor_flag}#{wrap_flag}#{alternate_on}') === '110\n',
      screen,
      untilSeen,
      async untilPrompt() {
        await untilSeen(/^prompt> *$/m)
      },
    }
    // Shells choose it themselves at their start.
    terminal.run("PS1='prompt> '; clear")
    await terminal.untilPrompt()
    return await body(terminal)
  } finally {
    tmux('kill-server')
    await until('tmux to be gone', () => !isAlive(serverPid))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
