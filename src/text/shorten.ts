/** Returns a text for an error or a list: the beginning of a long one, and always valid Unicode. */
export function shorten(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).toWellFormed()}…` : text.toWellFormed();
}
