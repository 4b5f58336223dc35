import { createHash } from 'node:crypto'
import { readTar, TarError, type TarMember } from '../../formats/tar.ts'
import { contentsBytesMax } from './limits.ts'
import { type BundleContents, BundleError, type BundleMember, checksumName, contentsName, targetName } from './model.ts'
import { parseContents } from './parse.ts'

/** A bundle whose beginning was read: what it holds, and the files of its target. */
export interface OpenBundle {
  readonly contents: BundleContents
  /** By their path. */
  readonly files: ReadonlyMap<string, Buffer>
  /**
   * The rest, in order: configurations and layers. Read to its end, all of it is what its table of contents says; whatever is
   * not, throws a BundleError, at the latest there. What is not read of a member is looked at nevertheless.
   */
  readonly members: AsyncIterable<MemberContent>
  /** Nothing more of it is wanted. */
  close(): Promise<void>
}

export interface MemberContent {
  readonly member: BundleMember
  readonly content: AsyncIterable<Uint8Array>
}

/** In one pass, and never more of it in memory than its table of contents and the files of its target. Throws BundleError. */
export async function openBundle(chunks: AsyncIterable<Uint8Array>): Promise<OpenBundle> {
  const archive = readTar(chunks)
  try {
    const first = await nextMember(archive)
    if (first === null) throw new BundleError('it is empty')
    const { bytes, contents } = await readContents(first)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const files = new Map<string, Buffer>()
    for (const member of contents.members.slice(0, contents.files.length)) {
      files.set(
        member.name.slice(targetName('').length),
        await bytesOf(checked(await expected(archive, member), member)),
      )
    }
    return {
      contents,
      files,
      members: rest(archive, { sha256, members: contents.members.slice(contents.files.length) }),
      close: async () => void (await archive.return(undefined)),
    }
  } catch (error) {
    await archive.return(undefined)
    throw told(error)
  }
}

async function readContents(first: TarMember): Promise<{ readonly bytes: Buffer; readonly contents: BundleContents }> {
  if (first.name !== contentsName || first.kind !== 'file')
    throw new BundleError(`it is no bundle of Holdfast: it does not begin with ${contentsName}`)
  if (first.sizeBytes > contentsBytesMax) {
    throw new BundleError(`its table of contents has ${first.sizeBytes} bytes, and may have ${contentsBytesMax}`)
  }
  const bytes = await bytesOf(first.content)
  return { bytes, contents: parseContents(bytes.toString('utf8')) }
}

async function* rest(
  archive: AsyncGenerator<TarMember>,
  { sha256, members }: { readonly sha256: string; readonly members: readonly BundleMember[] },
): AsyncGenerator<MemberContent> {
  try {
    for (const member of members) {
      const content = checked(await expected(archive, member), member)
      yield { member, content }
      for await (const _ of content);
    }
    await checkEnd(archive, sha256)
  } catch (error) {
    throw told(error)
  } finally {
    await archive.return(undefined)
  }
}

/** The table of contents vouches for all the others, and the last member for it. */
async function checkEnd(archive: AsyncGenerator<TarMember>, sha256: string): Promise<void> {
  const last = await nextMember(archive)
  if (last?.name !== checksumName || last.sizeBytes > 200)
    throw new BundleError(`it is damaged: ${checksumName} is missing`)
  const text = (await bytesOf(last.content)).toString('latin1')
  if (text !== checksumText(sha256))
    throw new BundleError(`it is damaged: ${contentsName} was changed, or is of another bundle`)
  if ((await nextMember(archive)) !== null) throw new BundleError('it is damaged: there is more behind its end')
}

/** As `sha256sum -c` takes it. */
export function checksumText(sha256: string): string {
  return `${sha256}  ${contentsName}\n`
}

async function expected(archive: AsyncGenerator<TarMember>, member: BundleMember): Promise<TarMember> {
  const found = await nextMember(archive)
  if (found === null || found.name !== member.name || found.kind !== 'file') {
    const instead = found === null ? 'it ends' : `there is ${JSON.stringify(found.name.slice(0, 200))}`
    throw new BundleError(`it is damaged: where ${member.name} should be, ${instead}`)
  }
  if (found.sizeBytes !== member.sizeBytes) {
    throw new BundleError(
      `it is damaged: ${member.name} has ${found.sizeBytes} bytes, and should have ${member.sizeBytes}`,
    )
  }
  return found
}

async function nextMember(archive: AsyncGenerator<TarMember>): Promise<TarMember | null> {
  const { done, value } = await archive.next()
  return done === true ? null : value
}

/** Throws behind its last byte where it is not what it should be. Read on where it was left, it goes on. */
function checked({ content }: TarMember, { name, sha256 }: BundleMember): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256')
  const iterator = content[Symbol.asyncIterator]()
  let isOver = false
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    if (isOver) return { done: true, value: undefined }
    const step = await iterator.next()
    if (step.done !== true) {
      hash.update(step.value)
      return step
    }
    isOver = true
    if (hash.digest('hex') !== sha256)
      throw new BundleError(`it is damaged: ${name} is not what it was; copy the bundle again`)
    return { done: true, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}

function told(error: unknown): unknown {
  return error instanceof TarError ? new BundleError(error.message, { cause: error }) : error
}
