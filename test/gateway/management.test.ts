import { createServer } from 'node:net';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HttpConfig } from '../../src/config/http-config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { eventually } from '../broker/eventually.ts';
import { caught } from '../caught.ts';
import { authority, certificate } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';
import { openWire } from '../http/wire.ts';

interface Listening {
  readonly gateway: Gateway;
  readonly main: string;
  readonly management: string;
  readonly log: () => string;
}

function create(http: HttpConfig) {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
  const settings = { service: 'shop', http: { port: 0, drainDelayMs: 0, management: { port: 0 }, ...http } };
  const gateway = createGateway({ ...settings, shutdownTimeoutMs: 60_000 }, { environment: {}, logger });
  onTestFinished(() => gateway.stop());
  return { gateway, log: () => lines.join('') };
}

async function listening(http: HttpConfig = {}): Promise<Listening> {
  const { gateway, log } = create(http);
  await gateway.start();
  const main = await gateway.listen();
  return { gateway, main, management: gateway.management?.listeningOrigin ?? expect.unreachable(), log };
}

const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;
const post = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a' };

describe('a management listener', () => {
  test.each(['/endpoints', '/dead-letters', '/metrics', '/openapi.json', '/docs/'])(
    'has %s, and the main one does not',
    async (path) => {
      const { main, management } = await listening();
      expect(await status(management + path)).toBe(200);
      const answer = await fetch(main + path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        code: 'route-not-found',
        detail: expect.stringContaining('management'),
      });
    },
  );

  test.each(['/events/a', '/commands/billing/change', '/messages/billing/change', '/cloudevents', '/deliveries/pull'])(
    'has no POST %s',
    async (path) => {
      const { main, management } = await listening();
      expect(await (await fetch(management + path, post)).json()).toMatchObject({ code: 'route-not-found' });
      expect(await (await fetch(main + path, post)).text()).not.toContain('route-not-found');
    },
  );

  test('answers health probes as the main one does', async () => {
    const { main, management } = await listening();
    for (const path of ['/livez', '/readyz']) {
      expect(await status(management + path)).toBe(200);
      expect(await status(main + path)).toBe(200);
    }
  });

  test('is named in the log at start', async () => {
    const { main, management, log } = await listening();
    expect(management).not.toBe(main);
    expect(log()).toContain(`"listening on ${main}"`);
    expect(log()).toContain(`"management listening on ${management}"`);
  });

  test('asks for the admin token by its own host, not by that of the main one', async () => {
    const { management } = await listening({ host: '0.0.0.0' });
    expect(await status(`${management}/dead-letters`)).toBe(200);
    const open = await listening({ management: { host: '0.0.0.0', port: 0 } });
    const { port } = new URL(open.management);
    expect(await status(`http://127.0.0.1:${port}/dead-letters`)).toBe(403);
  });

  test('refuses pages of other sites, foreign hosts and callers beyond its connections', async () => {
    const { gateway, management } = await listening({ maxConnections: 1 });
    const headers = { origin: 'https://evil.example', connection: 'close' };
    expect(await status(`${management}/endpoints`, { headers })).toBe(403);
    const app = gateway.management ?? expect.unreachable();
    const first = await openWire({ app });
    first.write('GET /endpoints HTTP/1.1\nHost: evil.example\n\n');
    await first.answered(/^HTTP\/1.1 403 .*"cross-site"/s);
    const second = await openWire({ app });
    await second.answered(/^HTTP\/1.1 503 .*"too-many-connections"/s);
  });

  test('is unready during a shutdown, and closes after the main one', async () => {
    const { gateway, main, management } = await listening();
    // A caller that has not sent its whole body holds up the shutdown.
    const caller = await openWire(gateway);
    caller.write('POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 2\n\na');
    await fetch(`${main}/livez`, { headers: { connection: 'close' } });
    const stopped = gateway.stop();
    await eventually(async () => expect(await status(`${management}/readyz`)).toBe(503));
    await eventually(() => expect(gateway.app.server.listening).toBe(false));
    expect(await status(`${management}/livez`)).toBe(200);
    caller.write('b');
    await caller.answered(/^HTTP\/1.1 503 .*"draining"/s);
    await stopped;
    await expect(fetch(`${management}/livez`)).rejects.toThrow();
  });

  test('reports a port that is in use by its own settings', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const { gateway } = create({ management: { port } });
    const error = await caught(() => gateway.listen());
    expect(error.message).toBe(
      `Cannot listen on 127.0.0.1:${port}: the port is in use. Set MANAGEMENT_PORT (http.management.port) to another one; 0 takes a free one.`,
    );
  });

  test('serves probes without a certificate while the main one requires one', async () => {
    const ca = await authority();
    const { cert, key } = await certificate('localhost', ca);
    const folder = folderOf({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert });
    const [certFile, keyFile, caFile] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => `${folder}/${name}`) as never[];
    const { main, management } = await listening({
      tls: { certFile, keyFile, caFile, clientCertificates: 'require' },
    });
    expect(main).toMatch(/^https:/);
    expect(await status(`${management}/readyz`)).toBe(200);
    await expect(fetch(`${main}/readyz`)).rejects.toThrow();
  });

  test('speaks TLS where it is told to', async () => {
    const { cert, key } = await certificate('localhost', await authority());
    const folder = folderOf({ 'tls.crt': cert, 'tls.key': key });
    const tls = { certFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` };
    const { management } = await listening({ tls, management: { port: 0, tls: true } });
    expect(management).toMatch(/^https:/);
  });
});

describe('http.management', () => {
  const issues = async (http: object, environment: Record<string, string> = {}) => {
    const error = await caught(() => resolveConfig({ service: 'shop', http }, environment));
    return error.message.split('\n- ').slice(1);
  };

  test('is read from the environment', () => {
    const environment = { MANAGEMENT_HOST: '10.0.0.1', MANAGEMENT_PORT: '9000' };
    expect(resolveConfig({ service: 'shop' }, environment).http.management).toEqual({
      host: '10.0.0.1',
      port: 9000,
      tls: false,
    });
  });

  test.each<[string, object, Record<string, string>, RegExp]>([
    ['without a port', {}, { MANAGEMENT_HOST: '10.0.0.1' }, /^http\.management\.port: is missing; .*MANAGEMENT_PORT/],
    ['with the port of the main one', { port: 9000 }, { MANAGEMENT_PORT: '9000' }, /is 9000, as http\.port/],
    [
      'with the default port of the main one on all addresses',
      { management: { host: '0.0.0.0', port: 3000 } },
      {},
      /^http\.management\.port: is 3000, as http\.port/,
    ],
    ['with a port that is no number', {}, { MANAGEMENT_PORT: '9k' }, /^MANAGEMENT_PORT \(http\.management\.port\): /],
    ['with a port in its host', { management: { host: 'a:1', port: 1 } }, {}, /^http\.management\.host: has a port/],
    ['with TLS alone', { management: { port: 1, tls: true } }, {}, /^http\.management\.tls: needs .*http\.tls/],
    ['with a word for TLS', {}, { MANAGEMENT_PORT: '1', MANAGEMENT_TLS: 'yes' }, /^MANAGEMENT_TLS/],
  ])('is refused %s', async (_, http, environment, issue) => {
    expect(await issues(http, environment)).toEqual([expect.stringMatching(issue)]);
  });

  test('may have the port of the main one on another address', () => {
    const http = { host: '10.0.0.1', port: 9000, management: { host: '10.0.0.2', port: 9000 } };
    expect(resolveConfig({ service: 'shop', http }, {}).http.management?.port).toBe(9000);
  });
});
