import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { LittoralError } from '../errors.ts';
import { isLoopback } from './loopback.ts';
import { hostNameOf, type PublicAddress } from './public-address.ts';

export interface OriginGuardOptions {
  /** The address that the gateway listens on. */
  readonly host: string;
  /** Host names under which browsers may reach it, beside those of loopback. */
  readonly allowedHosts: readonly string[];
  /** Returns the address by which a caller reached it. */
  readonly publicAddress: (request: FastifyRequest['raw']) => PublicAddress;
}

/**
 * Returns a check that rejects requests of web pages of other sites: cross-site request forgery (CSRF), and DNS
 * rebinding, where a foreign host name resolves to this machine. A browser can reach a gateway on loopback, and any
 * page can make it send. Programs that are not browsers send neither `Origin` nor `Sec-Fetch-Site`.
 *
 * @returns a function that throws LittoralError `cross-site`
 */
export function originGuard({
  host,
  allowedHosts,
  publicAddress,
}: OriginGuardOptions): (request: FastifyRequest) => void {
  const onLoopback = isLoopback(host);
  const allowed = new Set([...allowedHosts, host].map((name) => name.toLowerCase()));

  return (request) => {
    const { headers, method, raw } = request;
    const { origin } = headers;
    const address = publicAddress(raw);
    const site = headers['sec-fetch-site'];
    const fromBrowser = origin !== undefined || site !== undefined;
    const name = hostNameOf(address.authority);
    // A page can point a name of its own at this address (DNS rebinding): then only the host's name gives it away.
    // Browsers always send a Host header; an HTTP/1.0 request without one comes from a program.
    const known = name === '' || isLoopback(name) || allowed.has(name) || (!onLoopback && isIP(name) !== 0);
    // For a page under its own name, a browser sends neither header with a read request.
    const isReading = (method === 'GET' || method === 'HEAD') && !isHealth(request);
    if (!known && (onLoopback || fromBrowser || isReading)) {
      throw foreign(`The host '${name}' is not one of this gateway; add it to http.allowedHosts if it is.`);
    }
    if (origin !== undefined && !isSameOrigin(origin, address)) {
      throw foreign(
        `The request comes from a page of another origin than ${address.protocol ?? 'http'}://${address.authority}, the address in the request. A proxy that changes Host must send X-Forwarded-Host and X-Forwarded-Proto, and be listed in http.trustProxy.`,
      );
    }
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation(method, headers)) {
      throw foreign('The request comes from a page of another site.');
    }
  };
}

function isSameOrigin(origin: string, { authority, protocol }: PublicAddress): boolean {
  const [start = '', scheme] = /^(https?):\/\//.exec(origin) ?? [];
  if (scheme === undefined || (protocol !== undefined && scheme !== protocol)) return false;
  return withPort(origin.slice(start.length), scheme) === withPort(authority, scheme);
}

/** Browsers leave out the port of the protocol; other programs may write it. */
function withPort(authority: string, scheme: string): string {
  const name = authority.toLowerCase();
  return /:\d+$/.test(name) ? name : `${name}:${scheme === 'https' ? 443 : 80}`;
}

/** Following a link is harmless: the other page sees nothing of the answer. */
function isNavigation(method: string, headers: FastifyRequest['headers']): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Paths that orchestrators request under any host name, and that reveal nothing about the gateway. */
const healthPaths: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz']);

function isHealth({ routeOptions }: FastifyRequest): boolean {
  return healthPaths.has(routeOptions.url);
}

function foreign(detail: string): LittoralError {
  return new LittoralError('cross-site', detail);
}
