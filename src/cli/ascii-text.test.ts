import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asciiText } from './ascii-text.ts'
import { commands } from './commands.ts'
import { printCommands, printHelp, printOverview, printTopic } from './help.ts'
import { topics } from './topics.ts'

test('all help is plain ASCII where the locale is not UTF-8', () => {
  const texts = [
    printOverview(commands, '1'),
    printCommands(commands, 80),
    ...commands.map((command) => printHelp(command, 80)),
    ...topics.map((topic) => printTopic(topic, 80)),
  ]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  for (const text of texts) assert.match(asciiText(text), /^[\u0000-\u007f]*$/)
  assert.equal(asciiText('NAME… is missing; it’s a → b'), "NAME... is missing; it's a -> b")
})
