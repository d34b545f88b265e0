import { isUtf8 } from 'node:buffer';

/** A payload for people and for JSON: text where it is text, else base64. */
export type PayloadView = ({ readonly text: string } | { readonly base64: string }) & {
  /** True if this is only the beginning. Absent otherwise. */
  readonly truncated?: true;
};

// This ignores the content type, which can be wrong. A text with such characters is not readable.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/;

/** @param maxBytes the maximum number of bytes to show. Default: all */
export function payloadView(body: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): PayloadView {
  const shown = body.subarray(0, maxBytes);
  const rest = shown.length < body.length ? { truncated: true as const } : {};
  const text = isUtf8(body) ? textOf(shown) : undefined;
  if (text !== undefined && !unprintable.test(text)) return { text, ...rest };
  return { base64: Buffer.from(shown).toString('base64'), ...rest };
}

/** Decodes text without the character that the end cuts in two. */
function textOf(utf8: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8, { stream: true });
}
