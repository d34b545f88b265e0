import { startTestGateway } from 'littoral/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { portOf } from '../http/exchange.ts';
import { openQueue } from '../http/gateway-fixture.ts';
import { keepingRules, nginxRules, type ProxyRules, startProxy, strippingRules } from './documented-proxy.ts';
import { blocksOf, readPage } from './page-code.ts';

const blocks = blocksOf(readPage('docs/proxies.md'));

/** The settings of the gateway and of the proxy that stand under one heading. */
function section(language: string, marker: string): { config: Config; proxy: string } {
  const index = blocks.findIndex((block) => block.language === language && block.lines.join('\n').includes(marker));
  const text = (at: number) => blocks[at]?.lines.join('\n') ?? '';
  return { config: JSON.parse(text(index - 1)), proxy: text(index) };
}

const nginx = section('nginx', 'location');
const traefik = section('yaml', 'routers:');
const ingress = section('yaml', 'kind: Ingress');

/** A gateway behind a proxy, which runs on this machine here. */
async function open({ http, ...config }: Config, rules: ProxyRules) {
  const trustProxy = http?.trustProxy === undefined ? {} : { trustProxy: ['127.0.0.1'] };
  const settings = { ...config, http: { ...http, ...trustProxy, allowedHosts: ['localhost', '127.0.0.1'] } };
  const gateway = await startTestGateway(settings, { otherServices: [] });
  onTestFinished(() => gateway.stop());
  const port = await startProxy(rules, await portOf(gateway));
  return { gateway, base: `http://127.0.0.1:${port}/gateway`, origin: `http://127.0.0.1:${port}` };
}

function withoutBasePath({ http, ...config }: Config): Config {
  const { basePath: _, ...rest } = http ?? {};
  return { ...config, http: rest };
}

const setups: [name: string, config: Config, rules: ProxyRules][] = [
  ['nginx', nginx.config, nginxRules(nginx.proxy)],
  ['nginx without http.basePath', withoutBasePath(nginx.config), strippingRules('/gateway')],
  ['Traefik', traefik.config, keepingRules('/gateway')],
  ['Traefik with stripPrefix', withoutBasePath(traefik.config), strippingRules('/gateway')],
  ['a Kubernetes ingress', ingress.config, keepingRules('/gateway')],
  ['a proxy that is not trusted', { service: 'billing', http: { basePath: '/gateway' } }, keepingRules('/gateway')],
];

describe.each(setups)('behind %s', (_, config, rules) => {
  test('finds all that Swagger UI needs, wherever its page was opened', async () => {
    const { base } = await open(config, rules);
    for (const page of [`${base}/docs`, `${base}/docs/`, `${base}/docs/static/index.html`]) {
      const opened = await fetch(page);
      expect(opened.status, page).toBe(200);
      const links = [...(await opened.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
      expect(links.length).toBeGreaterThan(4);
      for (const link of links) {
        const url = new URL(link, opened.url);
        expect(url.pathname).toMatch(/^\/gateway\/docs\/static\//);
        expect((await fetch(url)).status, url.href).toBe(200);
      }
    }
  });

  test('sends by "Try it out", and not for a page of another origin', async () => {
    const { base, origin, gateway } = await open(config, rules);
    const messages = openQueue(gateway, 'orders', ['*']);
    for (const document of [`${base}/docs/json`, `${base}/openapi.json`]) {
      const { servers } = (await (await fetch(document)).json()) as { servers: { url: string }[] };
      // As Swagger UI does it: relative to where the document was read from.
      const server = new URL(servers[0]?.url ?? '', document).href;
      expect(server).toBe(base);
      const headers = { origin, 'sec-fetch-site': 'same-origin' };
      const url = `${server}/events/${encodeURIComponent('order/placed')}`;
      expect((await fetch(url, { method: 'POST', headers })).status).toBe(202);
      for (const other of ['http://127.0.0.1', 'http://evil.example']) {
        expect((await fetch(url, { method: 'POST', headers: { origin: other } })).status, other).toBe(403);
      }
    }
    expect(messages().map(({ headers }) => headers['ecotone.distributed.routingKey'])).toEqual([
      'order/placed',
      'order/placed',
    ]);
  });

  test('believes no caller by which address it came', async () => {
    const { base } = await open(config, rules);
    const hostile = { 'x-forwarded-prefix': '/evil', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    const { servers } = (await (await fetch(`${base}/openapi.json`, { headers: hostile })).json()) as {
      servers: { url: string }[];
    };
    expect(servers[0]?.url).toBe('/gateway');
    const page = { ...hostile, origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' };
    expect((await fetch(`${base}/events/a`, { method: 'POST', headers: page })).status).toBe(403);
  });
});

test('lets batches and streams pass through nginx', () => {
  const [, batch = ''] = /location \/gateway\/ \{([^}]*)\}/.exec(nginx.proxy) ?? [];
  expect(batch).toContain(
    `client_max_body_size ${resolveConfig({ service: 'a' }, {}).http.batchBodyLimit / 2 ** 20}m;`,
  );
  const [, stream = ''] = /location = \/gateway\/stream \{([^}]*)\}/.exec(nginx.proxy) ?? [];
  for (const directive of ['client_max_body_size 0', 'proxy_request_buffering off', 'client_body_timeout']) {
    expect(stream).toContain(directive);
  }
});

test('routes what the gateway calls its base path, on every page of a proxy', () => {
  for (const { config, proxy } of [nginx, traefik, ingress]) {
    expect(config.http?.basePath).toBe('/gateway');
    expect(proxy).toContain('/gateway');
    expect(proxy).toContain('shop.example');
    expect(config.http?.allowedHosts).toEqual(['shop.example']);
  }
});
