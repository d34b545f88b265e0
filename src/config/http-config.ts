import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import Type, { type Static } from 'typebox';
import { validateProxy } from '../http/proxy-settings.ts';
import { maxShortStringBytes } from '../message/limits.ts';
import { isReservedHeader } from '../message/reserved-headers.ts';
import { isRecord } from '../schema/is-record.ts';
import { longestTimeoutMs } from '../time/timeout.ts';
import { type ManagementConfig, ManagementSchema, validateManagement } from './management-config.ts';
import { closed, type SameSettings } from './setting-types.ts';
import { type TlsConfig, TlsSchema, validateTls } from './tls-config.ts';

/** The HTTP server: its address, its limits, its proxies, and the headers that it takes from requests. */
export interface HttpConfig {
  /** The address to listen on. Default: 127.0.0.1. `HOST` overrides it. */
  host?: string | undefined;
  /** The port to listen on; 0 takes a free one. Default: 3000. `PORT` overrides it. */
  port?: number | undefined;
  /** HTTPS, optionally with client certificates. Default: none, plain HTTP. */
  tls?: TlsConfig | undefined;
  /**
   * A separate listener for health, metrics, endpoints, dead letters and documents. Default: none; one listener serves
   * all routes.
   */
  management?: ManagementConfig | undefined;
  /** The largest body in bytes; at most `broker.maxMessageBytes`. Default: 1 MiB. */
  bodyLimit?: number | undefined;
  /**
   * The largest body of a batch in bytes. The payload of each of its entries has at most `bodyLimit` bytes. Default: 16
   * MiB.
   */
  batchBodyLimit?: number | undefined;
  /** Maximum number of entries of a batch. Default: 10,000. */
  batchMaxEntries?: number | undefined;
  /** Maximum number of open streams; beyond it: 429. Default: 100. */
  maxStreams?: number | undefined;
  /**
   * Maximum number of bytes of all request bodies in memory, each from its first byte until its answer, and of answers to
   * batches until they are read; beyond it: 429. At least `bodyLimit` and `batchBodyLimit`. Default: 32 MiB, or the larger
   * one of these if that is more.
   */
  maxInFlightBytes?: number | undefined;
  /**
   * Minimum pace of a body. It is cut off (408) after ten seconds plus one second each time that this number of bytes
   * has arrived. Default: 1024.
   */
  minBodyBytesPerSecond?: number | undefined;
  /**
   * Maximum number of connections, and of requests that wait for their answers. At the limit, a new
   * connection takes the place of one that has been idle for five seconds, or is refused (503). Default: 1000.
   */
  maxConnections?: number | undefined;
  /** Host names, beside those of loopback, under which browsers may reach this gateway. Default: none. */
  allowedHosts?: readonly string[] | undefined;
  /**
   * The path under which a proxy makes this gateway reachable, such as `/gateway`. Links, redirects and the OpenAPI
   * document then begin with it; requests are served with it and without. Default: none, or what a proxy of
   * `trustProxy` sends as `X-Forwarded-Prefix`.
   */
  basePath?: string | undefined;
  /**
   * Addresses or networks of proxies, such as `10.0.0.0/8`, whose `X-Forwarded-Host`, `-Proto` and `-Prefix` are
   * trusted. A program that can send from these addresses can forge the address by which a browser reached this
   * gateway. Default: none.
   */
  trustProxy?: readonly string[] | undefined;
  /**
   * Request headers that become message headers: `{ 'x-tenant-id': 'tenantId' }`. A caller cannot set such a message
   * header in any other way. Default: none.
   */
  forwardHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * The request header that separates the idempotency keys of several tenants. With it, `Message-Id` is refused,
   * because it could reuse the id of another tenant's message. Default: none, one space for all.
   */
  idempotencyScopeHeader?: string | undefined;
  /**
   * Milliseconds that a shutdown keeps the port open while `/readyz` and every request to send already get 503, so that
   * a load balancer stops sending requests in time; 0 closes it at once. It is a part of `shutdownTimeoutMs`, and must
   * be less. Default: 1 s, at most an eighth of `shutdownTimeoutMs`: a quiet cluster has removed the gateway by then,
   * and Ctrl-C still ends the process soon.
   */
  drainDelayMs?: number | undefined;
  /**
   * The token that requests about dead letters must send, as `Authorization: Bearer …`. At least 16 visible ASCII
   * characters. Default: none; dead letters are then shown on loopback only. `ADMIN_TOKEN` or `ADMIN_TOKEN_FILE`
   * overrides it.
   */
  adminToken?: string | undefined;
}

/** The schema of `http`, as far as a schema can express it. */
export const HttpSchema = Type.Object(
  {
    host: Type.Optional(Type.String({ minLength: 1 })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    tls: Type.Optional(TlsSchema),
    management: Type.Optional(ManagementSchema),
    bodyLimit: Type.Optional(Type.Integer({ minimum: 1 })),
    batchBodyLimit: Type.Optional(Type.Integer({ minimum: 1 })),
    batchMaxEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    maxStreams: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    maxInFlightBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    minBodyBytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
    maxConnections: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    allowedHosts: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    basePath: Type.Optional(Type.String()),
    trustProxy: Type.Optional(Type.Array(Type.String())),
    forwardHeaders: Type.Optional(Type.Record(Type.String(), Type.String({ minLength: 1 }))),
    idempotencyScopeHeader: Type.Optional(Type.String({ minLength: 1 })),
    drainDelayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: longestTimeoutMs })),
    adminToken: Type.Optional(Type.String()),
  },
  closed,
);

true satisfies SameSettings<HttpConfig, Static<typeof HttpSchema>>;

/** Validates what the schema cannot express, by the settings of this section alone. */
export function validateHttp(http: HttpConfig): string[] {
  const { adminToken, forwardHeaders, host, allowedHosts } = http;
  const issues: string[] = [];
  if (typeof adminToken === 'string' && !/^[!-~]{16,}$/.test(adminToken)) {
    issues.push('http.adminToken: has fewer than 16 characters, or one that is not visible ASCII');
  }
  if (isRecord(forwardHeaders)) issues.push(...validateForwardedHeaders(forwardHeaders));
  const hostIssue = typeof host === 'string' && host !== '' ? validateHost(host) : undefined;
  if (hostIssue) issues.push(`http.host: ${hostIssue}`);
  issues.push(...validateSecondListener(http));
  if (Array.isArray(allowedHosts)) issues.push(...validateAllowedHosts(allowedHosts));
  return [...issues, ...validateTls(http.tls), ...validateProxy(http)];
}

function validateSecondListener({ management, host = '127.0.0.1', port = 3000, tls }: HttpConfig): string[] {
  const issues = validateManagement(management, { host, port }, tls !== undefined);
  const own = isRecord(management) ? management.host : undefined;
  const hostIssue = typeof own === 'string' && own !== '' ? validateHost(own) : undefined;
  return hostIssue === undefined
    ? issues
    : [...issues, `http.management.host: ${hostIssue.replace('PORT (http.port)', 'http.management.port')}`];
}

function validateForwardedHeaders(headers: Readonly<Record<string, unknown>>): string[] {
  const issues: string[] = [];
  const names = new Set<string>();
  for (const [from, to] of Object.entries(headers)) {
    const path = `http.forwardHeaders.${from}`;
    const name = from.toLowerCase();
    if (names.has(name)) issues.push(`${path}: is named twice, in upper and in lower case`);
    names.add(name);
    if (typeof to !== 'string') continue;
    if (isReservedHeader(to)) issues.push(`${path}: the message header '${to}' is reserved`);
    else if (Buffer.byteLength(to) > maxShortStringBytes)
      issues.push(`${path}: is longer than ${maxShortStringBytes} bytes`);
  }
  return issues;
}

/**
 * Returns the issue of `http.host`, as a clause that does not quote it, because it can be a secret by mistake.
 */
function validateHost(host: string): string | undefined {
  if (isIP(host) !== 0) return undefined;
  if (/^\[.*\]$/.test(host)) return 'has brackets; an IPv6 address stands here without them, such as ::1';
  if (host === '*') return 'is *; write 0.0.0.0 for all addresses of IPv4, and :: for all of IPv6';
  if (host.includes('/')) return 'has a scheme or a path; write the address or the name alone';
  if (/:\d*$/.test(host)) return 'has a port; write the address or the name alone, and the port as PORT (http.port)';
  return /^[^\s:@[\]]+$/.test(host) && domainToASCII(host) !== '' ? undefined : 'is neither an address nor a name';
}

function validateAllowedHosts(names: readonly unknown[]): string[] {
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || !/[:/]/.test(name) || isIP(name) !== 0) return [];
    return [`http.allowedHosts.${index}: is not a host name without port`];
  });
}
