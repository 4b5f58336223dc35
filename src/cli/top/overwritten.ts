/** A progress bar writes its line again and again, each time after a return: the last one is what a terminal shows. */
export function overwritten(text: string): string {
  if (!text.includes('\r')) return text
  return (
    text
      .split('\r')
      .filter((part) => part !== '')
      .at(-1) ?? ''
  )
}
