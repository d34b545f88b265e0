import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a proxy does to a request, as its configuration says. */
export interface ProxyRules {
  /** The path as the gateway gets it; undefined for one that goes elsewhere. */
  readonly pathOf: (path: string) => string | undefined;
  /** Headers that the proxy sets, in lower case, whatever its caller sent. */
  readonly headersOf: (request: IncomingMessage) => Readonly<Record<string, string>>;
}

/**
 * A proxy in front of a gateway.
 *
 * @returns its port
 */
export async function startProxy({ pathOf, headersOf }: ProxyRules, gatewayPort: number): Promise<number> {
  const server = createServer((incoming, answer) => {
    const path = pathOf(incoming.url ?? '');
    if (path === undefined) return void answer.writeHead(404).end('not for the gateway');
    const headers = { ...incoming.headers, ...headersOf(incoming) };
    const { method } = incoming;
    const outgoing = request({ host: '127.0.0.1', port: gatewayPort, path, method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.once('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** The rules of a configuration of nginx whose headers are the same for each `location`. */
export function nginxRules(configuration: string): ProxyRules {
  const [, location = ''] = /location (\/\S*) \{/.exec(configuration) ?? [];
  const directives = [...configuration.matchAll(/^\s*(\S+) (.*);$/gm)].map(([, name, value = '']) => [
    name,
    value.split(' '),
  ]);
  const upstreams = directives.filter(([name]) => name === 'proxy_pass').map(([, value]) => value as string[]);
  for (const [upstream = ''] of upstreams) {
    if (!/^http:\/\/[^/]+$/.test(upstream)) throw new Error(`proxy_pass ${upstream} changes the path`);
  }
  const set = directives.filter(([name]) => name === 'proxy_set_header').map(([, value]) => value as string[]);
  return {
    pathOf: (path) => (path.startsWith(location) ? path : undefined),
    headersOf(incoming) {
      const entries = set.map(([name = '', value = '']) => [name.toLowerCase(), headerOf(value, incoming)] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== ''));
    },
  };
}

function headerOf(value: string, { headers }: IncomingMessage): string {
  if (value === '$http_host') return headers.host ?? '';
  if (value === '$scheme') return 'http';
  if (value.startsWith('$')) throw new Error(`the variable ${value} of nginx is not known here`);
  return value.replace(/^"(.*)"$/, '$1');
}

/**
 * The rules of Traefik and ingress-nginx, which keep the path and `Host`, and set these headers by themselves.
 *
 * @param prefix the path of their routes
 */
export function keepingRules(prefix: string): ProxyRules {
  return {
    pathOf: (path) => (path === prefix || path.startsWith(`${prefix}/`) ? path : undefined),
    headersOf: ({ headers }) => ({ 'x-forwarded-host': headers.host ?? '', 'x-forwarded-proto': 'http' }),
  };
}

/** The rules of Traefik with its middleware `stripPrefix`. */
export function strippingRules(prefix: string): ProxyRules {
  const { pathOf, headersOf } = keepingRules(prefix);
  return {
    pathOf: (path) => pathOf(path)?.slice(prefix.length),
    headersOf: (incoming) => ({ ...headersOf(incoming), 'x-forwarded-prefix': prefix }),
  };
}
