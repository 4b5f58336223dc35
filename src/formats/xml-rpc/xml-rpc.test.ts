import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textOf, xmlArray, xmlBoolean, xmlInt, xmlString, xmlStruct } from './make.ts'
import { answerLimits, callLimits, parseCall, parseResponse } from './parse.ts'
import { printCall, printResponse } from './print.ts'
import type { XmlRpcResponse, XmlRpcValue } from './value.ts'

// As Python 3.11 prints them with xmlrpc.client.dumps.
const printedByPython: readonly { readonly response: XmlRpcResponse; readonly text: string }[] = [
  { response: { kind: 'value', value: xmlString('3.0') }, text: inParam('<value><string>3.0</string></value>\n') },
  {
    response: { kind: 'value', value: xmlStruct({ a: xmlInt(1), b: xmlArray([xmlBoolean(true), xmlArray([])]) }) },
    text: inParam(
      '<value><struct>\n<member>\n<name>a</name>\n<value><int>1</int></value>\n</member>\n<member>\n<name>b</name>\n' +
        '<value><array><data>\n<value><boolean>1</boolean></value>\n<value><array><data>\n</data></array></value>\n' +
        '</data></array></value>\n</member>\n</struct></value>\n',
    ),
  },
  { response: { kind: 'value', value: xmlStruct({}) }, text: inParam('<value><struct>\n</struct></value>\n') },
  {
    response: { kind: 'value', value: xmlString('x<&>"\'é\r') },
    text: inParam('<value><string>x&lt;&amp;&gt;"\'é\r</string></value>\n'),
  },
  {
    response: { kind: 'value', value: { kind: 'date', value: '19980717T14:08:55' } },
    text: inParam('<value><dateTime.iso8601>19980717T14:08:55</dateTime.iso8601></value>\n'),
  },
  {
    response: { kind: 'value', value: { kind: 'base64', value: Buffer.from('abc'.repeat(20)) } },
    text: inParam(`<value><base64>\n${'YWJj'.repeat(19)}\nYWJj\n</base64></value>\n`),
  },
  {
    response: { kind: 'value', value: { kind: 'double', value: 100 } },
    text: inParam('<value><double>100.0</double></value>\n'),
  },
  {
    response: { kind: 'fault', code: 10, message: 'BAD_NAME: x' },
    text:
      "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n" +
      '<value><int>10</int></value>\n</member>\n<member>\n<name>faultString</name>\n' +
      '<value><string>BAD_NAME: x</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n',
  },
]

function inParam(value: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${value}</param>\n</params>\n</methodResponse>\n`
}

test('responses are printed to the byte as Python prints them', () => {
  for (const { response, text } of printedByPython) assert.equal(printResponse(response), text)
})

test('calls are printed to the byte as Python prints them', () => {
  assert.equal(
    printCall({ method: 'supervisor.startProcess', params: [xmlString('a'), xmlInt(1)] }),
    "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.startProcess</methodName>\n<params>\n<param>\n" +
      '<value><string>a</string></value>\n</param>\n<param>\n<value><int>1</int></value>\n</param>\n</params>\n</methodCall>\n',
  )
  assert.equal(
    printCall({ method: 'supervisor.getState', params: [] }),
    "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.getState</methodName>\n<params>\n</params>\n</methodCall>\n",
  )
})

test('characters that XML cannot carry are shown as such, so that the rest can be read', () => {
  const text = printResponse({ kind: 'value', value: xmlString('\u001b[31mred\u0000\ttab\n') })
  assert.match(text, /<string>\ufffd\[31mred\ufffd\ttab\n<\/string>/)
})

const ofOneParam = (value: string): string =>
  `<methodCall><methodName>a.b</methodName><params><param>${value}</param></params></methodCall>`

test('every type that supervisord takes is read', () => {
  const cases: readonly (readonly [string, XmlRpcValue])[] = [
    ['<value><int>-5</int></value>', xmlInt(-5)],
    ['<value> <i4> +7\n</i4> </value>', xmlInt(7)],
    ['<value><int>4294967296</int></value>', xmlInt(2 ** 32)],
    ['<value><boolean>1</boolean></value>', xmlBoolean(true)],
    ['<value><boolean>false</boolean></value>', xmlBoolean(false)],
    ['<value><string> x </string></value>', xmlString(' x ')],
    ['<value><string/></value>', xmlString('')],
    ['<value> untyped </value>', xmlString(' untyped ')],
    ['<value/>', xmlString('')],
    ['<value></value>', xmlString('')],
    ['<value><double>1.5e3</double></value>', { kind: 'double', value: 1500 }],
    [
      '<value><dateTime.iso8601>19980717T14:08:55</dateTime.iso8601></value>',
      { kind: 'date', value: '19980717T14:08:55' },
    ],
    ['<value><base64>YW\nJj</base64></value>', { kind: 'base64', value: new Uint8Array([97, 98, 99]) }],
    ['<value><i8>5</i8></value>', xmlString('5')],
    ['<value><ex:i8 xmlns:ex="x">5</ex:i8></value>', xmlString('5')],
    ['<value><nil/></value>', xmlString('')],
    ['<value><array><data/></array></value>', xmlArray([])],
    [
      '<value><struct><member><name>a</name><value>1</value></member></struct></value>',
      xmlStruct({ a: xmlString('1') }),
    ],
    ['<value>a&lt;&#233;&#xE9;<![CDATA[<b>&amp;]]><!-- no -->c\r\nd</value>', xmlString('a<éé<b>&amp;c\nd')],
    ['<value a="1" b = \'2\'><string>x</string></value>', xmlString('x')],
  ]
  for (const [text, value] of cases) {
    assert.deepEqual(parseCall(ofOneParam(text), callLimits), { method: 'a.b', params: [value] }, text)
  }
})

test('a call needs no declaration and no params', () => {
  const call = { method: 'a.b', params: [] }
  assert.deepEqual(parseCall('<methodCall><methodName>a.b</methodName></methodCall>', callLimits), call)
  const declared =
    '<?xml version="1.0" encoding="UTF-8"?>\n<methodCall>\n<methodName>a.b</methodName><params/>\n</methodCall>\n'
  assert.deepEqual(parseCall(declared, callLimits), call)
})

test('what is no call is refused, with the place', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /<methodCall> is missing/],
    ['hello', /<methodCall> is missing/],
    ['<methodCall><methodName></methodName></methodCall>', /no method name/],
    ['<methodCall></methodCall>', /<methodName> is missing/],
    ['<methodCall><methodName>a</methodName></methodCall><x/>', /behind the end/],
    ['<!DOCTYPE x><methodCall/>', /is no tag/],
    ['<?xml version="1.0"?><?php x?><methodCall/>', /is no tag/],
    [ofOneParam('<value>&lol;</value>'), /stands for no character/],
    [ofOneParam('<value>&#0;</value>'), /stands for no character/],
    [ofOneParam('<value>a & b</value>'), /stands for no character/],
    [ofOneParam('<value><int>1.5</int></value>'), /no integer/],
    [ofOneParam('<value><int>99999999999999999</int></value>'), /no integer/],
    [ofOneParam('<value><double>0x10</double></value>'), /no number/],
    [ofOneParam('<value><base64>YWJ</base64></value>'), /not base64/],
    [ofOneParam('<value><dateTime.iso8601>1998</dateTime.iso8601></value>'), /a date is written/],
    [ofOneParam('<value>x<int>1</int></value>'), /a text or one element/],
    [ofOneParam('<value><int>1</int>x</value>'), /<\/value> is missing/],
    [ofOneParam('<value><int>1</i4></value>'), /<\/int> is missing/],
    [ofOneParam('<value><string><b/></string></value>'), /<string> holds text/],
    [ofOneParam('<value><i8><int>1</int></i8></value>'), /<i8> holds text/],
    [ofOneParam('<value><![CDATA[x</value>'), /CDATA has no end/],
    [ofOneParam('<value><!-- x</value>'), /a comment has no end/],
    [ofOneParam('<value'), /is no tag/],
  ]
  for (const [text, message] of bad) {
    const answer = parseCall(text, callLimits)
    assert.ok('kind' in answer, text)
    assert.match(answer.message, message)
  }
  assert.deepEqual(parseCall('<methodCall>\n  <x>', callLimits), {
    kind: 'bad',
    message: '<methodName> is missing',
    line: 2,
    column: 3,
  })
})

test('depth, number and length are limited', () => {
  const limits = { charsMax: 1_000, depthMax: 3, valuesMax: 5 }
  const nested = (depth: number): string =>
    depth === 0 ? '<value/>' : `<value><array><data>${nested(depth - 1)}</data></array></value>`
  const refused = (value: string): string => {
    const answer = parseCall(ofOneParam(value), limits)
    return 'kind' in answer ? answer.message : ''
  }
  assert.equal(refused(nested(2)), '')
  assert.match(refused(nested(3)), /nested more than 3 deep/)
  assert.equal(refused(`<value><array><data>${'<value/>'.repeat(4)}</data></array></value>`), '')
  assert.match(refused(`<value><array><data>${'<value/>'.repeat(5)}</data></array></value>`), /more than 5 values/)
  assert.match(refused(`<value>${'x'.repeat(1_000)}</value>`), /longer than 1000 characters/)
})

test('a text is taken from base64 too, where it is one', () => {
  assert.equal(textOf(xmlString('a')), 'a')
  assert.equal(textOf({ kind: 'base64', value: Buffer.from('é') }), 'é')
  assert.equal(textOf({ kind: 'base64', value: Buffer.from([0xff]) }), null)
  assert.equal(textOf(xmlInt(1)), null)
})

/** What XML carries unchanged: no control characters, and LF alone. */
const carried = fc.string({ unit: 'binary' }).map((text) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  text.replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, '<&'),
)
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true })
const { tree } = fc.letrec<{ tree: XmlRpcValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    plain({ kind: fc.constant('string' as const), value: carried }),
    plain({ kind: fc.constant('int' as const), value: fc.maxSafeInteger().map((value) => value + 0) }),
    plain({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
    plain({ kind: fc.constant('double' as const), value: fc.double() }),
    plain({ kind: fc.constant('base64' as const), value: fc.uint8Array({ maxLength: 200 }) }),
    plain({ kind: fc.constant('array' as const), values: fc.array(tie('tree'), { maxLength: 4 }) }),
    plain({
      kind: fc.constant('struct' as const),
      members: fc.array(fc.tuple(carried, tie('tree')), { maxLength: 4 }),
    }),
  ),
}))

test('any value comes back from its text, in calls and in responses', () => {
  fc.assert(
    fc.property(tree, (value) => {
      assert.deepEqual(parseResponse(printResponse({ kind: 'value', value }), answerLimits), { kind: 'value', value })
      assert.deepEqual(parseCall(printCall({ method: 'a.b', params: [value, value] }), answerLimits), {
        method: 'a.b',
        params: [value, value],
      })
    }),
    { numRuns: 200 },
  )
})

test('faults come back', () => {
  const fault: XmlRpcResponse = { kind: 'fault', code: 92, message: 'CANT_REREAD: <x>' }
  assert.deepEqual(parseResponse(printResponse(fault), answerLimits), fault)
})

test('no text makes it throw', () => {
  const pieces = fc.constantFrom(
    ...'<methodCall> <methodName> </methodName> <params> <param> <value> </value> <int> </int> <array> <data> <struct> <member> <name> < > & &lt; &#1; <![CDATA[ ]]> <!-- --> <?xml ?> / " x'.split(
      ' ',
    ),
    ' ',
    '\u0000',
  )
  const answered = (text: string): void => {
    parseCall(text, callLimits)
    parseResponse(text, callLimits)
  }
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => answered(parts.join(''))),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), answered))
  fc.assert(
    fc.property(tree, fc.nat(), pieces, (value, at, piece) => {
      const text = printCall({ method: 'a', params: [value] })
      answered(text.slice(0, at % text.length) + piece + text.slice((at % text.length) + 1))
    }),
  )
})

test('a hostile text of full length is refused or read at once', () => {
  const long = (part: string): string => part.repeat(Math.floor(callLimits.charsMax / part.length) - 1)
  const opened = '<methodCall><methodName>a</methodName><params><param>'
  const hostile = [
    long(' '),
    `<methodCall ${long('a="b" ')}`,
    `<methodCall${long(' ')}`,
    `<methodCall ${long('a')}`,
    opened + long('<value><array><data>').slice(0, -100),
    `${opened}<value>${long('&amp;').slice(0, -200)}</value>`,
    `${opened}<value>${long('<!---->').slice(0, -200)}</value>`,
    `${opened}<value>${long('\r').slice(0, -200)}</value>`,
    `${opened}<value><int>${long('1').slice(0, -200)}</int></value>`,
    `${opened}<value><double>${long('1').slice(0, -200)}e</double></value>`,
    `${opened}<value><base64>${long('A ').slice(0, -200)}!</base64></value>`,
  ]
  for (const text of hostile) {
    const startMs = performance.now()
    parseCall(text, callLimits)
    const ms = performance.now() - startMs
    assert.ok(ms < 1_000, `${text.slice(0, 80)} took ${ms} ms`)
  }
})
