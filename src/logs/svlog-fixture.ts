import { constants, existsSync, openSync, writeSync } from 'node:fs'
import type { SvlogdSpec } from '../core/model.ts'
import { createLogFiles } from './log-files.ts'
import { refOf } from './svlog-test-bench.ts'

/**
 * A daemon for tests that is nothing but a builtin logger, and may be killed at any time: `FOLDER SPEC`. It ends in order
 * when FOLDER/end is there and the pipe is empty.
 */
const [folder = '', spec = '{}'] = process.argv.slice(2)
const logs = createLogFiles({
  directory: `${folder}/logs`,
  warn: (text) => void writeSync(2, `${text}\n`),
  loggers: { folder: `${folder}/run`, processors: null },
})
const fd = openSync(`${folder}/fifo`, constants.O_RDONLY | constants.O_NONBLOCK)
const writer = logs.open(refOf({ directories: [`${folder}/main`], ...(JSON.parse(spec) as Partial<SvlogdSpec>) }))
writeSync(1, 'ready\n')
takeMore()

function takeMore(): void {
  // Asked first: what was printed before it is in the pipe then.
  const isOver = existsSync(`${folder}/end`)
  const { isEmpty } = writer.drain(fd, 1024 * 1024)
  if (!isEmpty || !isOver) {
    setImmediate(takeMore)
    return
  }
  writer.close()
}
