import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { parseLine } from '../../src/cli/parse.ts'
import { splitShellWords } from '../../src/formats/shell-words.ts'
import { commandsIn, documents, type ShownCommand } from './documents.ts'
import { type Home, realTest, root } from './harness.ts'
import { until } from './until.ts'

// What the documents say is typed by people: each command must be one, and those in blocks are run here, in their order.

test('the command line takes every command that a document shows', () => {
  for (const document of documents()) {
    for (const { place, kind, text } of commandsIn(document)) {
      // A synopsis, with its brackets, is for people.
      if (text.includes('[')) continue
      const words = splitShellWords(text.split(/ [|<>;&]/)[0]!.replace(/ (COMMAND|TOPIC)\b/, ' ps'), 'posix')
      assert.equal(words.kind, 'words', `${place}: ${text}`)
      if (words.kind !== 'words') continue
      const line = parseLine(words.words.slice(1), commands)
      if (line.kind !== 'usage') continue
      // In a sentence `holdfast stop` is the name of a command, and `holdfast stop --timeout` that of an option.
      const isName = kind === 'inline' && / is missing;| needs a value:/.test(line.message)
      assert.ok(isName, `${place}: ${text}: ${line.message}`)
    }
  }
})

for (const document of documents()) {
  const shown = commandsIn(document).filter(({ kind, text }) => kind === 'block' && !text.includes('['))
  if (shown.length === 0) continue
  realTest(`the commands of ${document} do what it says`, {}, async (home) => {
    const place = prepare(home, document)
    // Most take for granted that what they talk about runs.
    if (!shown.some(({ text }) => text.startsWith('holdfast up '))) {
      await run(home, place, 'holdfast up holdfast.yaml; holdfast wait --for running db web api worker game')
    }
    for (const command of shown) await check(home, place, command)
    // Started by `holdfast up`, it is no child of ours.
    await run(home, place, 'holdfast down --yes --timeout 30')
  })
}

/** A daemon where the document takes one for granted, and the files it names; answers where its commands are typed. */
function prepare(home: Home, document: string): string {
  const place = join(home.directory, 'place')
  const example = dirname(document)
  if (example.startsWith('examples/')) cpSync(join(root, example), place, { recursive: true })
  else {
    mkdirSync(place)
    cpSync(join(root, 'test/real/fixtures/documents.yaml'), join(place, 'holdfast.yaml'))
    cpSync(join(root, 'examples'), join(place, 'examples'), { recursive: true })
  }
  mkdirSync(join(home.directory, 'bin'))
  symlinkSync(join(root, 'bin/holdfast'), join(home.directory, 'bin/holdfast'))
  writeFileSync(join(place, 'jobs.txt'), 'one\ntwo\n')
  return place
}

/** What does not end by itself has to go on for so long, and then end by SIGINT. */
const lastsMs = 1_500

async function check(home: Home, place: string, { place: where, text, code }: ShownCommand): Promise<void> {
  // There is one for each home.
  if (/^holdfast (daemon|runsvdir|supervisord)\b/.test(text)) await run(home, place, 'holdfast down --yes')
  const isEndless = / (-f|--follow)\b|^holdfast (events|daemon|runsvdir|supervisord -n)\b/.test(text)
  const result = await run(home, place, withFilesOf(home, text), isEndless)
  const said = `${where}: ${text}\n${result.output}`
  if (isEndless) assert.ok(result.lasted, `it ended by itself: ${said}`)
  else assert.equal(result.code, code, said)
  // What it began comes about before a person has typed the next one.
  if (text.startsWith('holdfast up ')) await until('all that starts to be up', () => isSettled(home))
  assert.doesNotMatch(result.output, /^\s+at .*\.[jt]s:\d+/m, `a stack trace: ${said}`)
}

async function isSettled(home: Home): Promise<boolean> {
  return (await home.api.units()).every(({ state }) => state !== 'waiting' && state !== 'starting')
}

/** Documents name paths that a machine of a user has. */
function withFilesOf(home: Home, text: string): string {
  return (
    text
      .replace(/\/opt\/holdfast-[\d.]+/, root)
      .replace(/\/etc\/supervisor\b(\/conf\.d)?/, join(root, 'examples/migrate-supervisord$1'))
      .replace(/\/etc\/service\b/, join(home.directory, 'place/examples/migrate-runit/service'))
      .replace(/\/etc\/holdfast\b/, home.directory)
      // Without a terminal it shows one picture.
      .replace(/^holdfast top\b(?!.*--once)/, 'holdfast top --once')
  )
}

interface Ran {
  readonly code: number | null
  readonly output: string
  /** It had to be ended. */
  readonly lasted: boolean
}

async function run(home: Home, place: string, text: string, isEndless = false): Promise<Ran> {
  const environment = {
    PATH: `${join(home.directory, 'bin')}:${process.env.PATH}`,
    HOME: home.directory,
    HOLDFAST_HOME: home.directory,
    TERM: 'xterm',
    SPOOL: join(home.directory, 'spool'),
  }
  const log = join(home.directory, 'typed.log')
  const child = spawn('sh', ['-c', `exec >>"$0" 2>&1; ${isEndless ? 'exec ' : ''}${text}`, log], {
    cwd: place,
    env: environment,
    stdio: 'ignore',
  })
  let lasted = false
  const timer = setTimeout(
    () => {
      lasted = true
      child.kill(isEndless ? 'SIGINT' : 'SIGKILL')
    },
    isEndless ? lastsMs : 60_000,
  )
  const [code] = await once(child, 'exit')
  clearTimeout(timer)
  return { code, output: readFileSync(log, 'utf8').slice(-4_000), lasted }
}
