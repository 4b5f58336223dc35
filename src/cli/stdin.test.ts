import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersion } from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import { type Client, type Question, Refused } from './client.ts'
import type { Context } from './command.ts'
import { runStdin } from './stdin.ts'
import { UsageError } from './usage-error.ts'

/** A pipe that takes so many bytes at each request, in turn; the last answer repeats. */
function pipe(takes: readonly number[]) {
  const taken: Buffer[] = []
  let asked = 0
  const client: Client = {
    async ask<T>(_route: string, { body }: Question = {}): Promise<T> {
      const bytes = body as Buffer
      const count = Math.min(bytes.length, takes[Math.min(asked++, takes.length - 1)]!)
      taken.push(bytes.subarray(0, count))
      if (count === bytes.length) return { bytesTaken: count } as T
      const facts = { code: 'stdin-full', message: '', hint: '', bytesTaken: count } as const
      throw new Refused({ apiVersion, kind: 'Error', ...facts })
    },
    stream: () => Promise.reject(new Error('nothing is streamed')),
  }
  return { client, text: () => Buffer.concat(taken).toString(), asked: () => asked }
}

async function send(client: Client, options: Readonly<Record<string, string>>) {
  const choice = chooseHome({ option: '/h', environment: {}, uid: 0 })
  assert.equal(choice.kind, 'home')
  const said: string[] = []
  const context: Context = {
    options: { isSet: (name) => name in options, value: (name) => options[name], values: () => [] },
    operands: ['game'],
    environment: {},
    terminal: { columns: null, hasColour: false, hasUnicode: true },
    home: choice.home,
    client,
    roles: {
      ...{ version: '0', launcher: '/bin/holdfast', replay: () => Promise.resolve(0) },
      openImageEngine: () => Promise.reject(new Error('nothing asks for it')),
    },
    commands: [],
    out: () => {},
    talk: (text) => said.push(text),
  }
  return { code: await runStdin(context), said: said.join('') }
}

test('a line is sent with its end', async () => {
  const game = pipe([100])
  assert.deepEqual(await send(game.client, { text: 'save-all' }), { code: 0, said: '' })
  assert.equal(game.text(), 'save-all\n')
})

test('what a full pipe did not take follows, each byte once', async () => {
  const game = pipe([3, 0, 2, 100])
  assert.equal((await send(game.client, { text: 'save-all' })).code, 0)
  assert.equal(game.text(), 'save-all\n')
  assert.equal(game.asked(), 4)
})

test('a service that never reads is given up on when the time is over', async () => {
  const game = pipe([4, 0])
  const { code, said } = await send(game.client, { text: 'save-all', timeout: '0' })
  assert.equal(code, 124)
  assert.match(said, /game read nothing for 0 s, and the rest was not sent/)
})

test('a time that is none is a mistake of usage', async () => {
  const expected = new UsageError("--timeout is a number of seconds, not 'soon'; write --timeout 30")
  await assert.rejects(send(pipe([100]).client, { text: 'x', timeout: 'soon' }), expected)
})
