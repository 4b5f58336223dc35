import { rpcAnswerCharsMax, rpcBytesMax, rpcDepthMax, rpcValuesMax } from '../../core/limits.ts'
import { positionAt } from '../format-error.ts'
import { createMarkup, type Markup, MarkupError, type Token } from './markup.ts'
import { parseScalar } from './scalars.ts'
import type { XmlRpcCall, XmlRpcResponse, XmlRpcValue } from './value.ts'

export interface XmlRpcLimits {
  readonly charsMax: number
  readonly depthMax: number
  readonly valuesMax: number
}

/** Of what clients send. */
export const callLimits: XmlRpcLimits = { charsMax: rpcBytesMax, depthMax: rpcDepthMax, valuesMax: rpcValuesMax }

/** Of what a server answers: logs are long. */
export const answerLimits: XmlRpcLimits = { ...callLimits, charsMax: rpcAnswerCharsMax, valuesMax: 2 ** 20 }

/** It is not XML-RPC. Lines and columns count from 1. */
export interface XmlRpcBad {
  readonly kind: 'bad'
  readonly message: string
  readonly line: number
  readonly column: number
}

/** A `methodCall`, with or without `params`. Never throws; time is linear. */
export function parseCall(text: string, limits: XmlRpcLimits): XmlRpcCall | XmlRpcBad {
  return parse(text, limits, (reading) => {
    open(reading, 'methodCall')
    open(reading, 'methodName')
    const method = textUntilClose(reading, 'methodName')
    if (method === '') fail(reading, 'no method name')
    const params: XmlRpcValue[] = []
    if (isAtOpen(reading, 'params')) {
      open(reading, 'params')
      while (isAtOpen(reading, 'param')) params.push(readParam(reading))
      close(reading, 'params')
    }
    close(reading, 'methodCall')
    return { method, params }
  })
}

/** A `methodResponse`. Never throws; time is linear. */
export function parseResponse(text: string, limits: XmlRpcLimits): XmlRpcResponse | XmlRpcBad {
  return parse(text, limits, (reading) => {
    open(reading, 'methodResponse')
    const response = isAtOpen(reading, 'fault') ? readFault(reading) : readAnswer(reading)
    close(reading, 'methodResponse')
    return response
  })
}

interface Reading {
  readonly markup: Markup
  readonly limits: XmlRpcLimits
  /** What comes next. */
  token: Token
  values: number
}

function parse<T>(text: string, limits: XmlRpcLimits, read: (reading: Reading) => T): T | XmlRpcBad {
  try {
    if (text.length > limits.charsMax) {
      throw new MarkupError(`the text is longer than ${limits.charsMax} characters`, limits.charsMax)
    }
    const markup = createMarkup(text)
    const reading: Reading = { markup, limits, token: markup.next(), values: 0 }
    const value = read(reading)
    skipBlanks(reading)
    if (reading.token.kind !== 'end') fail(reading, 'something stands behind the end')
    return value
  } catch (error) {
    if (!(error instanceof MarkupError)) throw error
    const { line, column } = positionAt(text, error.at, '')
    return { kind: 'bad', message: error.message, line, column }
  }
}

function readAnswer(reading: Reading): XmlRpcResponse {
  open(reading, 'params')
  const value = readParam(reading)
  close(reading, 'params')
  return { kind: 'value', value }
}

function readFault(reading: Reading): XmlRpcResponse {
  open(reading, 'fault')
  const value = readValue(reading, 1)
  close(reading, 'fault')
  const members = new Map(value.kind === 'struct' ? value.members : [])
  const code = members.get('faultCode')
  const message = members.get('faultString')
  if (code?.kind !== 'int' || message?.kind !== 'string') fail(reading, 'a fault has a faultCode and a faultString')
  return { kind: 'fault', code: code.value, message: message.value }
}

function readParam(reading: Reading): XmlRpcValue {
  open(reading, 'param')
  const value = readValue(reading, 1)
  close(reading, 'param')
  return value
}

function readValue(reading: Reading, depth: number): XmlRpcValue {
  const { limits } = reading
  open(reading, 'value')
  reading.values += 1
  if (depth > limits.depthMax) fail(reading, `values are nested more than ${limits.depthMax} deep`)
  if (reading.values > limits.valuesMax) fail(reading, `there are more than ${limits.valuesMax} values`)
  const value = readTyped(reading, depth)
  close(reading, 'value')
  return value
}

/** What has no type is a string, with its blanks; blanks around a type are nothing. */
function readTyped(reading: Reading, depth: number): XmlRpcValue {
  const text = reading.token.kind === 'text' ? reading.token.value : ''
  if (reading.token.kind === 'text') advance(reading)
  const { token } = reading
  if (token.kind === 'close') return { kind: 'string', value: text }
  if (token.kind === 'end') fail(reading, '</value> is missing')
  if (token.kind !== 'open' || !isBlank(text)) fail(reading, 'a value is a text or one element')
  if (token.name === 'array') return readArray(reading, depth)
  if (token.name === 'struct') return readStruct(reading, depth)
  advance(reading)
  const value = parseScalar(token.name, textUntilClose(reading, token.name))
  if (typeof value === 'string') throw new MarkupError(value, token.at)
  return value
}

function readArray(reading: Reading, depth: number): XmlRpcValue {
  const values: XmlRpcValue[] = []
  open(reading, 'array')
  open(reading, 'data')
  while (isAtOpen(reading, 'value')) values.push(readValue(reading, depth + 1))
  close(reading, 'data')
  close(reading, 'array')
  return { kind: 'array', values }
}

function readStruct(reading: Reading, depth: number): XmlRpcValue {
  const members: [string, XmlRpcValue][] = []
  open(reading, 'struct')
  while (isAtOpen(reading, 'member')) {
    open(reading, 'member')
    open(reading, 'name')
    const name = textUntilClose(reading, 'name')
    members.push([name, readValue(reading, depth + 1)])
    close(reading, 'member')
  }
  close(reading, 'struct')
  return { kind: 'struct', members }
}

function textUntilClose(reading: Reading, name: string): string {
  const { token } = reading
  const text = token.kind === 'text' ? token.value : ''
  if (token.kind === 'text') advance(reading)
  if (reading.token.kind === 'open') fail(reading, `<${name}> holds text`)
  close(reading, name)
  return text
}

function open(reading: Reading, name: string): void {
  if (!isAtOpen(reading, name)) fail(reading, `<${name}> is missing`)
  advance(reading)
}

function close(reading: Reading, name: string): void {
  skipBlanks(reading)
  const { token } = reading
  if (token.kind !== 'close' || token.name !== name) fail(reading, `</${name}> is missing`)
  advance(reading)
}

function isAtOpen(reading: Reading, name: string): boolean {
  skipBlanks(reading)
  const { token } = reading
  return token.kind === 'open' && token.name === name
}

function skipBlanks(reading: Reading): void {
  if (reading.token.kind === 'text' && isBlank(reading.token.value)) advance(reading)
}

function advance(reading: Reading): void {
  reading.token = reading.markup.next()
}

function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text)
}

function fail(reading: Reading, message: string): never {
  throw new MarkupError(message, reading.token.at)
}
