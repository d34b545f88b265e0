import { request as httpsRequest, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { authority, certificate, type Pair } from '../../certificates.ts';
import { folderOf } from '../../folder-of.ts';
import { openQueue, quiet } from '../gateway-fixture.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

let ca: Pair;
let server: Pair;
const callers: Record<string, Pair> = {};

beforeAll(async () => {
  ca = await authority();
  server = await certificate('localhost', ca);
  const made = await Promise.all([
    certificate('web', ca, 30, ['spiffe://shop/web']),
    certificate('by-name', ca),
    certificate('two', ca, 30, ['spiffe://shop/ops', 'spiffe://shop/web']),
    certificate('unknown', ca, 30, ['spiffe://shop/web2']),
    certificate('quoted', ca, 30, ['spiffe://x, URI:spiffe://shop/web']),
    certificate('web', undefined, 30, ['spiffe://shop/web']),
    certificate('web', ca, -1, ['spiffe://shop/web']),
  ]);
  for (const [index, name] of ['web', 'by-name', 'two', 'unknown', 'quoted', 'forged', 'expired'].entries()) {
    callers[name] = made[index] as Pair;
  }
});

async function listen() {
  const folder = folderOf({ cert: server.cert, key: server.key, ca: ca.cert });
  const [certFile, keyFile, caFile] = ['cert', 'key', 'ca'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const gateway = createGateway(
    {
      service: 'shop',
      http: { port: 0, drainDelayMs: 0, tls: { certFile, keyFile, caFile, clientCertificates: 'request' } },
      auth: {
        keys: keysOf({ key: ['event:*'] }),
        mtls: {
          'spiffe://shop/web': ['command:billing/*'],
          'spiffe://shop/ops': ['docs:read'],
          'DNS:by-name': ['event:*'],
          'CN=by-name': ['*'],
        },
      },
    },
    quiet,
  );
  onTestFinished(() => gateway.stop());
  await gateway.start();
  openQueue(gateway, 'billing');
  const { port } = new URL(await gateway.listen());
  const post = (caller: string | undefined, path: string, headers = {}) =>
    send({ ...(caller && callers[caller]), port, path, headers });
  return { post };
}

function send(options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const all = { host: '127.0.0.1', servername: 'localhost', ca: ca.cert, agent: false, method: 'POST', ...options };
    httpsRequest(all, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

const command = '/commands/billing/change';

describe('a caller with a client certificate', () => {
  test('has the grants of its name', async () => {
    const { post } = await listen();
    expect(await post('web', command)).toBe(202);
    expect(await post('web', '/events/a')).toBe(403);
    // The alternative names count before the common name.
    expect(await post('by-name', '/events/a')).toBe(202);
    expect(await post('by-name', command)).toBe(403);
    // The first of its names counts.
    expect(await post('two', command)).toBe(403);
  });

  test.each(['unknown', 'quoted', 'forged', 'expired', undefined])('is not known as %s', async (caller) => {
    const { post } = await listen();
    expect(await post(caller, command)).toBe(401);
  });

  test('is known by its key, if it shows one as well', async () => {
    const { post } = await listen();
    expect(await post('web', command, bearer(keyOf('key')))).toBe(403);
    expect(await post('web', '/events/a', bearer(keyOf('key')))).toBe(202);
    expect(await post('web', command, bearer(keyOf('stranger')))).toBe(401);
  });
});
