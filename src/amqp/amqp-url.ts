import type { Options } from 'amqplib';
import { LittoralError } from '../errors.ts';

/** A parsed broker address. */
export interface AmqpAddress {
  readonly connect: Options.Connect;
  /** The address as it may be shown: without user and password. */
  readonly display: string;
}

/**
 * Parses an AMQP URI (RabbitMQ, "RabbitMQ URI Specification"): `amqp://` or `amqps://`, user, password, host, port, vhost.
 *
 * @throws LittoralError `invalid-configuration`, which never repeats the text: it may hold a password
 */
export function parseAmqpUrl(text: string): AmqpAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') || url.hostname === '') {
    throw invalid('not an AMQP URL; expected amqp://user:password@host:5672/vhost, or amqps:// for TLS');
  }
  const protocol = url.protocol.slice(0, -1);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const connect: Options.Connect = {
    protocol,
    hostname,
    port: url.port === '' ? (protocol === 'amqp' ? 5672 : 5671) : Number(url.port),
    // amqplib decodes the vhost once more; an empty path is the default vhost.
    vhost: url.pathname.length > 1 ? url.pathname.slice(1) : '%2F',
  };
  if (url.username !== '' || url.password !== '') {
    connect.username = decoded(url.username);
    connect.password = decoded(url.password);
  }
  return { connect, display: `${protocol}://${url.host}${url.pathname}` };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('a broken percent-encoding in the user or password of the AMQP URL');
  }
}

function invalid(fault: string): LittoralError {
  return new LittoralError('invalid-configuration', fault);
}
