import { createHash } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tarEnd, tarHeader, tarPadding } from '../../formats/tar.ts'
import { syncDirectory } from '../../sys/durable-write.ts'
import { type BundleContents, BundleError, type BundleMember, checksumName, contentsName } from './model.ts'
import { printContents } from './parse.ts'
import { checksumText } from './read.ts'

/**
 * A bundle as it is written. Its table of contents comes first and is known last: room is kept for it. The file has its name
 * only when it is whole.
 */
export interface BundleWriter {
  /** Adds a member, whose size and name may be known only when all of it has come. `sizeBytesMax`: what it may come to. */
  begin(sizeBytesMax: number): Promise<MemberWriter>
  /** The same of what is there already. */
  add(name: string, bytes: Uint8Array): Promise<void>
  /** Those that were written so far, in order. */
  members(): readonly BundleMember[]
  /** Gives it its name, once all of it is on the disk. Answers how many bytes it has. */
  finish(contents: BundleContents): Promise<number>
  /** Removes what was written, unless it is finished. */
  abandon(): Promise<void>
}

export interface MemberWriter {
  write(chunk: Uint8Array): Promise<void>
  end(name: string): Promise<BundleMember>
  /** As if it had never begun. */
  drop(): Promise<void>
}

/** Above this the size of a member may need an extended header: some bytes less than 8 GiB, as what is compressed can grow. */
const extendedFromBytes = 7 * 1024 ** 3

/** `draft`: what is to be written in the end, in its longest form. Throws what the file system throws. */
export async function createBundleWriter(path: string, draft: BundleContents): Promise<BundleWriter> {
  const partial = `${path}.part`
  const file = await open(partial, 'w', 0o644)
  const contentsBytes = Buffer.byteLength(printContents(draft))
  const head = tarHeader({ name: contentsName, sizeBytes: contentsBytes })
  const members: BundleMember[] = []
  let at = head.length + contentsBytes + tarPadding(contentsBytes).length
  let isFinished = false

  async function begin(sizeBytesMax: number): Promise<MemberWriter> {
    const isExtended = sizeBytesMax >= extendedFromBytes
    const start = at
    const headerBytes = tarHeader({ name: 'x', sizeBytes: 0, isExtended }).length
    const hash = createHash('sha256')
    let sizeBytes = 0
    at += headerBytes
    return {
      async write(chunk) {
        hash.update(chunk)
        sizeBytes += chunk.length
        at += await writeAll(file, chunk, at)
      },
      async end(name) {
        const header = tarHeader({ name, sizeBytes, isExtended })
        if (header.length !== headerBytes) throw new BundleError(`${name} is too large, or its name too long`)
        at += await writeAll(file, tarPadding(sizeBytes), at)
        await writeAll(file, header, start)
        const member = { name, sizeBytes, sha256: hash.digest('hex') }
        members.push(member)
        return member
      },
      async drop() {
        at = start
        await file.truncate(at)
      },
    }
  }

  return {
    begin,
    async add(name, bytes) {
      // Whatever its name is, its header is as long as it has to be.
      const header = tarHeader({ name, sizeBytes: bytes.length })
      at += await writeAll(file, Buffer.concat([header, bytes, tarPadding(bytes.length)]), at)
      members.push({ name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    },
    members: () => members,
    async finish(contents) {
      const text = Buffer.from(printContents(contents))
      if (text.length > contentsBytes)
        throw new Error('the table of contents has outgrown the room that was kept for it')
      const bytes = Buffer.concat([text, Buffer.alloc(contentsBytes - text.length, ' ')])
      await writeAll(file, Buffer.concat([head, bytes, tarPadding(contentsBytes)]), 0)
      const checksum = Buffer.from(checksumText(createHash('sha256').update(bytes).digest('hex')))
      const last = tarHeader({ name: checksumName, sizeBytes: checksum.length })
      at += await writeAll(file, Buffer.concat([last, checksum, tarPadding(checksum.length), tarEnd]), at)
      await file.datasync()
      await file.close()
      await rename(partial, path)
      isFinished = true
      syncDirectory(dirname(path))
      return at
    },
    async abandon() {
      if (isFinished) return
      await file.close()
      await rm(partial, { force: true })
    },
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
  return bytes.length
}
