import { safeParse } from 'fast-content-type-parse';

/** A parsed content type (RFC 9110 section 8.3.1). */
export interface MediaType {
  /** The whole text as it came. */
  readonly text: string;
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** The `charset` parameter in lower case, where there is one. */
  readonly charset: string | undefined;
}

/** What a payload is once decoded: a JavaScript value, in memory only. Never on the wire. */
export const valueMediaType: MediaType = { text: 'application/x-js', essence: 'application/x-js', charset: undefined };

// Few media types are in use at a time, and one caller must not fill the memory with many.
const parsed = new Map<string, MediaType | undefined>();
const maxRemembered = 256;

/**
 * @param text a `Content-Type`
 * @returns undefined when the text is not a media type: no slash, not a token, a broken parameter
 */
export function parseMediaType(text: string): MediaType | undefined {
  if (parsed.has(text)) return parsed.get(text);
  const { type, parameters } = safeParse(text);
  const mediaType = type === '' ? undefined : { text, essence: type, charset: parameters.charset?.toLowerCase() };
  if (parsed.size >= maxRemembered) parsed.clear();
  parsed.set(text, mediaType);
  return mediaType;
}

/** JSON by its own name or by the structured suffix `+json` (RFC 6839 section 3.1). */
export function isJson({ essence }: MediaType): boolean {
  return essence === 'application/json' || essence === 'text/json' || essence.endsWith('+json');
}

/** XML by its own names or by the structured suffix `+xml` (RFC 7303). */
export function isXml({ essence }: MediaType): boolean {
  return essence === 'application/xml' || essence === 'text/xml' || essence.endsWith('+xml');
}

export function isForm({ essence }: MediaType): boolean {
  return essence === 'application/x-www-form-urlencoded';
}

export function isText({ essence }: MediaType): boolean {
  return essence === 'text/plain';
}

/** What PHP's `serialize` writes, as Ecotone names it. */
export function isPhpSerialized({ essence }: MediaType): boolean {
  return essence === 'application/x-php-serialized';
}

export function isBytes({ essence }: MediaType): boolean {
  return essence === 'application/octet-stream';
}

export function isValue({ essence }: MediaType): boolean {
  return essence === valueMediaType.essence;
}
