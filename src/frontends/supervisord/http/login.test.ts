import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLogin } from './login.ts'

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`
}

const joe = { username: 'joe', password: 'sécret:x' }
const hashed = { username: 'joe', password: '{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4' }

test('a login is taken clear or as the SHA-1 of the password, and nothing else is', () => {
  const cases = [
    [null, undefined, null],
    [null, 'Bearer x', null],
    [joe, basic('joe:sécret:x'), null],
    [joe, basic('joe:sécret:x').replace('Basic', 'bAsIc'), null],
    [joe, basic('joe:secret'), 401],
    [joe, basic('jo:sécret:x'), 401],
    [joe, basic('joe:'), 401],
    [joe, basic(':'), 401],
    [joe, undefined, 401],
    [joe, 'Basic', 401],
    [joe, 'Bearer am9lOnNlY3JldA==', 401],
    [joe, 'Basic a', 400],
    [joe, 'Basic %%%%', 400],
    [joe, basic('joe'), 400],
    [hashed, basic('joe:secret'), null],
    [hashed, basic('joe:Secret'), 401],
    [hashed, basic('joe:e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4'), 401],
    [hashed, basic(`joe:${hashed.password}`), 401],
  ] as const
  for (const [login, header, answer] of cases) assert.equal(checkLogin(login, header), answer, header)
})
