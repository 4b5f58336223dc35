import { bind } from './libc.ts'

/** An extended attribute of a file as text, at most 256 bytes of it; null where it has none that we may see. */
export function extendedAttribute(path: string, name: string): string | null {
  const value = Buffer.alloc(256)
  const bytes = getxattr(path, name, value, value.length)
  return bytes < 0 ? null : value.toString('latin1', 0, bytes)
}

const getxattr = bind<(path: string, name: string, value: Buffer, size: number) => number>(
  'long getxattr(str, str, uint8_t *, size_t)',
)
