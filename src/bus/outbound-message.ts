import type { ConversionService } from '../conversion/conversion-service.ts';
import { inheritedFrom } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header } from '../message/message-headers.ts';
import { newMessageId } from '../message/message-id.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { checkHeaderSize } from '../wire/header-size.ts';
import { metadataToHeaders } from '../wire/metadata.ts';
import { serviceQueue } from '../wire/service-queue.ts';
import { assertSendOptions } from './send-options.ts';
import { type SendRequest, targetOf } from './send-request.ts';

/**
 * The routing slip of a message. Without it, an Ecotone application that reads a plain queue acknowledges the message
 * and calls no handler.
 */
const distributedInvoke = 'ecotone.distributed.invoke';

/** A request whose payload is encoded. */
export interface Outbound {
  readonly request: SendRequest;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** The message whose handler sends this one, if there is one. */
  readonly cause?: Message | undefined;
}

/**
 * Creates the message for the engine, with the headers of Ecotone's distributed bus.
 *
 * @param service the service that sends the message
 * @param conversion converts the instances in the metadata into headers
 * @throws LittoralError `invalid-header`, `reserved-header`, `headers-too-large`
 */
export function outboundMessage(outbound: Outbound, service: string, conversion: ConversionService): TransportMessage {
  const { request, contentType, body, cause } = outbound;
  const { kind, routingKey, metadata = {}, priority } = request;
  assertSendOptions(request);
  const target = targetOf(request);
  const id = request.id ?? newMessageId();
  const inherited = cause && inheritedFrom(cause, metadata);
  const headers = metadataToHeaders(metadata, conversion, inherited?.headers);
  headers[Header.payloadType] = kind;
  headers[Header.routingKey] = routingKey;
  headers[Header.sourceServiceName] = service;
  headers[Header.serviceTarget] = target;
  headers[Header.id] = id;
  headers[Header.correlationId] = request.correlationId ?? inherited?.correlationId ?? id;
  headers[Header.timestamp] = Math.floor(Date.now() / 1000);
  headers[Header.contentType] = contentType;
  headers[Header.polledChannelName] = serviceQueue(service);
  headers[Header.routingSlip] = distributedInvoke;
  if (kind === 'command') headers[Header.targetServiceName] = target;
  if (inherited?.parentId !== undefined) headers[Header.parentId] = inherited.parentId;
  if (priority !== undefined) headers[Header.priority] = priority;
  checkHeaderSize(headers);
  return inherited?.arrived ? { headers, body, arrived: inherited.arrived } : { headers, body };
}
