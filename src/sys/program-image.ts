import koffi from 'koffi'
import { type ByteText, toCString } from './byte-text.ts'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** All that `execve` needs, laid out in memory: it works where no more memory can be had. */
export interface ProgramImage {
  readonly path: Buffer
  readonly argv: PointerList
  readonly environment: PointerList
}

interface PointerList {
  readonly pointers: Buffer
  /** What they point into. */
  readonly strings: Buffer
}

/** One for each path, in this order. */
export function prepareImages(request: {
  readonly paths: readonly ByteText[]
  readonly argv: readonly ByteText[]
  readonly environment: readonly ByteText[]
}): readonly ProgramImage[] {
  const argv = layOut(request.argv)
  const environment = layOut(request.environment)
  // The first call looks the function up, which takes memory.
  execve(toCString(''), argv.pointers, environment.pointers)
  return request.paths.map((path) => ({ path: toCString(path), argv, environment }))
}

/**
 * Becomes another program, as `becomeImage` does, with arguments and environment byte for byte. Descriptors are
 * passed on as they are: what is not close-on-exec stays open. Answers only when the kernel refuses.
 */
export function becomeProgram({ path, argv, environment }: ProgramImage): Errno {
  execve(path, argv.pointers, environment.pointers)
  return lastErrno()
}

function layOut(texts: readonly ByteText[]): PointerList {
  const strings = Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1')
  const start = strings.length === 0 ? 0n : koffi.address(strings)
  const pointers = Buffer.alloc((texts.length + 1) * pointerBytes)
  let offset = 0
  for (const [index, text] of texts.entries()) {
    pointers.writeBigUInt64LE(start + BigInt(offset), index * pointerBytes)
    offset += text.length + 1
  }
  return { pointers, strings }
}

const pointerBytes = 8

const execve = bind<(path: Buffer, argv: Buffer, environment: Buffer) => number>(
  'int execve(uint8_t *, uint8_t *, uint8_t *)',
)
