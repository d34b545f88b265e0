import type { Attributes } from '@opentelemetry/api';
import { busExchange } from '../../engine/broker/bus-exchange.ts';
import type { Address } from '../../engine/publication.ts';
import { Header, type MessageHeaders } from '../../message/message-headers.ts';
import { shorten } from '../../text/shorten.ts';
import { destinationName } from '../metrics/destination-name.ts';

const maxLength = 255;

/** The names of OpenTelemetry's conventions for messaging, and of its part for RabbitMQ. */
export function messageAttributes(
  operation: 'send' | 'process' | 'settle',
  system: string,
  { exchange, routingKey, queue }: { readonly exchange: string; readonly routingKey: string; readonly queue?: string },
  headers: MessageHeaders,
): Attributes {
  return {
    'messaging.system': system,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': shorten(destinationName(exchange, routingKey, queue), maxLength),
    'messaging.rabbitmq.destination.routing_key': shorten(routingKey, maxLength),
    ...text('messaging.message.id', headers[Header.id]),
    ...text('messaging.message.conversation_id', headers[Header.correlationId]),
    ...text('littoral.routing_key', headers[Header.routingKey]),
  };
}

/** Returns the exchange and the routing key of an address. */
export function placeOf(to: Address): { readonly exchange: string; readonly routingKey: string } {
  return 'bus' in to ? { exchange: busExchange, routingKey: to.bus } : { exchange: '', routingKey: to.queue };
}

/** A sender may have written anything into a header. */
function text(name: string, value: unknown): Attributes {
  return typeof value === 'string' ? { [name]: shorten(value, maxLength) } : {};
}
