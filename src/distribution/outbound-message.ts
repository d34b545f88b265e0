import type { ConversionService } from '../conversion/conversion-service.ts';
import { type Metadata, metadataToHeaders } from '../conversion/metadata.ts';
import { inheritedFrom } from '../message/inherited-headers.ts';
import type { Message } from '../message/message.ts';
import { Header, type PayloadType } from '../message/message-headers.ts';
import { newMessageId } from '../message/message-id.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import { checkHeaderSize } from './header-size.ts';
import { checkSendOptions, type SendOptions } from './send-options.ts';
import { serviceQueue } from './service-queue.ts';

/** Without it, an Ecotone application that reads a plain queue acknowledges the message and calls no handler. */
const distributedInvoke = 'ecotone.distributed.invoke';

/** All that makes one message of the distributed bus. */
export interface Outbound {
  readonly payloadType: PayloadType;
  /** The key on the bus: the target service, or the event's own routing key. */
  readonly target: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly metadata: Metadata;
  readonly options: SendOptions;
  /** The message whose handler sends it, where there is one. */
  readonly cause?: Message | undefined;
}

/**
 * Makes the message that travels, with the headers that Ecotone's distributed bus gives it.
 *
 * @param service the service that sends it
 * @param conversion makes headers of the instances in the metadata
 * @throws LittoralError `invalid-header`, `reserved-header`, `headers-too-large`
 */
export function outboundMessage(outbound: Outbound, service: string, conversion: ConversionService): TransportMessage {
  const { payloadType, target, routingKey, contentType, metadata, options, body, cause } = outbound;
  checkSendOptions(options);
  const id = options.id ?? newMessageId();
  const inherited = cause && inheritedFrom(cause, metadata);
  const headers = Object.assign(metadataToHeaders(metadata, conversion, inherited?.headers), {
    [Header.payloadType]: payloadType,
    [Header.routingKey]: routingKey,
    [Header.sourceServiceName]: service,
    [Header.serviceTarget]: target,
    [Header.id]: id,
    [Header.correlationId]: options.correlationId ?? inherited?.correlationId ?? id,
    [Header.timestamp]: Math.floor(Date.now() / 1000),
    [Header.contentType]: contentType,
    [Header.polledChannelName]: serviceQueue(service),
    [Header.routingSlip]: distributedInvoke,
  });
  if (payloadType === 'command') headers[Header.targetServiceName] = target;
  if (inherited?.parentId !== undefined) headers[Header.parentId] = inherited.parentId;
  if (options.priority !== undefined) headers[Header.priority] = options.priority;
  checkHeaderSize(headers);
  return inherited?.arrived ? { headers, body, arrived: inherited.arrived } : { headers, body };
}
