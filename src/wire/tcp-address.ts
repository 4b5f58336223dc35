import { isIP } from 'node:net'

/** Where the API listens over TCP. */
export interface TcpAddress {
  /** An IP address. */
  readonly address: string
  /** 0: the kernel chooses one. */
  readonly port: number
}

/** `127.0.0.1:8700`, `[::1]:8700`, `localhost:8700`, or `8700` for this host alone. null: it is none of these. */
export function parseTcpAddress(text: string): TcpAddress | null {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) return null
  const named = bracketed ?? plain ?? 'localhost'
  const address = named === 'localhost' ? '127.0.0.1' : named
  const family = isIP(address)
  if (family === 0 || (family === 6) !== (bracketed !== undefined)) return null
  return { address, port }
}

export function printTcpAddress({ address, port }: TcpAddress): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

/** Whether only this host itself can reach it. */
export function isLoopback({ address }: TcpAddress): boolean {
  return /^127\./.test(address) || address === '::1' || /^::ffff:127\./i.test(address)
}
