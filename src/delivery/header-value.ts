// Everything but visible ASCII, a percent sign, which would be taken for the beginning of such a code, and a space that
// does not stand between visible characters.
const unsafe = /[^\x21-\x7e ]+|%|^ +| +$/gu;

/**
 * Writes a text as the value of a request header: characters that HTTP does not allow there are percent-encoded as
 * UTF-8, and so is the percent sign, so that decoding gives the same text. Nothing in the text can end the header.
 */
export function headerValue(text: string): string {
  return text.replace(unsafe, (found) => encodeURIComponent(found.toWellFormed()));
}
