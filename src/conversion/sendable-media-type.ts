import { LittoralError } from '../errors.ts';
import { describeValue } from '../text/describe-value.ts';
import { isValue, type MediaType, parseMediaType, toContentType } from './media-type.ts';

const maxBytes = 255;

/**
 * Parses the media type of a message that a caller sends.
 *
 * @throws LittoralError `unsupported-media-type` for a text that cannot be a content type, for ranges such as `text/*`,
 * and for `multipart/*`
 */
export function sendableMediaType(text: string): MediaType {
  const mediaType = typeof text === 'string' ? parseMediaType(text) : undefined;
  const issue = mediaType ? validateSendable(mediaType) : notOne;
  if (mediaType && issue === undefined) return mediaType;
  const found = typeof text === 'string' ? `"${text.slice(0, 64)}"` : describeValue(text);
  throw new LittoralError('unsupported-media-type', `${found} ${issue}.`);
}

/** Returns whether `sendableMediaType` accepts a text. */
export function isSendableMediaType(text: string): boolean {
  const mediaType = parseMediaType(text);
  return mediaType !== undefined && validateSendable(mediaType) === undefined;
}

const notOne = `is not a media type of at most ${maxBytes} bytes to send`;

function validateSendable(mediaType: MediaType): string | undefined {
  const { essence } = mediaType;
  if (essence.includes('*')) return 'stands for many media types; name the one to send, such as application/json';
  if (essence.startsWith('multipart/')) {
    return 'has parts, which no handler could take apart; send each as a message of its own, or fields as application/x-www-form-urlencoded';
  }
  // A value exists in memory only.
  return isValue(mediaType) || Buffer.byteLength(toContentType(mediaType)) > maxBytes ? notOne : undefined;
}
