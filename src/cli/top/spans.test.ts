import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutStart, dropStart, highlight, type Line, lineWidth, parseStyled, span, spread } from './spans.ts'

function told(line: Line): string {
  return line.map(({ text, style }) => (style === '' ? text : `<${style}>${text}</>`)).join('')
}

test('colours of a program’s output are kept', () => {
  assert.equal(told(parseStyled('\u001b[1;31mbad\u001b[0m ok', true)), '<1;31>bad</> ok')
  assert.equal(told(parseStyled('\u001b[38;5;208morange\u001b[39m', true)), '<38;5;208>orange</>')
  assert.equal(told(parseStyled('\u001b[38;2;1;2;3mtrue\u001b[m', true)), '<38;2;1;2;3>true</>')
})

test('without colours, bold stays and colours go', () => {
  assert.equal(told(parseStyled('\u001b[1;31mbad\u001b[0m ok', false)), '<1>bad</> ok')
})

test('what would move the cursor, set a title or ring is not sent on', () => {
  assert.equal(
    told(parseStyled('a\u001b[2J\u001b[5;5Hb\u001b]0;title\u0007c\u001bPq;x\u001b\\d\u001b7e', true)),
    'abcde',
  )
  assert.equal(told(parseStyled('bell\u0007', true)), 'bell\\x07')
})

test('whatever a program prints, no control character is left of it', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('\u001b', '[', ']', ';', '3', '1', 'm', 'H', '\u0007', '\u009b', 'x', '\t', '\\'),
      }),
      (text) => {
        const shown = parseStyled(text, true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
        for (const each of shown) assert.doesNotMatch(each.text, /[\u0000-\u001f\u007f-\u009f]/)
        for (const each of shown) assert.match(each.style, /^[\d;]*$/)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('tabs go to every eighth column', () => {
  assert.equal(told(parseStyled('a\tb\u001b[1m\tc', true)), 'a       b<1>       c</>')
})

test('a line that is scrolled to the side keeps its looks', () => {
  assert.equal(told(dropStart([span('abc'), span('def', '1')], 4)), '<1>ef</>')
  assert.equal(told(dropStart([span('世界x')], 1)), ' 界x')
  assert.equal(told(dropStart([span('abc')], 9)), '')
})

test('every occurrence of what is searched for is marked, in upper and lower case', () => {
  assert.equal(told(highlight([span('Error: no error')], 'error', '7')), '<7>Error</>: no <7>error</>')
})

test('the end of a text that does not fit is what is shown', () => {
  assert.equal(cutStart('/var/lib/holdfast', 9, '…'), '…holdfast')
})

test('left and right stand at the ends of the line, and the left gives way', () => {
  assert.equal(told(spread([span('left')], [span('right')], 20)), 'left           right')
  assert.equal(lineWidth(spread([span('a longer text')], [span('right')], 20)), 20)
})
