import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { encodeStatus, type SuperviseStatus } from '../../../src/formats/supervise-status.ts'
import { type Bench, fill, makeFifos, type Played, play, writeTree } from './sv-bench.ts'

/** Services whose supervisor is played: every state there is, at rest. */

const longAgo = 1_700_000_000
const inFuture = 4_000_000_000

const up: SuperviseStatus = {
  state: 'run',
  sinceSeconds: longAgo,
  sinceNanoseconds: 500,
  pid: 4242,
  isPaused: false,
  want: 'up',
  gotTerm: false,
}
const down: SuperviseStatus = { ...up, state: 'down', pid: 0, want: 'down' }

interface Scene {
  /** null: there is no file. */
  readonly status: Uint8Array | null
  readonly files?: Readonly<Record<string, string>>
  readonly log?: Uint8Array
}

const scenes: Readonly<Record<string, Scene>> = {
  up: { status: encodeStatus(up) },
  'up-down-file': { status: encodeStatus(up), files: { down: '' } },
  'up-new': { status: encodeStatus({ ...up, sinceSeconds: inFuture }) },
  'up-want-down': { status: encodeStatus({ ...up, want: 'down' }) },
  'up-got-term': { status: encodeStatus({ ...up, gotTerm: true, sinceSeconds: inFuture }) },
  'up-stopping': { status: encodeStatus({ ...up, want: 'down', gotTerm: true }) },
  'up-once-new': { status: encodeStatus({ ...up, want: 'down', sinceSeconds: inFuture }) },
  'up-paused': { status: encodeStatus({ ...up, isPaused: true }) },
  'up-paused-stopping': { status: encodeStatus({ ...up, isPaused: true, want: 'down', gotTerm: true }) },
  finish: { status: encodeStatus({ ...up, state: 'finish' }) },
  'finish-want-down': { status: encodeStatus({ ...up, state: 'finish', want: 'down' }), files: { down: '' } },
  'finish-none': { status: encodeStatus({ ...up, state: 'finish', pid: 0 }) },
  down: { status: encodeStatus(down), files: { down: '' } },
  'down-new': { status: encodeStatus({ ...down, sinceSeconds: inFuture }) },
  'down-no-file': { status: encodeStatus(down) },
  'down-want-up': { status: encodeStatus({ ...down, want: 'up' }) },
  'down-paused': { status: encodeStatus({ ...down, isPaused: true }) },
  'down-got-term': { status: encodeStatus({ ...down, gotTerm: true }) },
  'check-fails': { status: encodeStatus(up), files: { check: '#!/bin/sh\necho no >&2\nexit 1\n' } },
  'check-passes': { status: encodeStatus({ ...up, sinceSeconds: inFuture }), files: { check: '#!/bin/sh\n' } },
  // It may not print, and nothing says so but its exit code.
  'check-prints': { status: encodeStatus(up), files: { check: '#!/bin/sh\necho yes 2>/dev/null\n' } },
  'check-killed': { status: encodeStatus(up), files: { check: '#!/bin/sh\nkill -9 $$\n' } },
  'check-where': { status: encodeStatus(up), files: { check: '#!/bin/sh\ntest -p supervise/ok -a $# = 0\n' } },
  'check-unexecutable': { status: encodeStatus(up), files: { check: 'exit 1\n' } },
  'check-no-interpreter': { status: encodeStatus(up), files: { check: '#!/nowhere/sh\n' } },
  'check-down': { status: encodeStatus(down), files: { check: '#!/bin/sh\nexit 1\n' } },
  logged: { status: encodeStatus(up), log: encodeStatus({ ...up, pid: 4243 }) },
  'logged-down': { status: encodeStatus(down), log: encodeStatus({ ...down, want: 'up' }) },
  'log-is-file': { status: encodeStatus(up), files: { log: '' } },
  'status-long': { status: Buffer.concat([encodeStatus(up), Buffer.from('more')]) },
  'status-18': { status: encodeStatus(up).subarray(0, 18) },
  'status-empty': { status: new Uint8Array() },
  'status-missing': { status: null },
}

/** With files of their own, because nobody plays them. */
const brokenScenes = {
  dead: ['ok', 'control'],
  'control-missing': ['ok'],
  'control-dead': ['ok', 'control'],
  'control-directory': ['ok'],
  'control-file': ['ok'],
  'control-full': ['ok', 'control'],
  'status-directory': ['ok', 'control'],
  'ok-file': ['control'],
  'ok-directory': ['control'],
} as const

/** In an order that puts good beside bad. */
export const sceneNames = [
  ...Object.keys(scenes),
  ...['logged/log', 'log-is-file/log', 'up/log', './up', '../services/up', 'no-supervise', 'missing', 'a/b'],
  ...Object.keys(brokenScenes),
]

export interface Stage {
  readonly services: string
  /** What each service was told since the last time, and what the file in place of a control has. */
  received(): Readonly<Record<string, string>>
}

export function setStage(context: TestContext, directory: string): Stage {
  const services = join(directory, 'services')
  const written: Record<string, string> = { 'no-supervise/run': '', 'control-file/supervise/control': '' }
  const fifos: string[] = []
  const played = new Map<string, Played>()
  const fifosOf = (name: string) =>
    fifos.push(...['ok', 'control'].map((each) => join(services, name, 'supervise', each)))
  for (const [name, { files = {}, log }] of Object.entries(scenes)) {
    fifosOf(name)
    if (log !== undefined) fifosOf(`${name}/log`)
    for (const [file, text] of Object.entries(files)) written[`${name}/${file}`] = text
  }
  for (const [name, kept] of Object.entries(brokenScenes))
    fifos.push(...kept.map((each) => join(services, name, 'supervise', each)))
  makeFifos(fifos)
  for (const path of [
    'control-directory/supervise/control',
    'status-directory/supervise/status',
    'ok-directory/supervise/ok',
  ])
    mkdirSync(join(services, path))
  writeTree(services, { ...written, 'ok-file/supervise/ok': '' })
  const writeStatus = (name: string, bytes: Uint8Array) =>
    writeFileSync(join(services, name, 'supervise/status'), bytes)
  for (const [name, { status, log }] of Object.entries(scenes)) {
    if (status !== null) writeStatus(name, status)
    if (log !== undefined) writeStatus(`${name}/log`, log)
    played.set(name, play(join(services, name)))
    if (log !== undefined) played.set(`${name}/log`, play(join(services, name, 'log')))
  }
  for (const name of Object.keys(brokenScenes)) if (name !== 'status-directory') writeStatus(name, encodeStatus(down))
  const holdOk = (name: string) => fill(join(services, name, 'supervise/ok'))
  const held = [
    ...['control-missing', 'control-dead', 'control-directory', 'control-file', 'control-full'].map(holdOk),
    fill(join(services, 'control-full/supervise/control')),
    play(join(services, 'status-directory')).close,
  ]
  held.push(holdOk('status-directory'))
  context.after(() => {
    for (const close of held) close()
    for (const { close } of played.values()) close()
  })
  const controlFile = join(services, 'control-file/supervise/control')
  return {
    services,
    received: () => {
      const told = Object.fromEntries([...played].map(([name, each]) => [name, each.received()] as const))
      const inFile = readFileSync(controlFile, 'latin1')
      writeFileSync(controlFile, '')
      return { ...told, 'control-file': inFile }
    },
  }
}

/** The same twice, one for each client. */
export function setStages(
  context: TestContext,
  { directory }: Bench,
  name: string,
): readonly [real: Stage, ours: Stage] {
  const stage = (side: string) => setStage(context, join(directory, `${name}-${side}`, name))
  return [stage('real'), stage('ours')]
}
