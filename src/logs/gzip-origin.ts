/** What a compressed part was before. Its reader may have that file open, and must not take it for another one. */
export interface Origin {
  readonly device: bigint
  readonly inode: bigint
  /** 0 where the file system does not tell. */
  readonly bornNs: bigint
  readonly modifiedNs: bigint
  readonly bytes: number
}

/** A gzip header (RFC 1952, 2.3) with the origin as a field of its own, which every other reader skips. */
export function gzipHeader({ device, inode, bornNs, modifiedNs, bytes }: Origin): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.set(fixedPart)
  header.writeUInt16LE(extraBytes, 10)
  header.write(fieldName, 12, 'latin1')
  header.writeUInt16LE(fieldBytes, 14)
  header.writeBigUInt64LE(BigInt.asUintN(64, device), 16)
  header.writeBigUInt64LE(BigInt.asUintN(64, inode), 24)
  header.writeBigInt64LE(BigInt.asIntN(64, bornNs), 32)
  header.writeBigInt64LE(BigInt.asIntN(64, modifiedNs), 40)
  header.writeBigUInt64LE(BigInt(bytes), 48)
  return header
}

/** Of the beginning of a file; null: somebody else compressed it. */
export function parseGzipOrigin(header: Buffer): Origin | null {
  if (header.length < headerBytes || !header.subarray(0, 4).equals(fixedPart.subarray(0, 4))) return null
  if (header.readUInt16LE(10) !== extraBytes || header.toString('latin1', 12, 14) !== fieldName) return null
  return {
    device: header.readBigUInt64LE(16),
    inode: header.readBigUInt64LE(24),
    bornNs: header.readBigInt64LE(32),
    modifiedNs: header.readBigInt64LE(40),
    bytes: Number(header.readBigUInt64LE(48)),
  }
}

/** The length of the header that zlib writes, which has no such fields. */
export const plainHeaderBytes = 10

/** Deflate, with an extra field; no time, fastest or best not told, made on Unix. */
const fixedPart = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3])
const fieldName = 'HF'
const fieldBytes = 40
const extraBytes = 4 + fieldBytes
export const headerBytes = plainHeaderBytes + 2 + extraBytes
