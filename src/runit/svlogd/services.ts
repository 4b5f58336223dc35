import { spawn } from 'node:child_process'
import { closeSync, fsyncSync, realpathSync } from 'node:fs'
import { createWallClock } from '../../svlog/clock.ts'
import type { LogDirectory, LogServices, ProcessorRequest } from '../../svlog/model.ts'
import { type Messages, writeError } from './messages.ts'
import type { UdpSender } from './udp.ts'

export interface ServiceOptions {
  readonly messages: Messages
  readonly udp: UdpSender
  readonly onProcessorEnded: (directory: LogDirectory) => void
}

/** What the engine needs from the world, for a program of its own: it waits for the disk as the original does. */
export function createServices({ messages, udp, onProcessorEnded }: ServiceOptions): LogServices {
  return {
    now: createWallClock(),
    info: messages.info,
    warn: messages.warn,
    tell: writeError,
    sendUdp: udp.send,
    syncFile: fsyncSync,
    closeFile: closeSync,
    startProcessor: (request, done) => {
      startProcessor(request, (isSuccess) => {
        messages.info?.('sigchild received.')
        done(isSuccess)
      })
      return null
    },
    later: (delayMs, action) => void setTimeout(action, delayMs),
    processorEnded: onProcessorEnded,
  }
}

function startProcessor(request: ProcessorRequest, done: (isSuccess: boolean) => void): void {
  const { command, workingDir, input, output, state, newState } = request
  const child = spawn('/bin/sh', ['-c', command], {
    argv0: 'sh',
    // The path may be one of ours below /proc.
    cwd: realpathSync(workingDir),
    stdio: [input, output, 'inherit', 'ignore', state, newState],
  })
  // Which of the two comes, and never both, tells whether there was a process.
  child.once('exit', (code) => done(code === 0))
  child.once('error', () => done(false))
}
