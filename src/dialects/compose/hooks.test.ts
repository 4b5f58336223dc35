import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf, service } from './fixture.ts'

test('hooks are commands, as text or list, or maps with more', async () => {
  const { hooks } = await service(
    'x-holdfast: {hooks: {pre_start: ./migrate "a b", post_stop: {command: [./clean, x], timeout: 5s, ignore_failure: true}}}',
  )
  assert.deepEqual(hooks, {
    preStart: { command: ['./migrate', 'a b'], timeoutMs: 90_000, ignoreFailure: false },
    postStop: { command: ['./clean', 'x'], timeoutMs: 5_000, ignoreFailure: true },
  })
})

test('a hook without a timeout may take as long as it likes', async () => {
  const { hooks } = await service('x-holdfast: {hooks: {post_stop: {command: ./finish, timeout: none}}}')
  assert.deepEqual(hooks.postStop, { command: ['./finish'], timeoutMs: null, ignoreFailure: false })
})

for (const [lines, expected] of [
  [
    'x-holdfast: {hooks: {prestart: x}}',
    "4:26: services.a.x-holdfast.hooks.prestart: unknown key 'prestart'; did you mean 'pre_start'?",
  ],
  [
    'x-holdfast: {hooks: {pre_start: a && b}}',
    '4:37: services.a.x-holdfast.hooks.pre_start: \'&\' is for a shell, and this command is run without one; put the word in quotes, or write ["sh", "-c", "…"]',
  ],
  [
    'x-holdfast: {hooks: {pre_start: {timeout: 5s}}}',
    "4:37: services.a.x-holdfast.hooks.pre_start: the hook has no command; write 'command:' with the program and its arguments",
  ],
  [
    'x-holdfast: {hooks: {post_stop: []}}',
    '4:37: services.a.x-holdfast.hooks.post_stop: the command is empty; write the program to run and its arguments',
  ],
  [
    'x-holdfast: {hooks: {post_stop: {command: x, timeout: 0s}}}',
    '4:59: services.a.x-holdfast.hooks.post_stop.timeout: no time at all is too short; write at least 1ms',
  ],
  [
    'x-holdfast: {hooks: {post_stop: {command: x, ignore_failure: maybe}}}',
    "4:66: services.a.x-holdfast.hooks.post_stop.ignore_failure: 'maybe' is neither true nor false; write true or false",
  ],
] as const) {
  test(`${lines} is refused with its place and the remedy`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}
