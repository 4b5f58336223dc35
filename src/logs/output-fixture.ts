import { appendFileSync, constants, existsSync, openSync, writeSync } from 'node:fs'
import { createLogFiles } from './log-files.ts'
import { streamOf } from './test-bench.ts'

/**
 * A daemon for tests that logs one handled stream, and may be killed at any time: `FOLDER`. It ends in order when
 * FOLDER/end is there and the pipe is empty. What it is told of stands in FOLDER/captured, one JSON text in each line.
 */
const [folder = ''] = process.argv.slice(2)
const logs = createLogFiles({
  directory: `${folder}/logs`,
  heldFolder: `${folder}/held`,
  warn: (text) => void writeSync(2, `${text}\n`),
  told: ({ bytes }) => appendFileSync(`${folder}/captured`, `${JSON.stringify(Buffer.from(bytes).toString())}\n`),
})
const handling = { isAnsiStripped: true, syslog: null, captureBytesMax: 1_000_000, isTold: false }
const fd = openSync(`${folder}/fifo`, constants.O_RDONLY | constants.O_NONBLOCK)
const writer = logs.open(streamOf('a/b/1', { bytesMax: 20_000, backupsMax: 1_000, handling }))
takeMore()

function takeMore(): void {
  // Asked first: what was printed before it is in the pipe then.
  const isOver = existsSync(`${folder}/end`)
  const { isEmpty } = writer.drain(fd, 1024 * 1024)
  if (!isEmpty || !isOver) {
    setImmediate(takeMore)
    return
  }
  writer.settle?.()
  writer.close()
}
