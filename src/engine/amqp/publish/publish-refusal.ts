import { errorMessage, LittoralError } from '../../../errors.ts';
import { busExchange } from '../../broker/bus-exchange.ts';
import type { Address } from '../../publication.ts';
import { replyCode } from '../broker-replies.ts';

/** An exchange and a key in it. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Returns the exchange and the routing key of an address. */
export function routeTo(to: Address | Route): Route {
  if ('bus' in to) return { exchange: busExchange, routingKey: to.bus };
  return 'queue' in to ? { exchange: '', routingKey: to.queue } : to;
}

/** The reason for which RabbitMQ closed a channel over a publish, read from its reply text. */
export interface PublishRefusal {
  /**
   * - `key`: the topic permissions of the user do not cover the routing key
   * - `exchange`: the user has no write permission on the exchange
   * - `absent`: there is no such exchange
   * - `size`: the body is larger than the broker's `max_message_size`
   */
  readonly kind: 'key' | 'exchange' | 'absent' | 'size';
  /** The broker's reply text. It can be cut off: AMQP has room for 255 bytes. */
  readonly text: string;
  /** The broker's `max_message_size`; only for kind `size`. */
  readonly maxBytes: number | undefined;
}

// RabbitMQ 3.x says "access to", 4.x "write access to".
const forms = [
  ['key', 403, /^ACCESS_REFUSED - (?:write )?access to topic '/],
  ['exchange', 403, /^ACCESS_REFUSED - (?:(?:write )?access to exchange|cannot publish to internal exchange) '/],
  ['absent', 404, /^NOT_FOUND - no exchange '/],
  ['size', 406, /^PRECONDITION_FAILED - message size \d+ is larger than (?:configured )?max size (\d+)/],
] as const;

/** Reads the error with which RabbitMQ closed a channel. Returns undefined if its text names no publish. */
export function readPublishRefusal(error: unknown): PublishRefusal | undefined {
  const code = replyCode(error);
  const [, text = ''] = /with message "([\s\S]*)"$/.exec(errorMessage(error)) ?? [];
  for (const [kind, itsCode, form] of forms) {
    const found = code === itsCode ? form.exec(text) : null;
    if (found) return { kind, text, maxBytes: found[1] === undefined ? undefined : Number(found[1]) };
  }
  return undefined;
}

/** Returns whether a refusal can refer to a publish. A text that was cut off can fit several. */
export function fitsRefusal(refusal: PublishRefusal, { exchange, routingKey }: Route, bytes: number): boolean {
  const { kind, text, maxBytes = 0 } = refusal;
  if (kind === 'size') return bytes > maxBytes;
  const quoted = `'${exchange === '' ? 'amq.default' : exchange}' in vhost '`;
  const expected = kind === 'key' ? `'${routingKey}' in exchange ${quoted}` : quoted;
  // Each text quotes the object of the refusal first.
  const said = text.slice(text.indexOf("'"));
  const isCut = said.endsWith('...') && Buffer.byteLength(text) >= 250;
  // The cut can split a character.
  const known = isCut ? said.slice(0, -3).replace(/\uFFFD+$/, '') : said;
  return known.startsWith(expected) || (isCut && expected.startsWith(known));
}

/** Returns the error for the publish that RabbitMQ refuses. */
export function refusedPublish(refusal: PublishRefusal, { exchange }: Route, bytes: number): LittoralError {
  const { kind, text, maxBytes } = refusal;
  switch (kind) {
    case 'size':
      return new LittoralError(
        'body-too-large',
        `The body has ${bytes} bytes; the broker takes ${maxBytes} at most. Send a smaller body, or raise max_message_size of the broker.`,
      );
    case 'absent':
      return new LittoralError(
        'broker-unavailable',
        `Nothing was sent: an exchange is missing, and is being declared again. RabbitMQ says: ${text}.`,
      );
    case 'exchange':
      if (exchange === busExchange) return new LittoralError('write-refused', `Nothing was sent: ${busRefusal(text)}.`);
      return notPermitted(text, 'set_permissions');
    case 'key':
      return notPermitted(text, 'set_topic_permissions');
  }
}

/** Returns why nothing at all can be published on the bus, and what to do. */
export function busRefusal(text: string): string {
  return (
    `the broker user may not write to the exchange '${busExchange}' (RabbitMQ says: ${text}). ` +
    'Allow it with rabbitmqctl set_permissions; the gateway tries again by itself'
  );
}

function notPermitted(text: string, command: string): LittoralError {
  return new LittoralError(
    'not-permitted',
    `Nothing was sent: the broker user may not write this message. RabbitMQ says: ${text}. ` +
      `Allow it with rabbitmqctl ${command}, or send to another destination.`,
  );
}
