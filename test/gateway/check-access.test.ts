import { join } from 'node:path';
import type { HTTPMethods } from 'fastify';
import { describe, expect, test } from 'vitest';
import { accessText } from '../../src/cli/access-text.ts';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { type CheckedRequest, checkAccess } from '../../src/gateway/check-access.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { authority, certificate } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';
import { bearer, keyOf, keysOf } from '../http/auth/callers.ts';
import { quiet } from '../http/gateway-fixture.ts';

const config: Config = {
  service: 'shop',
  http: { adminToken: keyOf('admin') },
  auth: {
    keys: keysOf({ web: ['command:billing/billing.*'], ops: ['*'], none: [] }),
    jwt: [
      {
        ...{ issuer: 'https://issuer.example', audience: 'shop', algorithms: ['ES256'] },
        jwksUrl: 'http://127.0.0.1:1/keys',
      },
    ],
    anonymous: ['docs:read'],
  },
};

async function check(request: Partial<CheckedRequest> & { path: string }, settings = config) {
  const whole: CheckedRequest = { method: 'POST', ...request };
  const resolved = resolveConfig(settings, {});
  const found = await checkAccess({ config: resolved, logger: quiet.logger }, whole);
  const text = accessText(whole, resolved, found);
  const lines = Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  );
  return { ...found, text, lines };
}

// The signature of this token is never checked, because the issuer cannot be reached.
const claims = Buffer.from(JSON.stringify({ iss: 'https://issuer.example', sub: 'eve' })).toString('base64url');
const unverified = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${claims}.AAAA`;

describe('the check of access', () => {
  const questions: readonly [string | undefined, HTTPMethods, string][] = [
    [undefined, 'POST', '/commands/billing/billing.change'],
    [keyOf('web'), 'POST', '/commands/billing/billing.change'],
    [keyOf('web'), 'POST', '/commands/billing/other'],
    [keyOf('web'), 'POST', '/batch'],
    [keyOf('web'), 'HEAD', '/endpoints'],
    [keyOf('web'), 'PUT', '/batch'],
    [keyOf('web'), 'POST', '/unknown'],
    [keyOf('web'), 'POST', '/commands/%zz/x'],
    [keyOf('none'), 'POST', '/cloudevents'],
    [keyOf('admin'), 'GET', '/dead-letters'],
    [keyOf('unknown'), 'GET', '/livez'],
    [unverified, 'POST', '/batch'],
  ];

  // The gateway is not started, so its routes can refuse admitted requests for other reasons.
  const refusals = ['unauthorized', 'insufficient-scope', 'auth-unavailable', 'method-not-allowed', 'route-not-found'];

  test('agrees with the gateway', async () => {
    const settings = { ...config, http: { ...config.http, management: { port: 0 } } };
    const gateway = createGateway(settings, quiet);
    for (const [token, method, path] of questions) {
      const { problem, isManagement } = await check({ method, path, token }, settings);
      const app = isManagement ? gateway.management : gateway.app;
      const answer = await app?.inject({ method, url: path, headers: token === undefined ? {} : bearer(token) });
      const name = `${method} ${path} by ${token}`;
      if (problem !== undefined) expect(problem.status, name).toBe(answer?.statusCode);
      else expect(refusals, name).not.toContain(answer?.json().code);
    }
    await gateway.stop();
  });

  test('names the grant that allows a request', async () => {
    const { lines } = await check({ path: '/commands/billing/billing.change', token: keyOf('web') });
    expect(lines).toEqual({
      request: 'POST /commands/billing/billing.change',
      route: 'POST /commands/:destination/:routingKey',
      credentials: "a key of 'web' (auth.keys)",
      caller: 'web',
      grants: 'command:billing/billing.*',
      requires: 'command:billing/billing.change',
      decision: 'allowed by the grant command:billing/billing.*',
      status: 'set by the route',
    });
  });

  test('names the permission that the caller lacks', async () => {
    const { lines } = await check({ path: '/events/order.placed', token: keyOf('web') });
    expect(lines).toMatchObject({
      requires: 'event:order.placed',
      decision: "refused: The caller 'web' has no grant for event:order.placed.",
      status: '403 insufficient-scope',
    });
  });

  test('names the reason why a token cannot be verified', async () => {
    const { lines, text } = await check({ path: '/batch', token: unverified });
    expect(lines).toMatchObject({ status: '503 auth-unavailable', credentials: expect.stringMatching(/fetch failed/) });
    expect(text).not.toContain(unverified);
  });

  test('finds a route of the management listener', async () => {
    const http = { ...config.http, management: { port: 0 } };
    const { lines } = await check({ method: 'GET', path: '/metrics', token: keyOf('admin') }, { ...config, http });
    expect(lines).toMatchObject({
      listener: 'the management listener (http.management)',
      credentials: 'the admin token (http.adminToken)',
      decision: 'allowed by the grant metrics:read',
    });
  });

  test('identifies a caller by a name in its certificate', async () => {
    const ca = await authority();
    const pair = await certificate('localhost', ca);
    const folder = folderOf({ cert: pair.cert, key: pair.key, ca: ca.cert });
    const [certFile = '', keyFile = '', caFile = ''] = ['cert', 'key', 'ca'].map((name) => join(folder, name));
    const settings: Config = {
      service: 'shop',
      http: { tls: { certFile, keyFile, caFile, clientCertificates: 'require' } },
      auth: { mtls: { 'spiffe://shop/web': ['event:*'] } },
    };
    const path = '/events/order.placed';
    const { lines } = await check({ path, certificateNames: ['DNS:web', 'spiffe://shop/web'] }, settings);
    expect(lines).toMatchObject({
      credentials: "a client certificate with the name 'spiffe://shop/web' (auth.mtls)",
      decision: 'allowed by the grant event:*',
    });
    expect((await check({ path }, settings)).lines).toMatchObject({
      status: '401 unauthorized',
      note: 'the gateway refuses connections without a client certificate (http.tls.clientCertificates)',
    });
  });

  test('reports that every caller may send without auth', async () => {
    const { lines } = await check({ path: '/commands/billing/x' }, { service: 'shop' });
    expect(lines).toMatchObject({ auth: 'not configured: every caller may send', decision: 'allowed' });
  });
});
