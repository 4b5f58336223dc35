import type { LogSpec } from '../../core/model.ts'
import { defaultSvlogdConfig, parseSvlogdConfig, type SvlogdConfig } from '../../formats/svlogd-config.ts'
import { logsDefault } from '../compose/logs.ts'
import { absolutePath } from '../compose/values.ts'
import type { Note } from '../convert-model.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { commandsOf, noteAt, quoted } from './convert-script.ts'
import { parseSvlogdRun } from './svlogd-run.ts'

export interface ConvertedLog {
  readonly stdout: LogSpec
  readonly notes: readonly Note[]
}

const usual = logsDefault.stdout

/** The most files that `max_files` takes. */
const filesMax = 1_000

/**
 * Where the output of a service goes that has a `log/`: into the logs of Holdfast, with the limits of svlogd's `config` where
 * svlogd is what `log/run` execs. Of any other program is told what it was.
 */
export function convertLog(
  { name, path }: { readonly name: string; readonly path: string },
  reader: SourceReader,
): ConvertedLog {
  const file = `${path}/log/run`
  const script = reader.read(file)
  const here = `the output of ${name} is in Holdfast's logs (holdfast logs ${name})`
  if (isFailure(script))
    return { stdout: usual, notes: [noteAt(file, 1, `log/run cannot be read (${script.code}); ${here}`)] }
  const commands = commandsOf(script)
  const last = commands.at(-1)
  const whole = parseSvlogdRun(script, `${path}/log`)
  // What is done before, such as making the directory, is not needed any more.
  const svlogd =
    typeof whole === 'string' && last !== undefined ? parseSvlogdRun(`#!/bin/sh\n${last.text}`, `${path}/log`) : whole
  if (typeof svlogd === 'string') {
    const what = last === undefined ? 'log/run' : `log/run, ${quoted(last.text)},`
    return { stdout: usual, notes: [noteAt(file, last?.line ?? 1, `${what} is not run: ${here}`)] }
  }
  const [directory = '', ...others] = svlogd.directories.map((one) => absolutePath('/', one))
  const { stdout, notes } = convertDirectory(directory, reader)
  const alsoKept = others.length === 0 ? '' : `, and in ${others.join(', ')}`
  const message = `svlogd kept the output of ${name} in ${directory}${alsoKept}: what is there stays, and from now on ${here}`
  return { stdout, notes: [noteAt(file, last?.line ?? 1, message), ...notes] }
}

function convertDirectory(directory: string, reader: SourceReader): ConvertedLog {
  const file = `${directory}/config`
  const text = reader.read(file)
  if (!isFailure(text)) {
    const { config } = parseSvlogdConfig(Buffer.from(text))
    return { stdout: logSpecOf(config), notes: unsaid(config, file, text.split('\n')) }
  }
  const stdout = logSpecOf(defaultSvlogdConfig)
  const message = `cannot be read (${text.code}), so max_size and max_files are what svlogd has without it`
  return { stdout, notes: text.code === 'ENOENT' ? [] : [noteAt(file, 1, message)] }
}

function logSpecOf({ sizeMaxBytes, filesMax: oldMax, ageMaxSeconds, processor }: SvlogdConfig): LogSpec {
  return {
    ...usual,
    bytesMax: sizeMaxBytes,
    backupsMax: oldMax === 0 ? filesMax - 1 : Math.min(oldMax, filesMax - 1),
    ageMaxMs: ageMaxSeconds * 1_000,
    compress: isGzip(processor),
  }
}

function isGzip(processor: string | null): boolean {
  return processor !== null && /^(?:\S*\/)?gzip(?: -[0-9cfnq]+)*$/.test(processor.trim())
}

/** What a `config` says that Holdfast's logs cannot do. */
function unsaid(config: SvlogdConfig, file: string, lines: readonly string[]): readonly Note[] {
  const at = (letters: string, message: string) =>
    noteAt(file, lines.findIndex((line) => line !== '' && letters.includes(line[0]!)) + 1, message)
  const { filesMax: oldMax, processor, udp, prefix, patterns } = config
  return [
    ...(oldMax === 0 || oldMax >= filesMax
      ? [at('n', `at most ${filesMax} files are kept of a log, so max_files is ${filesMax}`)]
      : []),
    ...(processor === null || isGzip(processor) ? [] : [at('!', `${quoted(processor)} is not run on rotated files`)]),
    ...(udp === null ? [] : [at('uU', `nothing is sent to ${udp.address}:${udp.port}`)]),
    ...(prefix === '' ? [] : [at('p', `lines have no prefix ${quoted(prefix)}`)]),
    ...(patterns.length === 0 ? [] : [at('+-eE', 'every line is kept, whatever these patterns select')]),
  ]
}
