import { LittoralError } from '../errors.ts';
import { maxHeaderBytes } from '../message/limits.ts';
import type { HeaderValue } from './metadata.ts';

/** @throws LittoralError `headers-too-large` */
export function checkHeaderSize(headers: Readonly<Record<string, HeaderValue>>): void {
  // A character takes at most three bytes. Nearly all headers are far below the limit, and need no exact measurement.
  let most = 4;
  for (const name in headers) {
    const value = headers[name];
    most += 14 + 3 * (name.length + (typeof value === 'string' ? value.length : 0));
  }
  if (most <= maxHeaderBytes) return;
  let bytes = 4;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // A name: its length in one byte. A value: its type in one byte, a text's length in four, a number in eight.
    bytes += 2 + Buffer.byteLength(name) + (typeof value === 'string' ? 4 + Buffer.byteLength(value) : 8);
  }
  if (bytes > maxHeaderBytes) {
    throw new LittoralError(
      'headers-too-large',
      `The headers of the message take ${bytes} bytes; ${maxHeaderBytes} are allowed. Move large values into the payload.`,
    );
  }
}
