const MAX_QUOTED = 40
const MAX_LISTED = 10

/** A value as an error message shows it: `"n/a"`, `empty`; long ones are cut. */
export function quote(text: string): string {
  if (text === '') return 'empty'
  return text.length > MAX_QUOTED ? `"${text.slice(0, MAX_QUOTED)}…"` : `"${text}"`
}

/** `a, b, c`, at most ten of them. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ')
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown
}

/** `1 row`, `2 rows`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
