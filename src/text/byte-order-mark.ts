/** The mark that some programs write before a text to name its encoding. It is no part of the text. */
export const byteOrderMark = '\ufeff';

/** Returns a text without a byte order mark in front. JSON may have one (RFC 8259 section 8.1). */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}
