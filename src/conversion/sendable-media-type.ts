import { LittoralError } from '../errors.ts';
import { describeValue } from './describe-value.ts';
import { isValue, type MediaType, parseMediaType } from './media-type.ts';

/** @throws LittoralError `unsupported-media-type` for what cannot travel as a content type */
export function sendableMediaType(text: string): MediaType {
  const mediaType = typeof text === 'string' ? parseMediaType(text) : undefined;
  // A value exists in memory only.
  if (mediaType && !isValue(mediaType) && Buffer.byteLength(text) <= 255) return mediaType;
  const found = typeof text === 'string' ? `"${text.slice(0, 64)}"` : describeValue(text);
  throw new LittoralError('unsupported-media-type', `${found} is not a media type of at most 255 bytes to send.`);
}
