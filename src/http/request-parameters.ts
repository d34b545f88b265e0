import type { Metadata } from '../conversion/metadata.ts';
import type { SendOptions } from '../distribution/send-options.ts';
import { Header } from '../message/message-headers.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { type ParameterConverter, parameterConverter } from '../parameter/parameter-converter.ts';

// What the methods of the bus take, computed from a request's message.

/** The body, as the bytes that came in. */
export function body(): ParameterConverter<unknown> {
  return parameterConverter(
    'body',
    () =>
      ({ message }) =>
        message.payload,
  );
}

/** The headers that are the caller's own. */
export function metadata(): ParameterConverter<Metadata> {
  return parameterConverter('metadata', () => ({ message }) => {
    const own: Record<string, unknown> = {};
    for (const name of Object.keys(message.headers)) if (!isReservedHeader(name)) own[name] = message.headers[name];
    return own;
  });
}

/** What the caller decided beside body and metadata, the wanted media type included. */
export function sendOptions(): ParameterConverter<SendOptions> {
  return parameterConverter('options', () => ({ message: { headers } }) => ({
    id: headers[Header.id] as string | undefined,
    correlationId: headers[Header.correlationId] as string | undefined,
    deliveryDelay: headers[Header.deliveryDelay] as number | undefined,
    timeToLive: headers[Header.timeToLive] as number | undefined,
    priority: headers[Header.priority] as number | undefined,
    sourceMediaType: headers[Header.contentType] as string | undefined,
    targetMediaType: headers[Header.targetMediaType] as string | undefined,
  }));
}
