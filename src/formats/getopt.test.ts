import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OptionForm, readOptions } from './getopt.ts'

const forms: readonly OptionForm[] = [
  { short: 'h', long: 'help', hasValue: false },
  { short: 'c', long: 'configuration', hasValue: true },
  { short: '', long: 'config', hasValue: true },
]

const read = (...words: readonly string[]) => {
  const found = readOptions(words, forms)
  if (found.kind === 'wrong') return found.message
  return [...found.options.map(({ shown, value }) => `${shown}=${value}`), ...found.operands]
}

test('options are read up to the first word that is none, with their values beside or behind them', () => {
  assert.deepEqual(read('-hc', 'a', '-cb', '--configuration=c', 'x', '-h'), [
    '-h=',
    '-c=a',
    '-c=b',
    '--configuration=c',
    'x',
    '-h',
  ])
  assert.deepEqual(read('-h', '--', '-c'), ['-h=', '-c'])
  assert.deepEqual(read('-', '-h'), ['-', '-h'])
})

test('a long name may be as short as it is clear', () => {
  assert.deepEqual(read('--he', '--configu', 'x'), ['--help=', '--configuration=x'])
  assert.deepEqual(read('--config', 'x'), ['--config=x'])
  assert.equal(read('--conf', 'x'), 'option --conf not a unique prefix')
})

test('what is wrong with an option is said in the words of Python', () => {
  assert.equal(read('-hx'), 'option -x not recognized')
  assert.equal(read('--bogus=1'), 'option --bogus not recognized')
  assert.equal(read('-c'), 'option -c requires argument')
  assert.equal(read('--configuration'), 'option --configuration requires argument')
  assert.equal(read('--help=1'), 'option --help must not have an argument')
})
