import { LittoralError } from '../errors.ts';
import { isBytes, isValue } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';

/** `application/octet-stream`: bytes without a meaning. Every payload of bytes can be sent with it. */
export const octetStreamConverter: MediaTypeConverter = {
  name: 'octet-stream',
  matches: (source, target) => isBytes(target) || (isBytes(source) && isValue(target)),
  convert(payload, _source, target) {
    if (payload instanceof Uint8Array) return payload;
    throw new LittoralError('not-convertible', `Only bytes can be sent as ${target.text}.`);
  },
};
