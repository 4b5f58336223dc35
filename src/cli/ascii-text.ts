/** What we say ourselves, for a terminal whose locale is not UTF-8. Names from elsewhere stay as they are. */
export function asciiText(text: string): string {
  return text.replace(/[…’‘“”→–]/g, (char) => replacements[char]!)
}

const replacements: Readonly<Record<string, string>> = {
  '…': '...',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '→': '->',
  '–': '-',
}
