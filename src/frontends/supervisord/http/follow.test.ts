import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { follow } from './follow.ts'

interface Following {
  readonly path: string
  /** Resolves when so much came since the last call, with that. */
  next(length: number): Promise<string>
  stop(): Promise<void>
}

function following(context: TestContext, content: string, lastBytes = 1024): Following {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-follow-'))
  const path = join(directory, 'log')
  writeFileSync(path, content)
  const gone = new AbortController()
  const pieces = follow(path, { lastBytes, signal: gone.signal })
  let text = ''
  const stop = async (): Promise<void> => {
    gone.abort()
    await pieces.return(undefined)
  }
  context.after(async () => {
    await stop()
    rmSync(directory, { recursive: true })
  })
  return {
    path,
    async next(length) {
      while (text.length < length) text += Buffer.from((await pieces.next()).value ?? []).toString()
      const part = text
      text = ''
      return part
    },
    stop,
  }
}

test('the last bytes come first, then what is written', async (context) => {
  const { path, next } = following(context, `${'x'.repeat(2_000)}end\n`, 10)
  assert.equal(await next(10), 'xxxxxxend\n')
  const more = next(5)
  appendFileSync(path, 'more\n')
  assert.equal(await more, 'more\n')
})

test('a file that is renamed and made anew goes on, from its beginning, and nothing of the old one is lost', async (context) => {
  const { path, next } = following(context, 'one\n')
  assert.equal(await next(4), 'one\n')
  appendFileSync(path, 'two\n')
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'three\n')
  assert.equal(await next(10), 'two\nthree\n')
  appendFileSync(`${path}.1`, 'four\n')
  writeFileSync(path, 'five\n')
  assert.equal(await next(10), 'four\nfive\n')
})

test('a file that is removed and made anew goes on', async (context) => {
  const { path, next } = following(context, 'one\n')
  assert.equal(await next(4), 'one\n')
  rmSync(path)
  writeFileSync(path, 'two\n')
  assert.equal(await next(4), 'two\n')
})

test('a file that is cut short in place goes on, and that it was is said', async (context) => {
  const { path, next } = following(context, 'one two three\n')
  assert.equal(await next(14), 'one two three\n')
  const said = next(28)
  truncateSync(path)
  appendFileSync(path, 'four\n')
  assert.equal(await said, '==> File truncated <==\nfour\n')
})

test('what is no regular file has no end to show, and is not waited for', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-follow-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const path of [pipe, directory, join(directory, 'nothing'), '/dev/null']) {
    for await (const piece of follow(path, { lastBytes: 10, signal: new AbortController().signal }))
      assert.fail(String(piece))
  }
})

test('nothing stays open when nobody follows any more', async (context) => {
  const { path, next, stop } = following(context, 'one\n')
  await next(4)
  assert.ok(openFiles().includes(path))
  await stop()
  assert.ok(!openFiles().includes(path))
})

function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
}
