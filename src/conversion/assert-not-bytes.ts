import { LittoralError } from '../errors.ts';
import type { MediaType } from './media-type.ts';

/** @throws LittoralError `unsupported-media-type` for bytes, because bytes without a media type cannot be converted */
export function assertNotBytes(value: unknown, target: MediaType): void {
  if (!(value instanceof Uint8Array)) return;
  throw new LittoralError('unsupported-media-type', `No converter from bytes to ${target.text}.`);
}
