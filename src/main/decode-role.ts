import { writeSync } from 'node:fs'
import { decodeSources } from '../dialects/decode-sources.ts'
import { watchedReader } from '../dialects/seen.ts'
import { diskSourceReader, type SourceReader } from '../dialects/source-reader.ts'
import type { Problem } from '../formats/format-error.ts'
import { errnoOf } from '../sys/errno.ts'
import { exitCodes } from '../wire/exit-codes.ts'
import type { DecodeAnswer, DecodeQuestion } from './decode-child.ts'
import { readDeviceFacts } from './device-facts.ts'

/**
 * The short-lived child that reads configuration for the daemon: YAML and the files' contents cost memory that the daemon
 * never gets back, and a decoder that hangs or dies takes only this process with it. Answers on stdout.
 */
export async function runDecode(args: readonly string[]): Promise<number> {
  const question: DecodeQuestion = JSON.parse(args[0] ?? '')
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const { facts, troubles } = readDeviceFacts(question.device, process.env)
  const { reader, seen } = watchedReader(readerOf(question, environment))
  const answer = await decodeSources(question.sources, reader, {
    lenient: question.lenient,
    descriptorsMax: question.descriptorsMax,
    abilities: question.abilities,
    device: facts,
    ...(question.supervisord === null ? {} : { dialect: 'supervisord', called: question.supervisord }),
  })
  const told = answer.device === null ? [] : troubles.map((message) => troubleOf(question, message))
  // What is told of a device is not all read by this reader.
  const again = answer.device === null ? { seen: seen() } : {}
  const whole: DecodeAnswer = { ...answer, problems: [...told, ...answer.problems], ...again }
  return give(Buffer.from(JSON.stringify(whole)))
}

function readerOf({ standIn }: DecodeQuestion, environment: Readonly<Record<string, string>>): SourceReader {
  const reader = diskSourceReader(environment)
  if (standIn === null) return reader
  return { ...reader, read: (path) => reader.read(path === standIn.source ? standIn.file : path) }
}

function troubleOf({ sources, device }: DecodeQuestion, message: string): Problem {
  const file = device.configFile ?? sources[0] ?? ''
  return { file, line: 1, column: 1, setting: '', message, hint: '', severity: 'warning' }
}

function give(bytes: Buffer): number {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
    return exitCodes.ok
  } catch (error) {
    // The daemon died meanwhile: nobody waits for the answer any more.
    if (errnoOf(error) === 'EPIPE') return exitCodes.failed
    throw error
  }
}
