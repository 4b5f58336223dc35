import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { becomeImage, duplicate } from './execve.ts'

const module = new URL('./execve.ts', import.meta.url).href

it('the next image has our pid, what was kept open, the standard descriptors, and nothing else', () => {
  const script = `import { openSync, readdirSync } from 'node:fs'
    import { becomeImage } from '${module}'
    import { closeAllOnExec } from '${new URL('./cloexec.ts', import.meta.url).href}'
    const kept = openSync('/etc/passwd', 'r')
    openSync('/etc/hosts', 'r')
    closeAllOnExec()
    process.stdout.write(process.pid + ' ' + kept + '\\n')
    becomeImage({
      path: '/bin/sh', argv: ['sh', '-c', 'echo $$ $NAME; ls -l /proc/$$/fd'], environment: ['NAME=value'], keep: [kept],
    })`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  const [first = '', second, ...list] = child.stdout.trim().split('\n')
  const [pid, kept] = first.split(' ')
  assert.equal(second, `${pid} value`)
  const open = list.flatMap((line) => / (\d+) -> (.*)$/.exec(line)?.slice(1, 3).join(' ') ?? [])
  assert.deepEqual(
    open.filter((line) => Number(line.split(' ')[0]) > 2),
    [`${kept} /etc/passwd`],
  )
  assert.deepEqual(
    open.map((line) => Number(line.split(' ')[0])).filter((fd) => fd <= 2),
    [0, 1, 2],
  )
})

it('what the kernel refuses is told, and we go on with everything close-on-exec', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-execve-'))
  const path = join(directory, 'program')
  const fd = openSync('/etc/passwd', 'r')
  const become = (environment: readonly string[] = []) =>
    becomeImage({ path, argv: ['x'], environment, keep: [fd, 9_999] })
  try {
    assert.equal(become(), 'ENOENT')
    writeFileSync(path, 'no program')
    assert.equal(become(), 'EACCES')
    chmodSync(path, 0o755)
    assert.equal(become(), 'ENOEXEC')
    assert.equal(become(['x'.repeat(200_000)]), 'E2BIG')
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'), /^flags:\s+02\d*$/m)
  } finally {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  }
})

it('a duplicate lives on when the first descriptor is closed', () => {
  const fd = openSync('/etc/passwd', 'r')
  const copy = duplicate(fd)
  assert(typeof copy === 'number')
  closeSync(fd)
  assert.ok(readFileSync(copy).length > 0)
  closeSync(copy)
  assert.equal(duplicate(fd), 'EBADF')
})
