import type { ConversionService } from '../conversion/conversion-service.ts';
import { assertJson, type ParsedJson } from '../conversion/json/json-converter.ts';
import { keepParsed } from '../conversion/json/parsed-messages.ts';
import { isJson, isPhp, type MediaType, toContentType, valueMediaType } from '../conversion/media-type.ts';
import { sendableMediaType } from '../conversion/sendable-media-type.ts';
import { LittoralError } from '../errors.ts';
import type { HandlerRegistry, RegisteredHandler } from '../handler/handler-registry.ts';
import type { Message } from '../message/message.ts';
import type { MaybePromise } from '../promise/maybe-promise.ts';
import { describeValue } from '../text/describe-value.ts';
import { transportToMessage } from '../wire/transport-to-message.ts';
import { outboundMessage } from './outbound-message.ts';
import type { BusMessage } from './publish-on-bus.ts';
import { assertKeys, bytesOf } from './send-checks.ts';
import { type SendRequest, targetOf } from './send-request.ts';

export interface BusMessageOptions {
  /** The service that sends. */
  readonly service: string;
  readonly conversion: ConversionService;
  readonly registry: HandlerRegistry;
  readonly defaultSerializationMediaType: string;
  /** True if PHP-serialized payloads may be sent. */
  readonly allowPhpSerialized: boolean;
}

/**
 * Checks a request, converts its payload, and returns the message to publish. This is a separate function, so that a
 * parsed body is freed before the confirm arrives.
 *
 * @param cause the message whose handler sends the request, if there is one
 * @throws LittoralError the errors of `DistributedBus` that precede sending
 */
export function requestToBusMessage(
  request: SendRequest,
  cause: Message | undefined,
  options: BusMessageOptions,
): MaybePromise<BusMessage> {
  assertKeys(request);
  const { service, conversion, registry, allowPhpSerialized } = options;
  const { body, mediaType } = encodePayload(request, options);
  if (isPhp(mediaType) && !allowPhpSerialized) throw phpRefused(mediaType);
  const parsed = isJson(mediaType) ? assertJson(body, mediaType) : undefined;
  const outbound = { request, body, contentType: toContentType(mediaType), cause };
  const message = outboundMessage(outbound, service, conversion);
  const { kind: payloadType, timeToLiveMs: timeToLive } = request;
  const busMessage = { payloadType, target: targetOf(request), message, timeToLive };
  const handlers = ownHandlers(request, registry, service);
  // Most messages are for other services, so no promise is created for them.
  return handlers.length === 0 ? busMessage : checkWithHandlers(busMessage, parsed, handlers);
}

/** An encoded payload with its media type. */
interface Encoded {
  readonly body: Uint8Array;
  readonly mediaType: MediaType;
}

function encodePayload(
  { payload, contentType, convertTo }: SendRequest,
  { conversion, defaultSerializationMediaType }: BusMessageOptions,
): Encoded {
  if (contentType !== undefined && convertTo === undefined) {
    return { body: bytesOf(payload), mediaType: sendableMediaType(contentType) };
  }
  const source = contentType === undefined ? valueMediaType : sendableMediaType(contentType);
  const target = sendableMediaType(convertTo ?? defaultSerializationMediaType);
  const body = conversion.convert(payload, source, target);
  if (body instanceof Uint8Array) return { body, mediaType: target };
  throw new LittoralError(
    'not-convertible',
    `The payload was converted from ${source.text} to ${target.text}, and is ${describeValue(body)}, not bytes.`,
  );
}

/** Returns the handlers of this gateway that get a message. */
function ownHandlers(
  { kind, destination, routingKey }: SendRequest,
  registry: HandlerRegistry,
  service: string,
): readonly RegisteredHandler[] {
  if (kind === 'event') return registry.distributedEventHandlers(routingKey);
  const isOwn = kind === 'command' && destination === service;
  const handler = isOwn ? registry.distributedCommandHandler(routingKey) : undefined;
  return handler === undefined ? noHandlers : [handler];
}

const noHandlers: readonly RegisteredHandler[] = [];

/** Refuses a payload at once if a handler of this gateway would refuse it at delivery. */
async function checkWithHandlers(
  busMessage: BusMessage,
  parsed: ParsedJson | undefined,
  handlers: readonly RegisteredHandler[],
): Promise<BusMessage> {
  const asDelivered = transportToMessage(busMessage.message);
  if (parsed !== undefined) keepParsed(asDelivered, parsed);
  for (const handler of handlers) await handler.checkPayload(asDelivered);
  return busMessage;
}

function phpRefused({ essence }: MediaType): LittoralError {
  return new LittoralError(
    'unsupported-media-type',
    `${essence} is not sent: PHP services would unserialize it, which can create objects of any of their classes. ` +
      'Send application/json, or set allowPhpSerialized if all senders are trusted.',
  );
}
