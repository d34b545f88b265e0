import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AuthJwtConfig } from '../../../src/config/auth-config.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { digestOf } from '../../../src/http/auth/api-keys.ts';
import { RemoteKeys } from '../../../src/http/auth/jwt-keys.ts';
import { JwtVerifier } from '../../../src/http/auth/jwt-verifier.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { eventually } from '../../broker/eventually.ts';
import { caught } from '../../caught.ts';
import { folderOf } from '../../folder-of.ts';
import { expectProblem, openGateway, openQueue, post, quiet } from '../gateway-fixture.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

const issuer = 'https://issuer.example';
const settings = { issuer, audience: 'gateway', algorithms: ['ES256'] as const };
const url = '/commands/billing/billing.change';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let other: Pair;

beforeAll(async () => {
  [pair, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});

async function jwks(keys: Readonly<Record<string, Pair>> = { one: pair }): Promise<string> {
  const list = Object.entries(keys).map(async ([kid, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid }));
  return JSON.stringify({ keys: await Promise.all(list) });
}

interface TokenOptions {
  readonly claims?: JWTPayload;
  readonly header?: object;
  readonly by?: Pair['privateKey'] | Uint8Array;
}

const now = () => Math.floor(Date.now() / 1000);

/** A good token, but for what is given. A claim that is undefined is left out. */
function token({ claims = {}, header = {}, by = pair.privateKey }: TokenOptions = {}): Promise<string> {
  const all = {
    iss: issuer,
    aud: 'gateway',
    sub: 'web',
    exp: now() + 300,
    scope: 'openid command:billing/*',
    ...claims,
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(by);
}

/** An issuer that serves these keys. */
async function openIssuer(text: () => string) {
  let requests = 0;
  let status = 200;
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    jwksUrl: `http://127.0.0.1:${port}/keys`,
    requests: () => requests,
    answer: (code: number) => {
      status = code;
    },
  };
}

async function openBilling(more: Partial<AuthJwtConfig> = {}) {
  const jwksFile = join(folderOf({ keys: await jwks() }), 'keys');
  const place = more.jwksUrl === undefined ? { jwksFile } : {};
  const jwt = [{ ...settings, ...place, ...more }];
  const gateway = await openGateway({ auth: { keys: keysOf({ key: ['command:*'] }), jwt } });
  openQueue(gateway, 'billing', ['billing', '*']);
  const send = (bearerToken: string, to = url) => post(gateway, { url: to, headers: bearer(bearerToken), body: 'x' });
  return { gateway, send, jwksFile };
}

describe('a token', () => {
  test('gives the grants of its claim, beside keys', async () => {
    const { send } = await openBilling();
    expect((await send(await token())).statusCode).toBe(202);
    expectProblem(await send(await token(), '/events/order.placed'), 'insufficient-scope');
    expect((await send(keyOf('key'))).statusCode).toBe(202);
  });

  test('is verified by a file of keys that begins with a byte order mark', async () => {
    const jwksFile = join(folderOf({ keys: `\ufeff${await jwks()}` }), 'keys');
    const { send } = await openBilling({ jwksFile });
    expect((await send(await token())).statusCode).toBe(202);
  });

  test.each<[string, JWTPayload]>([
    ['a list', { scope: ['command:billing/*'] as never }],
    ['grants of another service among them', { scope: 'openid a:b command:billing/* x' }],
    ['one of its audiences', { aud: ['other', 'gateway'] }],
    ['a clock that differs a little', { exp: now() - 20, nbf: now() + 100 }],
  ])('is good with %s', async (_, claims) => {
    const { send } = await openBilling({ clockToleranceSeconds: 300 });
    expect((await send(await token({ claims }))).statusCode).toBe(202);
  });

  test('may list its grants in an object', async () => {
    const { send } = await openBilling({ grantsClaim: 'access.grants' });
    const claims = { access: { grants: ['command:billing/*'] } };
    expect((await send(await token({ claims }))).statusCode).toBe(202);
    expectProblem(await send(await token()), 'insufficient-scope');
  });

  test.each<[string, JWTPayload]>([
    ['no grant', { scope: undefined }],
    ['grants of a wrong kind', { scope: 7 as never }],
    ['grants for others', { scope: 'openid profile' }],
  ])('may do nothing with %s', async (_, claims) => {
    const { send } = await openBilling();
    expectProblem(await send(await token({ claims })), 'insufficient-scope');
  });

  test.each<[string, JWTPayload, string]>([
    ['a time of expiry that is over', { exp: now() - 60 }, 'expired'],
    ['no time of expiry', { exp: undefined }, 'no time of expiry'],
    ['a time from which it is valid', { nbf: now() + 60 }, 'not valid yet'],
    ['another audience', { aud: 'other' }, 'another audience'],
    ['no audience', { aud: undefined }, 'another audience'],
    ['another issuer', { iss: 'https://other.example' }, 'The issuer of the token is not known'],
    ['no issuer', { iss: undefined }, 'The issuer of the token is not known'],
    ['no subject', { sub: undefined }, 'no subject'],
    ['an empty subject', { sub: '' }, 'subject'],
    ['a subject of several lines', { sub: 'a\nb' }, 'subject'],
  ])('is refused with %s', async (_, claims, reason) => {
    const { send } = await openBilling();
    const answer = await send(await token({ claims }));
    expect(expectProblem(answer, 'unauthorized').detail).toContain(reason);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test('is refused with another signature, another algorithm and none', async () => {
    const { send, jwksFile } = await openBilling();
    const forged = [
      await token({ by: other.privateKey }),
      await token({ header: { kid: 'two' }, by: other.privateKey }),
      // The public key as the secret of a symmetric algorithm.
      await token({ header: { alg: 'HS256' }, by: Buffer.from(await jwks()) }),
      await token({ header: { alg: 'HS256' }, by: Buffer.from(JSON.stringify(await exportJWK(pair.publicKey))) }),
      new UnsecuredJWT({ iss: issuer, aud: 'gateway', sub: 'web', exp: now() + 300 }).encode(),
      `${(await token()).split('.').slice(0, 2).join('.')}.`,
      `${(await token()).slice(0, -8)}AAAAAAAA`,
      'e30.e30.e30',
      'a.b.c',
    ];
    for (const one of forged) expectProblem(await send(one), 'unauthorized');
    expect(jwksFile).toBeTruthy();
  });

  test('is refused after the last key was removed from the file', async () => {
    const { send, jwksFile } = await openBilling();
    writeFileSync(jwksFile, '{ "keys": [] }');
    await eventually(async () => {
      const claims = { jti: String(Math.random()) };
      expectProblem(await send(await token({ claims })), 'unauthorized');
    });
  });

  test('is good by any of the keys, if it names none', async () => {
    const jwksFile = join(folderOf({ keys: await jwks({ one: other, two: pair }) }), 'keys');
    const { send } = await openBilling({ jwksFile });
    expect((await send(await token({ header: { kid: undefined } }))).statusCode).toBe(202);
  });

  test('is not verified again for a minute, and not used after its time', async () => {
    const clock = { ...systemClock, nowMs: () => 0, wallMs: () => Date.now() + passedMs };
    let passedMs = 0;
    const jwksFile = join(folderOf({ keys: await jwks() }), 'keys');
    const verifier = new JwtVerifier([{ ...settings, jwksFile }], { logger: quiet.logger, clock });
    const text = await token();
    const verify = () => verifier.verify(text, digestOf(text));
    const first = verify();
    expect(first).toBeInstanceOf(Promise);
    const principal = await first;
    expect(verify()).toBe(principal);
    passedMs = 310_000;
    expect((await caught(verify)).message).toContain('expired');
  });
});

describe('public keys in a file', () => {
  test('are read again when the file changes', async () => {
    const { send, jwksFile } = await openBilling();
    const later = () => token({ header: { kid: 'two' }, by: other.privateKey });
    expectProblem(await send(await later()), 'unauthorized');
    writeFileSync(`${jwksFile}.next`, await jwks({ two: other }));
    renameSync(`${jwksFile}.next`, jwksFile);
    await eventually(async () => expect((await send(await later())).statusCode).toBe(202));
  });
});

describe('public keys at a URL', () => {
  test('are fetched once for many tokens', async () => {
    const text = await jwks();
    const { jwksUrl, requests } = await openIssuer(() => text);
    const { send } = await openBilling({ jwksUrl });
    expect(requests()).toBe(0);
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => token({ claims: { sub: `s${index}` } })));
    const answers = await Promise.all(tokens.map((one) => send(one)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    expect(requests()).toBe(1);
  });

  test('are not fetched for a flood of keys that do not exist', async () => {
    const text = await jwks();
    const { jwksUrl, requests } = await openIssuer(() => text);
    const { send } = await openBilling({ jwksUrl });
    expect((await send(await token())).statusCode).toBe(202);
    for (let index = 0; index < 50; index++) {
      expectProblem(await send(await token({ header: { kid: `k${index}` }, by: other.privateKey })), 'unauthorized');
    }
    expect(requests()).toBeLessThanOrEqual(2);
  });

  test.each([
    [500, 'text'],
    [302, 'text'],
    [200, 'not JSON'],
    [200, '{"keys":[]}'],
    [200, 'x'.repeat(300_000)],
  ])('give 503, never 401, while they are answered with %i and %.20s', async (status, body) => {
    const issuerOf = await openIssuer(() => body);
    issuerOf.answer(status);
    const { send } = await openBilling({ jwksUrl: issuerOf.jwksUrl });
    const answer = await send(await token());
    expectProblem(answer, 'auth-unavailable');
    expect(answer.headers['retry-after']).toBe('5');
    expect((await send(keyOf('key'))).statusCode).toBe(202);
  });

  test('give 503 while they cannot be reached', async () => {
    const text = await jwks();
    const issuerOf = await openIssuer(() => text);
    issuerOf.answer(503);
    const { send } = await openBilling({ jwksUrl: issuerOf.jwksUrl });
    expectProblem(await send(await token()), 'auth-unavailable');
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => send(await token({ claims: { jti: String(Math.random()) } }))),
    );
    for (const answer of answers) expectProblem(answer, 'auth-unavailable');
    expect(issuerOf.requests()).toBeLessThan(10);
    issuerOf.answer(200);
    await eventually(async () => expect((await send(await token())).statusCode).toBe(202));
  });

  test('stay across a reload while the issuer is away, and leave with its URL', async () => {
    const text = await jwks();
    const { jwksUrl, answer } = await openIssuer(() => text);
    const config = (keyName: string, url = jwksUrl) => ({
      service: 'shop',
      auth: { keys: keysOf({ [keyName]: ['event:*'] }), jwt: [{ ...settings, jwksUrl: url }] },
    });
    const gateway = createGateway(config('one'), quiet);
    onTestFinished(() => gateway.stop());
    await gateway.start();
    const send = async (sub: string) => {
      const headers = bearer(await token({ claims: { sub, scope: 'event:*' } }));
      return (await gateway.app.inject({ method: 'POST', url: '/events/a', headers })).statusCode;
    };
    expect(await send('first')).toBe(202);
    answer(500);
    expect(gateway.reload(config('two'))).toEqual({ changed: ['auth'], needRestart: [] });
    expect(await send('second')).toBe(202);
    expect(() => gateway.reload({ ...config('two', `${jwksUrl}/other`), concurrency: 0 })).toThrow();
    gateway.reload(config('three'));
    expect(await send('third')).toBe(202);
    gateway.reload(config('three', `${jwksUrl}/other`));
    gateway.reload(config('three'));
    expect(await send('fourth')).toBe(503);
  });

  test('rotate, stay in use while the issuer is away, and not without end', async () => {
    let text = await jwks();
    let nowMs = 0;
    const { jwksUrl, requests, answer } = await openIssuer(() => text);
    const keys = new RemoteKeys({ url: jwksUrl, logger: quiet.logger, clock: { nowMs: () => nowMs } });
    const first = await keys.current();
    text = await jwks({ two: other });
    expect(await keys.newer()).toBeUndefined();
    nowMs += 31_000;
    expect(await keys.newer()).toBeDefined();
    expect(await keys.newer()).toBeUndefined();
    expect(requests()).toBe(2);
    answer(500);
    nowMs += 11 * 60_000;
    const kept = await keys.current();
    expect(kept).not.toBe(first);
    await eventually(() => expect(requests()).toBe(3));
    // The key may be a new one, so the token cannot be refused.
    await eventually(async () => expect((await caught(() => keys.newer())).code).toBe('auth-unavailable'));
    nowMs += 60 * 60_000;
    expect((await caught(() => keys.current())).code).toBe('auth-unavailable');
    answer(200);
    nowMs += 31_000;
    expect(await keys.current()).toBeDefined();
  });
});
