// One image of a process that supervises DIRECTORY/web and its log: says so, becomes the next image of itself when it reads a
// line, and ends with its standard input.
import { writeSync } from 'node:fs'
import { listDescriptors } from '../../src/sys/descriptor-list.ts'
import { becomeImage } from '../../src/sys/execve.ts'
import { openBench } from './supervise-bench.ts'

// A thread that waits for the watcher would keep this process from ending.
process.once('uncaughtException', (error) => {
  writeSync(2, `${error.stack}\n`)
  process.kill(process.pid, 'SIGKILL')
})

const [directory = '', number = '1'] = process.argv.slice(2)
const isFollowing = number !== '1'
const before = superviseDescriptors()
const bench = await openBench({ directory, isFollowing })
bench.add('web', { log: 'process' })
const refused = (await bench.declare()).size
bench.supervise.settle()
const after = superviseDescriptors()
const told = { image: Number(number), refused, pid: process.pid }
const inherited = {
  inherited: before.length,
  left: after.length - 6,
  leaks: after.filter(({ isCloseOnExec }) => !isCloseOnExec).length,
}
process.stdout.write(`${JSON.stringify(isFollowing ? { ...told, ...inherited } : told)}\n`)

process.stdin.once('data', () => {
  bench.engine.finish()
  bench.supervise.close({ isFollowed: true })
  writeSync(1, '"closed"\n')
  becomeImage({
    path: process.execPath,
    argv: [process.execPath, ...process.execArgv, process.argv[1] ?? '', directory, String(Number(number) + 1)],
    environment: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
    keep: bench.supervise.descriptors(),
  })
})
process.stdin.once('end', () => bench.close())

function superviseDescriptors(): ReturnType<typeof listDescriptors> {
  return listDescriptors().filter(({ target }) => target.startsWith(directory) && target.includes('/supervise/'))
}
