import { LittoralError } from '../../errors.ts';

/** Space for the other fields of an entry. */
const fieldBytes = 256 * 1024;

/** Returns the maximum length of an entry in bytes. JSON can double the length of a text, and base64 adds a third. */
export function maxEntryBytes(bodyLimit: number): number {
  return 2 * bodyLimit + fieldBytes;
}

/** @throws LittoralError `body-too-large` for an entry that is longer */
export function assertEntrySize({ byteLength }: Uint8Array, bodyLimit: number): void {
  const maxBytes = maxEntryBytes(bodyLimit);
  if (byteLength > maxBytes) throw new LittoralError('body-too-large', `The entry is longer than ${maxBytes} bytes.`);
}
