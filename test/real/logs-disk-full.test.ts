import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest, type ServiceText } from './harness.ts'
import { eager, sleeper } from './services.ts'
import { until } from './until.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'mounting a small file system needs root'

realTest(
  'a full disk costs output, which is counted to the byte, and nothing else',
  { skip: needsRoot },
  async (home, context) => {
    const disk = smallExt4(home)
    if (typeof disk === 'string') return context.skip(disk)
    try {
      const daemon = await home.start([
        home.declare('demo', { one: counter('one'), two: counter('two'), web: { ...sleeper, 'x-holdfast': eager } }),
      ])
      await until('the disk to be full', () => disk.freeBytes() < 8_192)
      // What is printed now is lost, and who prints it is not held up.
      const printed = await linesPrinted(home)
      await until('both to print on', async () =>
        (await linesPrinted(home)).every((lines, n) => lines > printed[n]! + 1_000),
      )
      for (let run = 0; run < 3; run++) {
        const { pid } = await home.untilState('demo/web', 'running')
        process.kill(pid!, 'SIGKILL')
        await home.untilUnit('demo/web', (unit) => unit.state === 'running' && unit.pid !== pid)
      }
      disk.free()
      for (const name of ['one', 'two']) await home.untilLog(`demo/${name}`, 'holdfast: dropped ')
      for (const name of ['one', 'two']) assert.equal((await home.cli('stop', name)).code, 0)
      await daemon.stop()
      for (const name of ['one', 'two']) assertAccounted(home.log(`demo/${name}`).toString('latin1'), name)
    } finally {
      disk.remove()
    }
  },
)

const lineBytes = 100

/** Numbered lines of one length without end, at first many, so that the disk is full soon; tells in the fixture directory how far it is. */
function counter(name: string): ServiceText {
  const pad = '.'.repeat(lineBytes - name.length - 12)
  const script = `
    i=0
    asked=
    # It only asks: a trap may run when a line is counted and not printed yet.
    trap 'asked=1' TERM
    while :; do
      n=0
      while [ $n -lt 200 ]; do
        [ -z "$asked" ] || { echo "end $i"; exit 0; }
        i=$((i+1)); n=$((n+1))
        printf '${name} %09d %s\\n' $i '${pad}'
      done
      echo $i > "$FIXTURE_DIR/${name}.new"; mv "$FIXTURE_DIR/${name}.new" "$FIXTURE_DIR/${name}"
      [ $i -lt 20000 ] || sleep 0.05
    done`
  // A dollar of the shell's, and none of Compose's.
  return { command: ['sh', '-c', script.replaceAll('$', () => '$$')], 'x-holdfast': { logs: { max_size: '1g' } } }
}

function lineOf(name: string, n: number): string {
  return `${name} ${String(n).padStart(9, '0')} ${'.'.repeat(lineBytes - name.length - 12)}\n`
}

async function linesPrinted(home: Home): Promise<readonly number[]> {
  return ['one', 'two'].map((name) =>
    Number(execFileSync('cat', [join(home.fixtureDirectory, name)], { encoding: 'utf8' }).trim()),
  )
}

/** What is kept stands where it was printed, and each gap is as long as its marker says. */
function assertAccounted(log: string, name: string): void {
  const [, end = '', printedLines] = /(end (\d+)\n)$/.exec(log) ?? []
  assert.notEqual(end, '', `the last line of ${name} is there: ${JSON.stringify(log.slice(-200))}`)
  const [first = '', ...rest] = log.slice(0, -end.length).split(/holdfast: dropped (\d+) bytes \(ENOSPC\)\n/)
  let at = assertPrinted(first, name, 0)
  let lost = 0
  for (let gap = 0; gap < rest.length; gap += 2) {
    lost += Number(rest[gap])
    at = assertPrinted(rest[gap + 1]!, name, at + Number(rest[gap]))
  }
  assert.ok(lost > 0)
  assert.equal(at, Number(printedLines) * lineBytes)
}

/** Where it ends in what was printed. A marker begins on a line of its own: the newline before it may be ours. */
function assertPrinted(piece: string, name: string, from: number): number {
  const firstLine = Math.floor(from / lineBytes)
  const count = Math.ceil(piece.length / lineBytes) + 1
  const lines = Array.from({ length: count + 1 }, (_, n) => lineOf(name, firstLine + n + 1)).join('')
  const printed = lines.slice(from - firstLine * lineBytes)
  if (printed.startsWith(piece)) return from + piece.length
  assert.ok(piece.endsWith('\n') && printed.startsWith(piece.slice(0, -1)), `${name} at byte ${from}`)
  return from + piece.length - 1
}

interface SmallDisk {
  freeBytes(): number
  free(): void
  remove(): void
}

/** The log directory on an ext4 of its own with little room beside some ballast; or why that cannot be had here. */
function smallExt4(home: Home): SmallDisk | string {
  const [image, place] = [join(home.directory, 'disk.img'), join(home.directory, 'log')]
  writeFileSync(image, '')
  truncateSync(image, 24 * 1024 * 1024)
  mkdirSync(place)
  try {
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image], { stdio: 'pipe' })
    execFileSync('mount', ['-o', 'loop', image, place], { stdio: 'pipe' })
  } catch (error) {
    return `no small ext4 can be mounted here: ${error}`
  }
  const ballast = join(place, 'ballast')
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(place)
    return bavail * bsize
  }
  writeFileSync(ballast, Buffer.alloc(freeBytes() - 5 * 1024 * 1024))
  return {
    freeBytes,
    free: () => rmSync(ballast),
    remove() {
      // Lazily: where an assertion failed, the daemon still has its files open.
      execFileSync('umount', ['--lazy', place])
      rmSync(image)
    },
  }
}
