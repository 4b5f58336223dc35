import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const module = new URL('./console-output.ts', import.meta.url).href

/** Writes far more than any pipe and what is held back take, tells on stderr that it got through, and stays. */
const script = `import { createConsoleOutput } from '${module}'
  const out = createConsoleOutput(1)
  for (let n = 0; n < 2_000; n++) out(\`line \${n} \${'x'.repeat(1_000)}\\n\`)
  process.stderr.write('through')
  setTimeout(() => {}, 60_000)`

const piped = (reader: string) => ['sh', '-c', `"$0" --input-type=module -e "$1" | ${reader}`, process.execPath, script]
const alone = [process.execPath, '--input-type=module', '-e', script]

/** A socket as Node gives its children, and a real pipe as a shell makes it. */
const outputs = {
  'a socket that nobody reads': { line: alone, isClosed: false },
  'a socket whose reader went away': { line: alone, isClosed: true },
  'a pipe that nobody reads': { line: piped('sleep 60'), isClosed: false },
  'a pipe whose reader went away': { line: piped('exit 0'), isClosed: false },
}

for (const [name, { line, isClosed }] of Object.entries(outputs)) {
  test(`${name} holds nobody up`, { timeout: 20_000 }, async () => {
    const [file = '', ...args] = line
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    if (isClosed) child.stdout.destroy()
    try {
      const [said] = await once(child.stderr, 'data')
      assert.equal(String(said), 'through')
    } finally {
      process.kill(-child.pid!, 'SIGKILL')
    }
  })
}
