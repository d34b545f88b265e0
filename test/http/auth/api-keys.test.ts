import { renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { everythingIn } from '../../caught.ts';
import { folderOf } from '../../folder-of.ts';
import { expectProblem, openGateway, openQueue, post } from '../gateway-fixture.ts';
import { bearer, keyOf, keysOf, sha256 } from './callers.ts';

const auth = {
  keys: keysOf({
    web: ['command:billing/billing.*', 'event:order.*'],
    ops: ['dead-letters:*', 'endpoints:read', 'docs:read'],
    all: ['*'],
  }),
};

const change = '/commands/billing/billing.change';

async function openBilling(config = {}) {
  const gateway = await openGateway({ auth, ...config });
  const messages = openQueue(gateway, 'billing', ['billing', '*']);
  return { gateway, messages };
}

describe('a caller with a key', () => {
  test('sends what its grants give', async () => {
    const { gateway, messages } = await openBilling();
    const headers = bearer(keyOf('web'));
    expect((await post(gateway, { url: change, headers, body: 'x' })).statusCode).toBe(202);
    expect((await post(gateway, { url: '/events/order.placed', headers, body: 'x' })).statusCode).toBe(202);
    expect(messages()).toHaveLength(2);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'BeArEr '])('may write the scheme %s', async (scheme) => {
    const { gateway } = await openBilling();
    const headers = { authorization: `${scheme} ${keyOf('web')}` };
    expect((await post(gateway, { url: change, headers, body: 'x' })).statusCode).toBe(202);
  });

  test.each([
    '/commands/billing/other',
    '/commands/billing2/billing.change',
    '/commands/billing%2Fbilling.change/x',
    '/messages/billing/billing.change',
    '/events/billing.change',
    '/events/orders',
  ])('is refused %s', async (url) => {
    const { gateway, messages } = await openBilling();
    const answer = await post(gateway, { url, headers: bearer(keyOf('web')), body: 'x' });
    const { detail } = expectProblem(answer, 'insufficient-scope');
    expect(detail).toContain("The caller 'web' has no grant for");
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(messages()).toEqual([]);
  });

  test('is judged by the decoded path, exactly as the message is addressed', async () => {
    const { gateway, messages } = await openBilling();
    const headers = bearer(keyOf('web'));
    expect(
      (await post(gateway, { url: '/commands/%62illing/%62illing%2Echange', headers, body: 'x' })).statusCode,
    ).toBe(202);
    expectProblem(
      await post(gateway, { url: '/commands/billing/billing%252Echange', headers, body: 'x' }),
      'insufficient-scope',
    );
    expect(messages()).toHaveLength(1);
  });

  test.each([
    ['GET', '/dead-letters', 'ops', 200],
    ['GET', '/dead-letters', 'web', 403],
    ['HEAD', '/dead-letters', 'web', 403],
    ['POST', '/dead-letters/replay', 'web', 403],
    ['DELETE', '/dead-letters/1', 'web', 403],
    ['GET', '/endpoints', 'ops', 200],
    ['GET', '/endpoints', 'web', 403],
    ['GET', '/openapi.json', 'ops', 200],
    ['GET', '/openapi.json', 'web', 403],
    ['GET', '/docs/', 'ops', 200],
    ['GET', '/docs/static/index.css', 'web', 403],
    ['POST', '/deliveries/pull', 'ops', 403],
    ['POST', '/deliveries/pull', 'all', 404],
    ['GET', '/nothing', 'web', 404],
    ['PUT', '/dead-letters', 'web', 405],
    ['OPTIONS', change, 'web', 405],
  ] as const)('gets for %s %s as %s: %i', async (method, url, caller, status) => {
    const { gateway } = await openBilling();
    const answer = await gateway.app.inject({ method, url, headers: bearer(keyOf(caller)) });
    expect(answer.statusCode).toBe(status);
  });

  test('may have two keys while one replaces the other', async () => {
    const keys = ['old', 'new'].map((name) => ({ id: 'web', sha256: sha256(keyOf(name)), grants: ['command:*'] }));
    const { gateway } = await openBilling({ auth: { keys } });
    for (const name of ['old', 'new']) {
      expect((await post(gateway, { url: change, headers: bearer(keyOf(name)), body: 'x' })).statusCode).toBe(202);
    }
  });

  test('may have its keys in a file, which is read again', async () => {
    const folder = folderOf({ keys: `${keyOf('one')}\nsha256:${sha256(keyOf('two'))}\n` });
    const file = join(folder, 'keys');
    const { gateway } = await openBilling({ auth: { keys: [{ id: 'web', file, grants: ['command:*'] }] } });
    const statusOf = async (name: string) =>
      (await post(gateway, { url: change, headers: bearer(keyOf(name)), body: 'x' })).statusCode;
    expect([await statusOf('one'), await statusOf('two'), await statusOf('three')]).toEqual([202, 202, 401]);
    // As Kubernetes replaces a secret.
    writeFileSync(join(folder, 'next'), keyOf('three'));
    utimesSync(join(folder, 'next'), 1, 1);
    renameSync(join(folder, 'next'), file);
    await eventually(async () => expect([await statusOf('one'), await statusOf('three')]).toEqual([401, 202]));
    writeFileSync(file, 'short');
    await eventually(async () => expect(await statusOf('three')).toBe(202));
    // The operator revokes the last key.
    writeFileSync(file, '\n');
    await eventually(async () => expect(await statusOf('three')).toBe(401));
  });

  test('may have an empty file of keys at the start, and a key in it later', async () => {
    const file = join(folderOf({ keys: '' }), 'keys');
    const { gateway } = await openBilling({ auth: { keys: [{ id: 'web', file, grants: ['command:*'] }] } });
    const send = async () =>
      (await post(gateway, { url: change, headers: bearer(keyOf('one')), body: 'x' })).statusCode;
    expect(await send()).toBe(401);
    writeFileSync(file, keyOf('one'));
    await eventually(async () => expect(await send()).toBe(202));
  });
});

describe('a caller without a good key', () => {
  const wrong: [string, Record<string, string | string[]>][] = [
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['no token', { authorization: 'Bearer' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another key', bearer(keyOf('stranger'))],
    ['a hash in place of a key', bearer(sha256(keyOf('web')))],
    ['more after the key', { authorization: `Bearer ${keyOf('web')} x` }],
    ['another scheme', { authorization: `Basic ${keyOf('web')}` }],
    ['the key alone', { authorization: keyOf('web') }],
    ['a long token', bearer('x'.repeat(9_000))],
    ['something like a JWT', bearer('eyJhbGciOiJub25lIn0.e30.')],
    ['other characters', { authorization: `Bearer ${keyOf('web')}é` }],
  ];

  test.each(wrong)('gets 401 with %s', async (_, headers) => {
    const { gateway, messages } = await openBilling();
    const answer = await post(gateway, { url: change, headers, body: 'x' });
    expectProblem(answer, 'unauthorized');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="littoral"/);
    expect(everythingIn(answer.body + JSON.stringify(answer.headers))).not.toContain(keyOf('web'));
    expect(messages()).toEqual([]);
  });

  test('gets 401 for a key in the URL, whatever else it sends', async () => {
    const { gateway } = await openBilling();
    const url = `${change}?access_token=${keyOf('web')}`;
    for (const headers of [{}, bearer(keyOf('web'))]) {
      const answer = await post(gateway, { url, headers, body: 'x' });
      expectProblem(answer, 'unauthorized');
      expect(answer.body).not.toContain(keyOf('web'));
    }
  });

  test.each([
    ['GET', '/nothing'],
    ['PUT', '/dead-letters'],
    ['GET', '/dead-letters/1'],
    ['HEAD', '/endpoints'],
    ['OPTIONS', change],
    ['GET', '/docs'],
    ['GET', '/openapi.json'],
  ] as const)('cannot find out by %s %s what there is', async (method, url) => {
    const { gateway } = await openBilling();
    expect((await gateway.app.inject({ method, url })).statusCode).toBe(401);
  });

  test('gets the health, with any credentials, and no details', async () => {
    const { gateway } = await openBilling();
    for (const headers of [{}, bearer(keyOf('stranger')), bearer(keyOf('web'))]) {
      expect((await gateway.app.inject({ url: '/livez', headers })).json()).toEqual({ status: 'alive' });
      expect((await gateway.app.inject({ url: '/readyz', headers })).json()).toEqual({ status: 'ready' });
    }
    const details = await gateway.app.inject({ url: '/readyz', headers: bearer(keyOf('ops')) });
    expect(details.json()).toMatchObject({ service: 'shop' });
  });

  test('sends what everyone may', async () => {
    const { gateway } = await openBilling({ auth: { ...auth, anonymous: ['event:*'] } });
    expect((await post(gateway, { url: '/events/a', body: 'x' })).statusCode).toBe(202);
    expectProblem(await post(gateway, { url: change, body: 'x' }), 'unauthorized');
    // A wrong key is not the same as none.
    expectProblem(
      await post(gateway, { url: '/events/a', headers: bearer(keyOf('stranger')), body: 'x' }),
      'unauthorized',
    );
    expect((await gateway.app.inject({ url: '/nothing' })).statusCode).toBe(404);
  });
});

describe('the admin token', () => {
  test('stays a key beside others, for dead letters and what is read', async () => {
    const adminToken = 'a-secret-of-the-operators';
    const { gateway } = await openBilling({ http: { adminToken } });
    const headers = bearer(adminToken);
    for (const url of ['/dead-letters', '/endpoints', '/openapi.json']) {
      expect((await gateway.app.inject({ url, headers })).statusCode).toBe(200);
    }
    expect((await gateway.app.inject({ url: '/readyz', headers })).json()).toMatchObject({ service: 'shop' });
    expectProblem(await post(gateway, { url: change, headers, body: 'x' }), 'insufficient-scope');
  });
});
