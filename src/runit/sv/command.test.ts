import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommand } from './command.ts'

const plain = { isVerbose: false, isLsb: false }

/** What is sent, what is waited for, and whether SIGKILL follows. */
function meaning(word: string, called = plain): string | null {
  const command = parseCommand(word, called)
  if (command === null) return null
  return command.kind === 'status' ? 'status' : `${command.bytes}/${command.conditions}${command.kills ? '!' : ''}`
}

test('of most words the first letter is what is sent, and it is waited for only when asked', () => {
  for (const word of ['up', 'u', 'usr1', 'ux'])
    assert.deepEqual([meaning(word), meaning(word, { ...plain, isVerbose: true })], ['u/', 'u/u'])
  const letters = ['down', 'once', 'pause', 'cont', 'hup', 'alarm', 'interrupt', 'quit', '1', '2', 'term', 'kill']
  for (const word of letters) assert.equal(meaning(word), `${word[0]}/`)
  for (const word of ['x', 'exit', 'e']) assert.equal(meaning(word, { ...plain, isVerbose: true }), 'x/x')
})

test('whole words of init scripts are waited for', () => {
  const meanings = ['start', 'stop', 'restart', 'try-restart', 'reload', 'shutdown', 'check'].map((word) =>
    meaning(word),
  )
  assert.deepEqual(meanings, ['u/u', 'd/d', 'tcu/tcu', 'tc/tc', 'h/h', 'x/x', '/C'])
  assert.deepEqual(
    ['checks', 'starts', 'stopp', 'restar'].map((word) => meaning(word)),
    ['c/', 'status', 'status', null],
  )
})

test('what is forced kills when the time is over', () => {
  const words = ['force-stop', 'D', 'force-reload', 'T', 'force-restart', 'force-shutdown', 'X', 'E', 'Exit']
  const meanings = words.map((word) => meaning(word))
  assert.deepEqual(meanings, ['d/d!', 'd/d!', 'tc/tc!', 'tc/tc!', 'tcu/tcu!', 'x/x!', 'x/x!', 'x/x!', 'x/x!'])
})

test('words with s show the status, in an init script that word alone', () => {
  for (const word of ['s', 'status', 'sto', 'sx']) assert.equal(meaning(word), 'status')
  const asScript = (word: string) => meaning(word, { isVerbose: false, isLsb: true })
  assert.deepEqual(['status', 's', 'stat', 'start', 'u'].map(asScript), ['status', null, null, 'u/u', 'u/'])
})

test('anything else is no command', () => {
  for (const word of ['', 'r', 'f', 'frob', 'force', 'v', '3', 'ü', 'U', 'S']) assert.equal(meaning(word), null)
})
