import { writeSync } from 'node:fs'
import { decodeSources } from '../dialects/decode-sources.ts'
import { diskSourceReader } from '../dialects/source-reader.ts'
import { errnoOf } from '../sys/errno.ts'
import { exitCodes } from '../wire/exit-codes.ts'
import type { DecodeAnswer, DecodeQuestion } from './decode-child.ts'

/**
 * The short-lived child that reads configuration for the daemon: YAML and the files' contents cost memory that the daemon
 * never gets back, and a decoder that hangs or dies takes only this process with it. Answers on stdout.
 */
export async function runDecode(args: readonly string[]): Promise<number> {
  const question: DecodeQuestion = JSON.parse(args[0] ?? '')
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const answer: DecodeAnswer = await decodeSources(question.sources, diskSourceReader(environment), {
    lenient: question.lenient,
    descriptorsMax: question.descriptorsMax,
    abilities: question.abilities,
  })
  return give(Buffer.from(JSON.stringify(answer)))
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
