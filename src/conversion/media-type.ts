import { safeParse } from 'fast-content-type-parse';

/** A parsed content type (RFC 9110 section 8.3.1). */
export interface MediaType {
  /** The whole text, unchanged. */
  readonly text: string;
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** The `charset` parameter in lower case, if there is one. */
  readonly charset: string | undefined;
}

/** The media type of a decoded payload: a JavaScript value in memory, never on the wire. */
export const valueMediaType: MediaType = { text: 'application/x-js', essence: 'application/x-js', charset: undefined };

// Few media types are in use at a time, and one caller must not fill the memory with many.
const parsed = new Map<string, MediaType | undefined>();
const maxRemembered = 256;

/**
 * @param text a `Content-Type`
 * @returns undefined if the text is not a media type: no slash, not a token, a broken parameter
 */
export function parseMediaType(text: string): MediaType | undefined {
  if (parsed.has(text)) return parsed.get(text);
  const { type, parameters } = safeParse(text);
  const mediaType = type === '' ? undefined : { text, essence: type, charset: parameters.charset?.toLowerCase() };
  if (parsed.size >= maxRemembered) parsed.clear();
  parsed.set(text, mediaType);
  return mediaType;
}

/** Names that not all programs know, with the name that they all know. */
const sameAs: Readonly<Record<string, string>> = { 'text/json': 'application/json', 'text/xml': 'application/xml' };

/** Returns the name of a media type that all programs know, if there is one with the same meaning. */
export function commonEssence(essence: string): string {
  return Object.hasOwn(sameAs, essence) ? (sameAs[essence] as string) : essence;
}

const contentTypes = new WeakMap<MediaType, string>();

/**
 * Writes a media type as a content type for others, some of which compare it as text (Ecotone): type and names of
 * parameters in lower case, no white space, quotes only where they are needed, the first of equal parameters,
 * `application/json` for `text/json` and `application/xml` for `text/xml`. Values of parameters keep their case.
 */
export function toContentType(mediaType: MediaType): string {
  const known = contentTypes.get(mediaType);
  if (known !== undefined) return known;
  const parameters = Object.entries(safeParse(mediaType.text).parameters);
  const contentType = [commonEssence(mediaType.essence), ...parameters.map(toParameter)].join(';');
  contentTypes.set(mediaType, contentType);
  return contentType;
}

// RFC 9110 section 5.6.2.
const token = /^[!#$%&'*+.^_`|~\w-]+$/;

function toParameter([name, value]: readonly [string, string]): string {
  return token.test(value) ? `${name}=${value}` : `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
}

/** Returns whether a media type is JSON, by its name or by the structured suffix `+json` (RFC 6839 section 3.1). */
export function isJson({ essence }: MediaType): boolean {
  return essence === 'application/json' || essence === 'text/json' || essence.endsWith('+json');
}

/** Returns whether a media type is XML, by its names or by the structured suffix `+xml` (RFC 7303). */
export function isXml({ essence }: MediaType): boolean {
  return essence === 'application/xml' || essence === 'text/xml' || essence.endsWith('+xml');
}

export function isForm({ essence }: MediaType): boolean {
  return essence === 'application/x-www-form-urlencoded';
}

export function isText({ essence }: MediaType): boolean {
  return essence === 'text/plain';
}

/** Returns whether a media type is Ecotone's name for the output of PHP's `serialize`. */
export function isPhpSerialized({ essence }: MediaType): boolean {
  return essence === 'application/x-php-serialized';
}

/** Returns whether a receiver may call PHP's `unserialize`: `application/x-php-serialized` and similar media types. */
export function isPhp({ essence }: MediaType): boolean {
  return /^application\/(x[-.]|vnd\.)?php/.test(essence);
}

export function isBytes({ essence }: MediaType): boolean {
  return essence === 'application/octet-stream';
}

export function isValue({ essence }: MediaType): boolean {
  return essence === valueMediaType.essence;
}
