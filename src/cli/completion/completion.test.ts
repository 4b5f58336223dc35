import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { commands } from '../commands.ts'
import { printBash } from './bash.ts'
import { printFish } from './fish.ts'
import { completionTable } from './table.ts'
import { printZsh } from './zsh.ts'

/**
 * Real shells at a terminal of their own: a line is typed, then the key that puts in everything that is offered, then
 * Enter. What the shell makes of it are the words a command would get.
 */

const directory = mkdtempSync(join(tmpdir(), 'holdfast-completion-'))
const started: ChildProcess[] = []
after(() => {
  // A shell that waits for the end of a quotation goes on for ever.
  for (const shell of started) shell.kill()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
})
const home = join(directory, 'home')
mkdirSync(join(home, 'run'), { recursive: true })
mkdirSync(join(directory, 'here/some where'), { recursive: true })
writeFileSync(join(directory, 'here/one.yaml'), '')
writeFileSync(
  join(home, 'run/names'),
  [
    ...['service web', 'service worker', 'service my db', "service it's $HOME"],
    ...['app shop/', 'app mail/'],
    ...['unit shop/web', 'unit shop/web/1', 'unit shop/web/2', 'unit shop/my db', 'unit mail/api'],
    ...['label tier', 'label tier=front', 'label tier=back', 'label canary', ''],
  ].join('\n'),
)

/** What is offered, in order, for a line that ends where the cursor is. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'holdfast st': ['start', 'status', 'stdin', 'stop'],
  'holdfast stop w': ['web', 'worker'],
  'holdfast ls wo': ['worker'],
  'holdfast ps -o ': ['json', 'name', 'ndjson', 'table', 'wide'],
  'holdfast ps --output n': ['name', 'ndjson'],
  'holdfast ps --out': ['--output'],
  'holdfast stop my': ['my db'],
  'holdfast stop it': ["it's $HOME"],
  'holdfast stop ma': ['mail/'],
  'holdfast stop shop/w': ['shop/web', 'shop/web/1', 'shop/web/2'],
  'holdfast stop shop/my': ['shop/my db'],
  'holdfast stop web wo': ['worker'],
  'holdfast signal USR': ['USR1', 'USR2'],
  'holdfast signal USR1 we': ['web'],
  'holdfast start --wait we': ['web'],
  'holdfast stop -t 5 we': ['web'],
  'holdfast stop -- we': ['web'],
  'holdfast ps -l ca': ['canary'],
  'holdfast help exit': ['exit-codes'],
  'holdfast completion z': ['zsh'],
  'holdfast check o': ['one.yaml'],
  [`holdfast --home ${home} stop wo`]: ['worker'],
  'holdfast --home /nowhere ps --home=/nowhere ps wo': ['wo'],
}

/** Offered where only a part of the word is put in, so as the whole word. */
const partial: Readonly<Record<string, readonly string[]>> = {
  'holdfast ps --output=js': ['--output=json'],
  'holdfast start --wait=h': ['--wait=healthy'],
  'holdfast ps -l tier=f': ['tier=front'],
  'holdfast ps -l canary,tier=b': ['canary,tier=back'],
}

const table = completionTable(commands)

interface Shell {
  readonly name: string
  /** The words that the last word of the line became, line by line. */
  offered(lines: readonly string[]): Promise<readonly (readonly string[])[]>
}

const shells: readonly Shell[] = [
  { name: 'bash', offered: (lines) => typed(bash(), lines, '\u001b*') },
  { name: 'zsh', offered: (lines) => typed(zsh(), lines, '\u0018a') },
  { name: 'fish', offered: (lines) => Promise.resolve(askedOfFish(lines)) },
]

for (const shell of shells) {
  const skip =
    isInstalled(shell.name) && (shell.name === 'fish' || isInstalled('script')) ? false : 'it is not installed'
  describe(`in ${shell.name}`, { skip }, () => {
    it('every line is offered what it should be, and names are quoted as they have to be', {
      timeout: 20_000,
    }, async () => {
      const expected = { ...cases, ...partial }
      const found = await shell.offered(Object.keys(expected))
      for (const [at, [line, words]] of Object.entries(expected).entries()) {
        assert.deepEqual(found[at]?.toSorted(), [...words].toSorted(), line)
      }
    })
  })
}

it('names that somebody chose are never run as commands', {
  skip: isInstalled('bash') ? false : 'there is no bash',
}, () => {
  const trap = join(directory, 'trap/run')
  mkdirSync(trap, { recursive: true })
  writeFileSync(join(trap, 'names'), `service $(touch ${directory}/ran)\nservice \`touch ${directory}/ran\`\n`)
  const script = `${printBash(table)}
    compopt() { :; }
    COMP_LINE='holdfast stop ' COMP_POINT=14 COMP_WORDS=(holdfast stop '') COMP_CWORD=2
    _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"; test ! -e ${directory}/ran`
  const { status, stdout } = spawnSync('bash', ['-c', script], { env: { HOLDFAST_HOME: join(directory, 'trap') } })
  assert.equal(status, 0)
  assert.equal(stdout.toString().split('\n').length, 3)
})

it('the names of 500 services are there within 50 ms in bash', {
  skip: isInstalled('bash') ? false : 'there is no bash',
}, () => {
  const many = join(directory, 'many/run')
  mkdirSync(many, { recursive: true })
  const names = Array.from({ length: 500 }, (_, n) => `service service-${n}\nunit app/service-${n}\n`)
  writeFileSync(join(many, 'names'), names.join(''))
  const script = `${printBash(table)}
    compopt() { :; }
    COMP_LINE='holdfast stop s' COMP_POINT=15 COMP_WORDS=(holdfast stop s) COMP_CWORD=2
    for try in {1..10}; do _holdfast; done
    echo "\${#COMPREPLY[@]}"; times`
  const { stdout } = spawnSync('bash', ['-c', script], { env: { HOLDFAST_HOME: join(directory, 'many'), LC_ALL: 'C' } })
  const [count, ...times] = stdout.toString().trimEnd().split(/\s/)
  assert.equal(count, '500')
  // What it and its children worked, however long other programs ran meanwhile: `0m0.012s` each.
  const workedMs = times.map((time) => Number(/m(.*)s/.exec(time)?.[1]) * 1_000).reduce((sum, each) => sum + each)
  assert.ok(workedMs / 10 < 50, `${workedMs / 10} ms`)
})

// ---- shells --------------------------------------------------------------------------------------------------

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

const environment = { PATH: process.env.PATH, HOME: directory, TERM: 'dumb', LC_ALL: 'C.UTF-8', HOLDFAST_HOME: home }

/** Tells the words it is given, and what the last line has become is told by them. */
const holdfastFunction = "holdfast() { printf '<%s>' \"$@\"; echo '<done>'; }"

function bash(): ChildProcess {
  const rc = join(directory, 'bashrc')
  const settings = "bind 'set enable-bracketed-paste off'\nPS1='ready'\n"
  writeFileSync(rc, `${printBash(table)}\n${settings}${holdfastFunction}\n`)
  return onTerminal(`bash --noprofile --rcfile ${rc} -i`)
}

function zsh(): ChildProcess {
  const lines = [
    `autoload -Uz compinit; compinit -u -d ${directory}/zcompdump`,
    'zle -C all-matches complete-word _generic',
    "bindkey '^Xa' all-matches",
    "zstyle ':completion:all-matches::::' completer _all_matches _complete",
    "zstyle ':completion:all-matches:*' insert true",
    "unsetopt prompt_cr prompt_sp; PS1='ready'",
    `source ${directory}/_holdfast`,
    holdfastFunction,
  ]
  writeFileSync(join(directory, '_holdfast'), printZsh(table))
  writeFileSync(join(directory, '.zshrc'), `${lines.join('\n')}\n`)
  return onTerminal('zsh -d -i')
}

function onTerminal(command: string): ChildProcess {
  const cwd = join(directory, 'here')
  const env = { ...environment, ZDOTDIR: directory }
  const shell = spawn('script', ['-qfec', command, '/dev/null'], { cwd, env })
  started.push(shell)
  return shell
}

async function typed(
  shell: ChildProcess,
  lines: readonly string[],
  key: string,
): Promise<readonly (readonly string[])[]> {
  const { stdin, stdout } = shell
  assert(stdin !== null && stdout !== null)
  let text = ''
  const chunks: AsyncIterator<Buffer> = stdout[Symbol.asyncIterator]()
  const untilSeen = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text)
      if (found !== null) {
        text = text.slice(found.index + found[0].length)
        return found
      }
      const { value, done } = await chunks.next()
      assert(done !== true, `the shell has ended: ${text}`)
      text += value.toString()
    }
  }
  const results: (readonly string[])[] = []
  for (const line of lines) {
    await untilSeen(/ready/)
    stdin.write(`${line}${key}\r`)
    const [told] = await untilSeen(/(<[^<>]*>)+<done>/)
    const words = [...told.matchAll(/<([^<>]*)>/g)].map(([, word]) => word!).slice(0, -1)
    // Those before the last one stay as they are.
    results.push(words.slice(line.split(' ').length - 2))
  }
  stdin.end('exit\r')
  return results
}

function askedOfFish(lines: readonly string[]): readonly (readonly string[])[] {
  const script = join(directory, 'holdfast.fish')
  writeFileSync(script, printFish(table))
  const asks = lines.map((line) => `complete -C '${line}'; echo ====`)
  const { stdout } = spawnSync('fish', ['-N', '-c', `source ${script}; ${asks.join('; ')}`], {
    cwd: join(directory, 'here'),
    env: environment,
  })
  const answers = stdout.toString().split('====\n').slice(0, lines.length)
  return answers.map((answer, at) => {
    const words = answer
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t')[0]!)
    return words.length === 0 ? [lines[at]!.split(' ').at(-1)!] : words
  })
}
