/** A value of XML-RPC. `int` holds i4 and int; a struct keeps the order of its members, which is the order it is printed in. */
export type XmlRpcValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'double'; readonly value: number }
  /** As written: `19980717T14:08:55`. */
  | { readonly kind: 'date'; readonly value: string }
  | { readonly kind: 'base64'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly values: readonly XmlRpcValue[] }
  | { readonly kind: 'struct'; readonly members: readonly (readonly [string, XmlRpcValue])[] }

export interface XmlRpcCall {
  readonly method: string
  readonly params: readonly XmlRpcValue[]
}

export type XmlRpcResponse =
  | { readonly kind: 'value'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly code: number; readonly message: string }
