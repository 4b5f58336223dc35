import assert from 'node:assert/strict'
import { test } from 'node:test'
import { candidatesOf, lastWord } from './complete.ts'

const process = (group: string, name: string) => ({ group, name, state: 20, stateName: '', description: '', pid: 1 })
const processes = async () => [process('web', 'web'), process('two', 'a'), process('two', 'b')]

const offered = async (line: string) => {
  const word = lastWord(line)
  const found = await candidatesOf(line, word, processes)
  return [...new Set(found)].filter((each) => each.startsWith(word)).join(' ')
}

test('the first word is an action, and so is what help is asked about', async () => {
  assert.equal(await offered('re'), 'reload remove reread restart')
  assert.equal(await offered('help st'), 'start status stop')
  assert.match(await offered('  '), /^add avail clear /)
})

test('an action that takes processes is offered those, and their groups', async () => {
  assert.equal(await offered('stop '), 'web two:a two:* two:b')
  assert.equal(await offered('stop web two:'), 'two:a two:* two:b')
  assert.equal(await offered('status web:'), 'web:web web:*')
})

test('an action that takes groups is offered those, and others nothing', async () => {
  assert.equal(await offered('update t'), 'two')
  assert.equal(await offered('version t'), '')
})

test('a word ends as in a shell, but a name has colons, stars and hyphens', () => {
  assert.equal(lastWord('stop a-b:*'), 'a-b:*')
  assert.equal(lastWord('stop x,y'), 'y')
  assert.equal(lastWord('stop '), '')
})
