import { basename } from 'node:path'
import type { Control } from './control.ts'
import { createPlainKeyboard } from './keyboard.ts'
import { complain, show } from './output.ts'
import { runLine } from './run-line.ts'
import { readSettings, type Settings } from './settings.ts'

/**
 * supervisord's `supervisorctl`: one command, or a session. Answers the exit code.
 * Source: supervisor 4.2.5 as Debian has it, by trial.
 */
export async function runSupervisorctl(args: readonly string[]): Promise<number> {
  const program = process.env.HOLDFAST_COMMAND ?? 'holdfast'
  const called = basename(program) === 'supervisorctl' ? program : `${program} supervisorctl`
  const read = readSettings(args, { program, environment: process.env })
  switch (read.kind) {
    case 'wrong':
      complain(`Error: ${read.message}\nFor help, use ${called} -h\n`)
      return wrongUse
    case 'help':
      show((await import('./usage.ts')).usage(called))
      return 0
    case 'settings':
      return read.settings.words.length > 0 ? runOnce(read.settings) : runInteractive(read.settings)
  }
}

const wrongUse = 2

async function runOnce(settings: Settings): Promise<number> {
  const control = begin(settings, createPlainKeyboard())
  await runLine(control, settings.words.join(' '))
  control.keyboard.close()
  return control.exitStatus
}

/** It ends well, whatever its commands did. */
async function runInteractive(settings: Settings): Promise<number> {
  const { runSession } = await import('./session.ts')
  await runSession(settings, (keyboard) => begin(settings, keyboard))
  return 0
}

function begin(settings: Settings, keyboard: Control['keyboard']): Control {
  const { serverUrl, username, password, isInteractive, plugins } = settings
  return {
    serverUrl,
    username,
    password,
    isInteractive,
    plugins,
    keyboard,
    exitStatus: 0,
    connection: null,
    interrupt: null,
  }
}
