import type { ConversionService } from '../conversion/conversion-service.ts';
import { type MediaType, toContentType, valueMediaType } from '../conversion/media-type.ts';
import { sendableMediaType } from '../conversion/sendable-media-type.ts';
import { inheritedFrom } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { newMessageId } from '../message/message-id.ts';
import { type Metadata, metadataToHeaders } from '../wire/metadata.ts';

/** Options of a command or event that stays in the process. */
export interface LocalSendOptions {
  /**
   * The media type of the payload, to which a value is converted before the handler gets it. Default: `text/plain` for
   * text, `application/octet-stream` for bytes, and for every other value the value itself.
   */
  readonly mediaType?: string | undefined;
  /** Headers for the handler. */
  readonly metadata?: Metadata | undefined;
}

/**
 * Makes the message of a command or event that stays in the process.
 *
 * @param cause the message whose handler sends it
 * @throws LittoralError `invalid-header`, `reserved-header`, `unsupported-media-type`, `not-convertible`
 */
export function localMessage(
  payload: unknown,
  { mediaType, metadata = {} }: LocalSendOptions,
  conversion: ConversionService,
  cause: Message | undefined,
): Message {
  const target = mediaType === undefined ? undefined : sendableMediaType(mediaType);
  const id = newMessageId();
  const inherited = cause && inheritedFrom(cause, metadata);
  const headers = Object.assign(metadataToHeaders(metadata, conversion, inherited?.headers), {
    [Header.id]: id,
    [Header.correlationId]: inherited?.correlationId ?? id,
    [Header.timestamp]: Math.floor(Date.now() / 1000),
    [Header.contentType]: target ? toContentType(target) : defaultMediaType(payload),
  });
  if (inherited?.parentId !== undefined) headers[Header.parentId] = inherited.parentId;
  const message = { headers, payload: encoded(payload, target, conversion) };
  return inherited?.arrived ? { ...message, arrived: inherited.arrived } : message;
}

function defaultMediaType(payload: unknown): string {
  if (typeof payload === 'string') return 'text/plain';
  return payload instanceof Uint8Array ? 'application/octet-stream' : valueMediaType.text;
}

/** Text and bytes are what their media type says; a value is converted to it, as it would be on its way to a broker. */
function encoded(payload: unknown, target: MediaType | undefined, conversion: ConversionService): unknown {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === 'string') return Buffer.from(payload);
  return target ? conversion.convert(payload, valueMediaType, target) : payload;
}
