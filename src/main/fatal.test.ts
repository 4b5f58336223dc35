import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const module = new URL('./fatal.ts', import.meta.url).href

for (const bug of ["throw new Error('a bug')", "void Promise.reject(new Error('a bug'))"]) {
  test(`a bug ends the process at once with 70 and its stack: ${bug}`, () => {
    const script = `import { dieOnBugs } from '${module}'
      dieOnBugs()
      process.on('exit', () => console.log('an exit handler ran'))
      setTimeout(() => {}, 60_000)
      setImmediate(() => { ${bug} })`
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.equal(child.status, 70)
    assert.match(child.stderr, /what it supervises goes on[\s\S]*Error: a bug\n {4}at /u)
    assert.equal(child.stdout, '')
  })
}
