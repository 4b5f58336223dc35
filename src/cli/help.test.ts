import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodes } from '../wire/exit-codes.ts'
import { commands } from './commands.ts'
import { exitsOf, printCommands, printHelp, printOverview, printTopic } from './help.ts'
import { displayWidth } from './table.ts'
import { topics } from './topics.ts'

const widthOf = (text: string) => Math.max(...text.split('\n').map(displayWidth))

test('the overview fits a screen of 80 by 24, with the prompt, and names every command', () => {
  const text = printOverview(commands, '10.20.30')
  assert.ok(widthOf(text) <= 80, text)
  assert.ok(text.split('\n').length <= 24, text)
  for (const { name } of commands) assert.match(text, new RegExp(`\\b${name}\\b`))
})

test('what is used every day stands in the overview with its summary', () => {
  const text = printOverview(commands, '1')
  const daily = commands.filter(({ group }) => group === 'daily')
  assert.equal(daily.length, 12)
  for (const { name, summary } of daily) assert.ok(text.includes(`\n  ${name.padEnd(7)}  ${summary}\n`), name)
})

test('the help of every command has an example that begins with its own name, before anything else', () => {
  for (const command of commands) {
    const text = printHelp(command, 80)
    assert.ok(text.indexOf('Examples:') < text.indexOf('Usage:'), command.name)
    assert.ok(command.examples.length > 0, command.name)
    assert.match(command.examples[0]!.command, new RegExp(`^holdfast ${command.name}\\b`))
    for (const { command: line } of command.examples) assert.match(line, /^(source <\()?holdfast \w/)
  }
})

test('help fits 80 columns, and is readable at 40', () => {
  for (const command of commands) {
    assert.ok(widthOf(printHelp(command, 80)) <= 80, printHelp(command, 80))
    // Commands to copy are never broken.
    const narrow = printHelp(command, 40).split('\n')
    for (const line of narrow) assert.ok(displayWidth(line) <= 40 || /^ {2}(holdfast|source|-| {4}--)/.test(line), line)
  }
  for (const topic of topics) assert.ok(widthOf(printTopic(topic, 80)) <= 80, topic.name)
  assert.ok(widthOf(printCommands(commands, 80)) <= 80)
})

test('the exit codes of a command are its own and those of all, in order, each once', () => {
  for (const command of commands) {
    const codes = exitsOf(command).map(({ code }) => code)
    assert.equal(new Set(codes).size, codes.length, command.name)
    assert.deepEqual(codes.slice(0, 1), [0])
    const known: readonly number[] = Object.values(exitCodes)
    if (command.isForeign) continue
    for (const code of codes) assert.ok(code === 'other' || known.includes(code), `${command.name}: ${code}`)
    assert.equal(codes.includes(exitCodes.daemonUnreachable), command.isAlone !== true, command.name)
  }
})

test('the topic of exit codes tells every code there is', () => {
  const [table] = topics.find(({ name }) => name === 'exit-codes')!.parts
  const told = new Set(typeof table === 'string' ? [] : table!.map(([code]) => code))
  for (const code of Object.values(exitCodes)) assert.ok(told.has(String(code)), String(code))
})
