import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExitItem, Outcome } from '../wire/api.ts'
import { codeOfJob } from './run.ts'

function outcome(result: Outcome['result'], exit: ExitItem | null): Outcome {
  return { unit: 'a/job/1', result, state: 'exited', why: '', next: '', command: null, exit }
}

test('a job’s exit code is that of the command, and a signal gives 128 and its number', () => {
  assert.equal(codeOfJob(outcome('done', { code: 0, signal: null })), 0)
  assert.equal(codeOfJob(outcome('failed', { code: 7, signal: null })), 7)
  assert.equal(codeOfJob(outcome('done', { code: 3, signal: null })), 3)
  assert.equal(codeOfJob(outcome('failed', { code: null, signal: 'KILL' })), 137)
})

test('a job that failed is never a success, whatever its process ended with', () => {
  assert.equal(codeOfJob(outcome('failed', { code: 0, signal: null })), 1)
  assert.equal(codeOfJob(outcome('failed', { code: null, signal: null })), 1)
  assert.equal(codeOfJob(outcome('failed', null)), 1)
  assert.equal(codeOfJob(outcome('timed-out', null)), 124)
})
