import assert from 'node:assert/strict'
import { onEngine, shell } from './docker/bed.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '1s' }

onEngine('what containers print, and commands in them', {}, (bed) => {
  bed.test('holdfast logs shows a container as it shows a process, over restarts of the daemon', async (home) => {
    const script = 'i=0; while :; do i=$((i+1)); echo "line $i"; echo "error $i" >&2; sleep 0.05; done'
    const file = home.compose('shop', {
      web: { ...plain, command: shell(script) },
      api: { command: ['sh', '-c', 'echo process; exec sleep 1000'] },
    })
    const daemon = await home.begin([file])
    await home.untilLog('shop/web', 'line 3\n')
    await daemon.crash()
    await home.begin([file])
    const before = home.log('shop/web').length
    await until('more of it', () => home.log('shop/web').length > before + 100)
    const { stdout } = await home.cli('logs', 'web')
    for (const word of ['line', 'error']) {
      const numbers = [...stdout.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]))
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index + 1),
        `of ${word} something is missing or double`,
      )
    }
    const both = await home.cli('logs', '-n', '1', '--timestamps')
    assert.match(both.stdout, /^api \| 20\S+Z process\nweb \| 20\S+Z (?:line|error) \d+\n$/)
  })

  bed.test('the last words of a container that is made anew are kept', async (home) => {
    const declare = (word: string): string => {
      const script = `trap 'echo "bye ${word}"; exit' TERM; echo "hello ${word}"; sleep 3600 & wait`
      return home.compose('shop', { web: { ...plain, command: shell(script) } })
    }
    await home.begin([declare('one')])
    await home.untilLog('shop/web', 'hello one')
    declare('two')
    await home.up()
    await home.untilLog('shop/web', 'hello two')
    assert.equal(home.log('shop/web').toString(), 'hello one\nbye one\nhello two\n')
    const { stdout } = await home.cli('logs', '--previous', 'web')
    assert.equal(stdout, 'hello one\nbye one\n')
  })

  bed.test('holdfast exec runs in the container, and says so when that does not run', async (home) => {
    await home.begin([home.compose('shop', { web: { ...plain, environment: { COLOUR: 'blue' } } })])
    await home.untilContainer('shop/web')
    await home.untilState('shop/web', 'running')
    const result = await home.cli(
      'exec',
      '-e',
      'MORE=more',
      'web',
      'sh',
      '-c',
      'echo $COLOUR $MORE; hostname >&2; exit 7',
    )
    assert.equal(result.stdout, 'blue more\n')
    assert.equal(result.code, 7)
    assert.match(result.stderr, /^[0-9a-f]{12}\n$/)
    assert.equal((await home.cli('exec', 'web', 'no-such-program')).code, 127)
    assert.equal((await home.cli('stop', 'web')).code, 0)
    const stopped = await home.cli('exec', 'web', 'true')
    assert.equal(stopped.code, 3)
    assert.match(stopped.stderr, /start it with: holdfast start shop\/web\/1/)
  })
})
