import { LittoralError } from '../errors.ts';
import type { MediaType } from './media-type.ts';

/** @throws LittoralError `unsupported-media-type` for bytes: nothing says what they mean, so nothing else can be made of them */
export function assertNotBytes(value: unknown, target: MediaType): void {
  if (!(value instanceof Uint8Array)) return;
  throw new LittoralError('unsupported-media-type', `No converter from bytes to ${target.text}.`);
}
