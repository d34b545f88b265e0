import { isUtf8 } from 'node:buffer';
import { LittoralError } from '../errors.ts';

/**
 * Reads the payload that a command sends: its argument, or standard input. A terminal is read only if the argument is
 * `-`.
 *
 * @param maxBytes maximum size
 * @throws LittoralError `body-too-large`
 */
export async function readPayload(
  argument: string | undefined,
  input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean | undefined },
  maxBytes: number,
): Promise<Uint8Array> {
  if (argument !== undefined && argument !== '-') return Buffer.from(argument);
  if (argument === undefined && input.isTTY) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new LittoralError('body-too-large', `Nothing was sent: the payload is larger than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Returns JSON for a text that begins like a JSON object, list or string; plain text for other text; else bytes. */
export function guessMediaType(payload: Uint8Array): string {
  if (!isUtf8(payload)) return 'application/octet-stream';
  const begin = Buffer.from(payload.subarray(0, 1024)).toString();
  return /^\ufeff?[ \t\r\n]*[{["]/.test(begin) ? 'application/json' : 'text/plain';
}
