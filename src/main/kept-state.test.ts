import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type KeptState, openKeptState } from './kept-state.ts'

function kept(context: TestContext): KeptState {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-state-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return openKeptState(directory)
}

test('what is offered counts only when it is taken, and is for its owner only', (context) => {
  const state = kept(context)
  state.offer('{"a":1}')
  assert.equal(state.exists(), false)
  state.take()
  assert.equal(readFileSync(state.path, 'utf8'), '{"a":1}')
  assert.equal(existsSync(state.offered), false)
  assert.equal(statSync(state.path).mode & 0o077, 0)
})

test('what was taken can be taken back: to what was there before, or to nothing', (context) => {
  const state = kept(context)
  state.offer('first')
  const takeBackFirst = state.take()
  state.offer('second')
  const takeBackSecond = state.take()
  takeBackSecond()
  assert.equal(readFileSync(state.path, 'utf8'), 'first')
  takeBackFirst()
  assert.equal(state.exists(), false)
})

test('what is withdrawn leaves what was there before', (context) => {
  const state = kept(context)
  state.offer('first')
  state.take()
  state.offer('second')
  state.withdraw()
  state.withdraw()
  assert.equal(readFileSync(state.path, 'utf8'), 'first')
  assert.equal(existsSync(state.offered), false)
})
