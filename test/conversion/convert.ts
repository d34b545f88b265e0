import { ConversionService } from '../../src/conversion/conversion-service.ts';
import { type MediaType, parseMediaType, valueMediaType } from '../../src/conversion/media-type.ts';

const service = new ConversionService();

export function mediaType(text: string): MediaType {
  const parsed = parseMediaType(text);
  if (parsed === undefined) throw new Error(`${text} is not a media type`);
  return parsed;
}

/** Bytes of a media type as the value that they stand for, by the built-in converters. */
export function decode(bytes: string | Uint8Array, contentType: string): unknown {
  return service.convert(
    typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
    mediaType(contentType),
    valueMediaType,
  );
}

/** A value as the text of a media type, by the built-in converters. */
export function encode(value: unknown, contentType: string): string {
  return Buffer.from(service.convert(value, valueMediaType, mediaType(contentType)) as Uint8Array).toString('utf8');
}

/** From one media type to another, as text. */
export function convert(text: string, source: string, target: string): string {
  const bytes = service.convert(Buffer.from(text), mediaType(source), mediaType(target));
  return Buffer.from(bytes as Uint8Array).toString('utf8');
}
