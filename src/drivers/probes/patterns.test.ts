import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createPatterns } from './patterns.ts'

const limit = { timeout: 60_000 }
const never = new AbortController().signal

const cases: readonly (readonly [pattern: string, text: string, result: 'found' | 'none'])[] = [
  ['ready', 'not yet\nnow ready\n', 'found'],
  ['^ready$', 'already\nready\r\nmore', 'found'],
  ['^ready$', 'already\nreadyish\n', 'none'],
  ['a\\nb', 'a\nb\n', 'none'],
  ['', 'x', 'none'],
  ['x', '', 'none'],
  ['needle', `${'hay'.repeat(50_000)}needle${'hay'.repeat(50_000)}`, 'found'],
  ['^hay', `${'x'.repeat(3_000)}`, 'none'],
]

for (const [pattern, text, result] of cases) {
  it(`/${pattern}/ in ${JSON.stringify(text.slice(0, 30))}: ${result}`, limit, async () => {
    const match = await createPatterns().match(pattern, text, never)
    assert.equal(typeof match === 'string' ? match : 'none', result)
  })
}

const hostile = [
  ['(x+x+)+y', 'x'.repeat(262_144)],
  [`${'(?:.?){16}'.repeat(90)}y`, 'x'.repeat(16_384)],
  ['(x|xx|xxx|.*|.+|x*){16}y', 'x'.repeat(65_536)],
  ['y', '\n'.repeat(262_144)],
] as const

for (const [pattern, text] of hostile) {
  it(
    `others get their turn while /${pattern.slice(0, 24)}/ is looked for in ${text.length} characters`,
    limit,
    async () => {
      const abort = new AbortController()
      let longestMs = 0
      let lastMs = workedMs()
      const beat = setInterval(() => {
        longestMs = Math.max(longestMs, workedMs() - lastMs)
        lastMs = workedMs()
      }, 1)
      const deadline = setTimeout(() => abort.abort(), 2_000)
      await createPatterns().match(pattern, text, abort.signal)
      clearInterval(beat)
      longestMs = Math.max(longestMs, workedMs() - lastMs)
      clearTimeout(deadline)
      assert(longestMs < 250, `nobody else ran for ${longestMs} ms`)
    },
  )
}

/** What this thread has worked: by the clock it also counts how long other programs ran. */
function workedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

it('a search that is called off ends', limit, async () => {
  const abort = new AbortController()
  const search = createPatterns().match(`${'(?:.?){16}'.repeat(90)}y`, 'x'.repeat(262_144), abort.signal)
  abort.abort()
  assert.equal(await search, 'none')
})

it('a pattern that cannot be is refused in words, again and again', limit, async () => {
  const patterns = createPatterns()
  for (let round = 0; round < 2; round++) {
    const match = await patterns.match('(', 'x', never)
    assert(typeof match === 'object')
    assert.match(match.trouble, /the pattern is not a pattern/)
  }
})
