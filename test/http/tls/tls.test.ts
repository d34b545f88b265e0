import { X509Certificate } from 'node:crypto';
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TlsConfig } from '../../../src/config/tls-config.ts';
import { createGateway, type Gateway } from '../../../src/gateway/gateway.ts';
import { Connections } from '../../../src/http/connections.ts';
import { ServerCertificates } from '../../../src/http/tls/server-certificates.ts';
import { eventually } from '../../broker/eventually.ts';
import { authority, certificate, type Pair } from '../../certificates.ts';
import { folderOf } from '../../folder-of.ts';
import { openApp } from '../../routes/app-fixture.ts';
import { quiet } from '../gateway-fixture.ts';

let ca: Pair;
let server: Pair;
let renewed: Pair;
let client: Pair;
let stranger: Pair;
beforeAll(async () => {
  ca = await authority();
  [server, renewed, client, stranger] = (await Promise.all([
    certificate('localhost', ca),
    certificate('localhost', ca),
    certificate('billing', ca),
    certificate('billing'),
  ])) as [Pair, Pair, Pair, Pair];
});

/** The files of a server, in a new folder. */
function files({ cert, key }: Pair = server) {
  const folder = folderOf({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert });
  const at = (name: string) => join(folder, name);
  return { folder, certFile: at('tls.crt'), keyFile: at('tls.key'), caFile: at('ca.crt') };
}

interface Listening {
  readonly gateway: Gateway;
  readonly port: number;
  readonly log: () => string;
}

async function listening(tls: TlsConfig): Promise<Listening> {
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line) => void lines.push(line) });
  const http = { port: 0, tls, drainDelayMs: 0 };
  const gateway = createGateway({ service: 'shop', http, shutdownTimeoutMs: 60_000 }, { ...quiet, logger });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const { protocol, port } = new URL(await gateway.listen());
  expect(protocol).toBe('https:');
  return { gateway, port: Number(port), log: () => lines.join('') };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly certificate: string;
}

function send(port: number, options: RequestOptions = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      ca: ca.cert,
      path: '/livez',
      agent: false,
      ...options,
    } as const;
    const request = httpsRequest(all, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: text, certificate: fingerprint256 }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const event: RequestOptions = { method: 'POST', path: '/events/a', headers: { 'content-type': 'text/plain' } };
const fingerprint = ({ cert }: Pair) => new X509Certificate(cert).fingerprint256;

/** The version of TLS that a handshake agrees on. */
function handshake(port: number, options: ConnectionOptions): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca: ca.cert, ...options });
    onTestFinished(() => void socket.destroy());
    socket.once('secureConnect', () => resolve(socket.getProtocol()));
    socket.once('error', reject);
  });
}

describe('an HTTPS server', () => {
  test('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const { certFile, keyFile } = files();
    const { port } = await listening({ certFile, keyFile });
    expect(await handshake(port, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    expect(await handshake(port, {})).toBe('TLSv1.3');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    await expect(handshake(port, old)).rejects.toThrow(/protocol version|unsupported protocol/);
  });

  test('refuses plain HTTP, and logs it', async () => {
    const { certFile, keyFile } = files();
    const { port, log } = await listening({ certFile, keyFile });
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
    await eventually(() => expect(log()).toMatch(/"level":40.*speaks plain HTTP.*TLS handshake failed/));
    expect((await send(port)).status).toBe(200);
  });

  test('refuses a page that was loaded without TLS from the same name and port', async () => {
    const { certFile, keyFile } = files();
    const { port } = await listening({ certFile, keyFile });
    const from = (scheme: string) => {
      const headers = { ...event.headers, host: `localhost:${port}`, origin: `${scheme}://localhost:${port}` };
      return send(port, { ...event, headers }, 'a');
    };
    expect(await from('http')).toMatchObject({ status: 403, body: expect.stringContaining('cross-site') });
    expect(await from('https')).toMatchObject({ status: 202 });
  });
});

describe('a client certificate', () => {
  const own = () => ({ cert: client.cert, key: client.key });
  const foreign = () => ({ cert: stranger.cert, key: stranger.key });

  test.each<['none' | 'request' | 'require', boolean, boolean, boolean]>([
    ['none', true, true, true],
    ['request', true, true, true],
    ['require', true, false, false],
  ])('is treated as %s says', async (clientCertificates, trusted, missing, untrusted) => {
    const { certFile, keyFile, caFile } = files();
    const tls = { certFile, keyFile, clientCertificates, ...(clientCertificates === 'none' ? {} : { caFile }) };
    const { port } = await listening(tls);
    const isServed = (options: RequestOptions) =>
      send(port, options).then(
        ({ status }) => status === 200,
        () => false,
      );
    expect(await isServed(own())).toBe(trusted);
    expect(await isServed({})).toBe(missing);
    expect(await isServed(foreign())).toBe(untrusted);
  });

  test('is logged with the reason if it is not trusted', async () => {
    const { certFile, keyFile, caFile } = files();
    const { port, log } = await listening({ certFile, keyFile, caFile, clientCertificates: 'require' });
    await expect(send(port, foreign())).rejects.toThrow();
    await expect(send(port)).rejects.toThrow();
    await eventually(() => expect(log()).toMatch(/"level":40.*is not trusted/));
    await eventually(() => expect(log()).toMatch(/"level":40.*shows no certificate/));
  });
});

describe('certificates that change', () => {
  test('are used from the next connection on, without a dropped request', async () => {
    const { certFile, keyFile } = files();
    const { port, log } = await listening({ certFile, keyFile });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    expect((await send(port, { agent })).certificate).toBe(fingerprint(server));

    // A request whose body is under way, and requests without a pause, each on a new connection.
    let finish = () => {};
    const slow = new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...event.headers, 'content-length': 2 };
      const options = { host: '127.0.0.1', servername: 'localhost', port, ca: ca.cert, ...event, headers };
      const request = httpsRequest(options, ({ statusCode }) => resolve(statusCode));
      request.on('error', reject);
      request.write('a');
      finish = () => request.end('b');
    });
    let isOver = false;
    const seen = new Set<string>();
    const load = (async () => {
      while (!isOver) {
        const { status, certificate } = await send(port, event, 'a');
        expect(status).toBe(202);
        seen.add(certificate);
      }
    })();

    writeFileSync(certFile, renewed.cert);
    writeFileSync(keyFile, renewed.key);
    await eventually(() => expect(seen.size).toBe(2));
    isOver = true;
    await load;
    finish();
    expect(await slow).toBe(202);
    expect(await send(port, { agent })).toMatchObject({ status: 200, certificate: fingerprint(server) });
    expect(await send(port)).toMatchObject({ status: 200, certificate: fingerprint(renewed) });
    expect(log()).toContain('certificates reloaded');
  });

  test('are noticed when Kubernetes swaps the link above them', async () => {
    const pair = ({ cert, key }: Pair) => ({ 'tls.crt': cert, 'tls.key': key });
    const [one, two] = [folderOf(pair(server)), folderOf(pair(renewed))];
    const folder = folderOf();
    symlinkSync(one, join(folder, '..data'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
    const { port } = await listening({ certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') });
    expect((await send(port)).certificate).toBe(fingerprint(server));
    symlinkSync(two, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await eventually(async () => expect((await send(port)).certificate).toBe(fingerprint(renewed)));
  });

  test('leave the earlier ones and are logged if they cannot be used', async () => {
    const { certFile, keyFile } = files();
    const { port, log } = await listening({ certFile, keyFile });
    writeFileSync(certFile, renewed.cert);
    await eventually(() => expect(log()).toMatch(/"level":50.*is not the private key.*certificates not reloaded/));
    expect((await send(port)).certificate).toBe(fingerprint(server));
    writeFileSync(keyFile, renewed.key);
    await eventually(async () => expect((await send(port)).certificate).toBe(fingerprint(renewed)));
  });

  test('refuse clients of an authority that was removed', async () => {
    const { certFile, keyFile, caFile } = files();
    const { port } = await listening({ certFile, keyFile, caFile, clientCertificates: 'require' });
    const own = { cert: client.cert, key: client.key };
    expect((await send(port, own)).status).toBe(200);
    writeFileSync(caFile, (await authority('Another')).cert);
    await eventually(() => expect(send(port, own)).rejects.toThrow());
  });
});

describe('a caller that opens a connection and never speaks TLS', () => {
  async function limited(maxConnections: number, idleMs: number) {
    const { certFile, keyFile } = files();
    const certificates = new ServerCertificates({ certFile, keyFile, clientCertificates: 'none' }, quiet.logger);
    onTestFinished(() => certificates.close());
    const app = await openApp({ connections: new Connections({ maxConnections, idleMs }), certificates });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { app, port: (app.server.address() as { port: number }).port };
  }

  async function openTcp(port: number) {
    const socket = connectTcp({ host: '127.0.0.1', port });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return { socket, closed };
  }

  test('counts as a connection, and others get 503 with TLS', async () => {
    const { port } = await limited(1, 3_600_000);
    const { socket } = await openTcp(port);
    await eventually(async () => {
      const { status, body } = await send(port);
      expect({ status, body }).toMatchObject({ status: 503, body: expect.stringContaining('too-many-connections') });
    });
    socket.destroy();
    await eventually(async () => expect((await send(port)).status).toBe(200));
  });

  test('gives its place to another caller once it has been idle', async () => {
    const { port } = await limited(1, 1);
    const { closed } = await openTcp(port);
    await eventually(async () => expect((await send(port)).status).toBe(200));
    await closed;
  });

  test('does not hold up a shutdown', async () => {
    const { certFile, keyFile } = files();
    const { gateway, port } = await listening({ certFile, keyFile });
    const { closed } = await openTcp(port);
    expect((await send(port)).status).toBe(200);
    await gateway.stop();
    await closed;
  });

  test('is cut off, even if bytes drip in', async () => {
    const { certFile, keyFile } = files();
    const certificates = new ServerCertificates({ certFile, keyFile, clientCertificates: 'none' }, quiet.logger);
    onTestFinished(() => certificates.close());
    const { options } = certificates;
    certificates.options = () => ({ ...options.call(certificates), handshakeTimeout: 300 });
    const app = await openApp({ certificates });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { socket, closed } = await openTcp((app.server.address() as { port: number }).port);
    // The beginning of a record that announces more bytes than ever arrive.
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x3f, 0xff, 0x01]));
    const drip = setInterval(() => socket.write(Buffer.alloc(1)), 20);
    onTestFinished(() => clearInterval(drip));
    await closed;
  });
});
