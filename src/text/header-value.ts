const plain = /^(?:[\x21-\x24\x26-\x7e](?:[\x20-\x24\x26-\x7e]*[\x21-\x24\x26-\x7e])?)?$/;

// Everything but visible ASCII, a percent sign, which would be taken for the beginning of such a code, and a space that
// does not stand between visible characters.
const unsafe = /[^\x21-\x7e ]+|%|^ +| +$/gu;

const unsafeButPercent = /[^\x21-\x7e ]+|^ +| +$/gu;

/**
 * Writes a text as the value of a request header: characters that HTTP does not allow there are percent-encoded as
 * UTF-8, and so is the percent sign, so that decoding gives the same text. Nothing in the text can end the header.
 */
export function encodeHeaderValue(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, percentEncode);
}

/**
 * Reads a value that `encodeHeaderValue` has written. A value that it would have written in another form is a text that
 * its sender never encoded, and is returned as it is: `100%`, `a%20b`, `%41`.
 */
export function decodeHeaderValue(value: string): string {
  if (!value.includes('%')) return value;
  try {
    const text = decodeURIComponent(value);
    return encodeHeaderValue(text) === value ? text : value;
  } catch {
    return value;
  }
}

/** Writes a text in whose own format a percent sign has a meaning, as in W3C Baggage. Nothing in it can end the header. */
export function encodeEncodedValue(text: string): string {
  return plain.test(text) ? text : text.replace(unsafeButPercent, percentEncode);
}

function percentEncode(found: string): string {
  return encodeURIComponent(found.toWellFormed());
}
