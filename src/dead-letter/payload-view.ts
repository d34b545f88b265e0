import { isUtf8 } from 'node:buffer';

/** A payload for people and for JSON: text where it is text, else base64. */
export type PayloadView = ({ readonly text: string } | { readonly base64: string }) & {
  /** Whether there is more of it. Absent: no. */
  readonly truncated?: true;
};

// Whatever the content type says: it can be wrong, and what has such characters is not for reading.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/;

/** @param maxBytes how much of it. Default: all */
export function payloadView(body: Uint8Array, maxBytes = Number.POSITIVE_INFINITY): PayloadView {
  const shown = body.subarray(0, maxBytes);
  const rest = shown.length < body.length ? { truncated: true as const } : {};
  const text = isUtf8(body) ? textOf(shown) : undefined;
  if (text !== undefined && !unprintable.test(text)) return { text, ...rest };
  return { base64: Buffer.from(shown).toString('base64'), ...rest };
}

/** Without the character that the end cuts in two. */
function textOf(utf8: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8, { stream: true });
}
