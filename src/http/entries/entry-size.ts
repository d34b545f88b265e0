import { LittoralError } from '../../errors.ts';

/** Space for the other fields of an entry. */
const fieldBytes = 256 * 1024;

/** Returns the largest number of bytes that an entry takes. Text can take twice its bytes in JSON, base64 four thirds. */
export function maxEntryBytes(bodyLimit: number): number {
  return 2 * bodyLimit + fieldBytes;
}

/** @throws LittoralError `body-too-large` for an entry that is not worth reading */
export function assertEntrySize({ byteLength }: Uint8Array, bodyLimit: number): void {
  const maxBytes = maxEntryBytes(bodyLimit);
  if (byteLength > maxBytes) throw new LittoralError('body-too-large', `The entry is longer than ${maxBytes} bytes.`);
}
