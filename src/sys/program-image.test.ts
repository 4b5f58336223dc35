import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { becomeProgram, prepareImages } from './program-image.ts'

const module = new URL('./program-image.ts', import.meta.url).href

it('a program gets its arguments and environment byte for byte, in their order', () => {
  const script = `import { setCloseOnExec } from '${new URL('./execve.ts', import.meta.url).href}'
    import { becomeProgram, prepareImages } from '${module}'
    const [image] = prepareImages({
      paths: ['/usr/bin/env'],
      argv: ['env', 'printenv', '--null', 'Z', 'A', 'M'],
      environment: ['Z=gr\\xfc', 'A=', 'M=a b', 'PATH=/usr/bin:/bin'],
    })
    setCloseOnExec(1, false)
    becomeProgram(image)`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'latin1' })
  assert.equal(child.stdout, 'gr\xfc\0\0a b\0')
})

it('what the kernel refuses is told for each path', () => {
  const images = prepareImages({ paths: ['/nowhere/x', '/etc', ''], argv: ['x'], environment: [] })
  assert.deepEqual(images.map(becomeProgram), ['ENOENT', 'EACCES', 'ENOENT'])
})
