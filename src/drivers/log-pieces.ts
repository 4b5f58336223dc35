import type { LogPiece } from '../engine/ports.ts'

/** What is left of the pieces when so many bytes of them were taken. */
export function without(pieces: readonly LogPiece[], bytes: number): readonly LogPiece[] {
  let left = bytes
  return pieces.flatMap((piece) => {
    const taken = Math.min(left, piece.bytes.length)
    left -= taken
    return taken === piece.bytes.length ? [] : [{ ...piece, bytes: piece.bytes.subarray(taken) }]
  })
}
