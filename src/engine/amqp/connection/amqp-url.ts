import type { Options } from 'amqplib';
import { LittoralError } from '../../../errors.ts';
import { validateQuery } from './amqp-url-query.ts';

/** A parsed broker address. */
export interface AmqpAddress {
  readonly connect: Options.Connect;
  /** Decoded. */
  readonly vhost: string;
  /** The address as it may be shown: without user and password. */
  readonly display: string;
}

/**
 * Parses an AMQP URI (RabbitMQ, "RabbitMQ URI Specification"): `amqp://` or `amqps://`, user, password, host, port,
 * vhost.
 *
 * @throws LittoralError `invalid-configuration`, which never repeats the text: it may hold a password
 */
export function parseAmqpUrl(text: string): AmqpAddress {
  const issues = validateAmqpUrl(text);
  if (issues.length > 0) throw new LittoralError('invalid-configuration', issues.join('; '));
  const url = new URL(text.trim());
  const protocol = url.protocol.slice(0, -1);
  // An empty path is the default vhost.
  const vhost = url.pathname.length > 1 ? url.pathname.slice(1) : '%2F';
  const connect: Options.Connect = {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (protocol === 'amqp' ? 5672 : 5671) : Number(url.port),
    // amqplib decodes it once more.
    vhost,
  };
  if (url.username !== '' || url.password !== '') {
    connect.username = decodeURIComponent(url.username);
    connect.password = decodeURIComponent(url.password);
  }
  return { connect, vhost: decodeURIComponent(vhost), display: `${protocol}://${url.host}${url.pathname}` };
}

// The redaction of errors would remove user and password from a URL.
const expected = 'expected amqp://host:5672/vhost with user:password@ before the host, or amqps:// for TLS';

/** Validates an AMQP URL. Returns the issue of it, never a part of it that can be a password. */
export function validateAmqpUrl(text: string): string[] {
  const [, scheme = '', rest] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text.trim()) ?? [];
  if (rest === undefined) return [`not an AMQP URL; ${expected}`];
  if (!/^amqps?$/i.test(scheme))
    return [`not an AMQP URL, because its scheme is '${scheme.slice(0, 20)}'; ${expected}`];
  if (/\s|\p{Cc}/u.test(rest)) return ['white space or a control character in the AMQP URL; a space is written as %20'];
  const issue = validateAuthority(rest) ?? validateUrlParts(text.trim());
  if (issue !== undefined) return [issue];
  return validateQuery(new URL(text.trim()).searchParams);
}

/** Finds what a parser would take for something else than it is meant to be: in the end, for another host. */
function validateAuthority(rest: string): string | undefined {
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  if (rest.slice(authority.length).includes('@')) {
    return 'an @ after the host of the AMQP URL. In the user and password write / as %2F, ? as %3F and # as %23; in the vhost write @ as %40';
  }
  if (authority.indexOf('@') !== authority.lastIndexOf('@')) {
    return 'an @ in the user or password of the AMQP URL; write it as %40';
  }
  if (rest.includes('#')) return 'a # in the AMQP URL; write it as %23';
  // They would be taken for steps through folders.
  if (/\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(rest))
    return 'a vhost named . or .. in the AMQP URL, which no URL can express';
  const host = authority.slice(authority.indexOf('@') + 1);
  if (/^(?::\d*)?$/.test(host)) return `an AMQP URL without a host; ${expected}`;
  const port = /:(\d*)$/.exec(host)?.[1];
  if (port && (Number(port) < 1 || Number(port) > 65_535)) {
    return `the port ${port.slice(0, 10)} in the AMQP URL; a port is a number from 1 to 65535`;
  }
  return undefined;
}

function validateUrlParts(text: string): string | undefined {
  if (!URL.canParse(text)) {
    return 'an AMQP URL whose host or port is not valid. A port is a number, an IPv6 address stands in brackets, and in the user and password / is written as %2F';
  }
  const { username, password, hostname, pathname } = new URL(text);
  if (hostname.includes('%'))
    return 'a host in the AMQP URL with characters that no host name has; write an international name as xn--…';
  if (!isEncoded(username) || !isEncoded(password)) {
    return 'a broken percent-encoding in the user or password of the AMQP URL; write % as %25';
  }
  if (username === '' && password !== '') return 'a password without a user in the AMQP URL';
  return isEncoded(pathname) ? undefined : 'a broken percent-encoding in the vhost of the AMQP URL; write % as %25';
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
