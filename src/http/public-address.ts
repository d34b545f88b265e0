import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { isBasePath } from './proxy-settings.ts';

/** Under which address callers reach a gateway that stands behind a proxy. */
export interface ProxyOptions {
  /** The path that all paths of the gateway stand under; empty without one. */
  readonly basePath: string;
  /** Addresses and networks (`10.0.0.0/8`) of the proxies whose `X-Forwarded-…` headers are believed. */
  readonly trustProxy: readonly string[];
}

/** The address by which a caller reached the gateway, as far as the request says. */
export interface PublicAddress {
  /** The name and, where it is not that of the protocol, the port. Empty where none was sent. */
  readonly authority: string;
  /** That of a trusted proxy; `https` on a connection with TLS; undefined on another one, where no proxy says so. */
  readonly protocol: 'http' | 'https' | undefined;
  /** The prefix of every path; empty if there is none. */
  readonly prefix: string;
}

type Headers = FastifyRequest['headers'];

/**
 * Reads `X-Forwarded-Host`, `-Proto` and `-Prefix` of requests that come from a trusted proxy. One that is not a single
 * sound value is ignored like those of anybody else, and so is `Forwarded` (RFC 7239), which common proxies neither
 * write nor take away.
 */
export function publicAddressReader({
  basePath,
  trustProxy,
}: ProxyOptions): (request: FastifyRequest['raw']) => PublicAddress {
  if (trustProxy.length === 0) {
    return ({ headers, socket }) => ({
      authority: headers.host ?? '',
      protocol: protocolOf(socket),
      prefix: basePath,
    });
  }
  const isTrusted = addressMatcher(trustProxy);
  return ({ headers, socket }) => {
    const forwarded = isTrusted(socket.remoteAddress) ? headers : {};
    return {
      authority: forwardedHost(forwarded) ?? headers.host ?? '',
      protocol: forwardedProtocol(forwarded) ?? protocolOf(socket),
      // Many proxies forward the header of their callers, so it must not override the configuration.
      prefix: basePath === '' ? (forwardedPrefix(forwarded) ?? '') : basePath,
    };
  };
}

/** Returns the host of an authority in lower case, without its port and the brackets of an IPv6 address. */
export function hostNameOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

/** A proxy that is not trusted can speak TLS to callers and plain HTTP to the gateway, but hardly the reverse. */
function protocolOf(socket: FastifyRequest['raw']['socket']): 'https' | undefined {
  return 'encrypted' in socket ? 'https' : undefined;
}

function forwardedHost(headers: Headers): string | undefined {
  const host = headers['x-forwarded-host'];
  return typeof host === 'string' && isAuthority(host) ? host : undefined;
}

function forwardedProtocol(headers: Headers): 'http' | 'https' | undefined {
  const protocol = String(headers['x-forwarded-proto']).toLowerCase();
  return protocol === 'http' || protocol === 'https' ? protocol : undefined;
}

function forwardedPrefix(headers: Headers): string | undefined {
  const prefix = headers['x-forwarded-prefix'];
  if (typeof prefix !== 'string') return undefined;
  const path = prefix.replace(/\/$/, '');
  return path === '' || isBasePath(path) ? path : undefined;
}

/** A name or an address, with or without a port (RFC 3986 section 3.2.2). */
function isAuthority(text: string): boolean {
  return /^(?:[a-z0-9_-](?:[a-z0-9._-]{0,253})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i.test(text);
}

function addressMatcher(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const type = familyOf(address);
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return (address) => {
    if (address === undefined) return false;
    // A socket for both families writes addresses of IPv4 so.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(plain) !== 0 && list.check(plain, familyOf(plain));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

/**
 * Takes the base path away from the target of a request, for a proxy that passes it on. Requests without it come from
 * proxies that take it away, and from those that need no proxy.
 */
export function withoutBasePath(target: string, basePath: string): string {
  if (basePath === '' || !target.startsWith(basePath)) return target;
  const rest = target.slice(basePath.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : target;
}
