import { createSign, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrokerConfig } from '../../../../src/config/broker-config.ts';
import type { Broker } from '../../../broker/broker.ts';
import { eventually } from '../../../broker/eventually.ts';
import { findFreePorts } from '../../../broker/free-ports.ts';
import { createManagement } from '../../../broker/management.ts';
import { startBroker } from '../../../broker/start-broker.ts';
import { PemFolder } from '../../../certificates.ts';
import { post, type RunningGateway, runGateway, untilReady } from '../../../flow/gateway-fixture.ts';
import { folderOf } from '../../../folder-of.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = new PemFolder();
let broker: Broker;

beforeAll(async () => {
  const key = keys.write('public.pem', publicKey.export({ type: 'spki', format: 'pem' }) as string);
  broker = await startBroker({
    plugins: ['rabbitmq_auth_backend_oauth2'],
    settings: [
      'auth_backends.1 = rabbit_auth_backend_oauth2',
      'auth_backends.2 = internal',
      'auth_oauth2.resource_server_id = rabbitmq',
      'auth_oauth2.default_key = one',
      `auth_oauth2.signing_keys.one = ${key}`,
    ],
  });
});
afterAll(async () => {
  await broker.close();
  keys.remove();
});

/** Makes an OAuth 2 token as an authorization server does (RFC 9068). */
function token(seconds: number, signer = privateKey): { text: string; endMs: number } {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const everything = ['configure', 'read', 'write'].map((verb) => `rabbitmq.${verb}:*/*/*`);
  const parts = [
    { alg: 'RS256', typ: 'JWT', kid: 'one' },
    { sub: 'billing', aud: ['rabbitmq'], scope: everything, exp },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createSign('RSA-SHA256').update(parts.join('.')).sign(signer).toString('base64url');
  return { text: [...parts, signature].join('.'), endMs: exp * 1000 };
}

/** The address of the broker with other credentials. */
function addressWith(credentials: string): string {
  return broker.url.replace(/\/\/[^@]*@/, `//${credentials}`);
}

interface Logged extends RunningGateway {
  readonly log: () => string;
}

async function logged(settings: BrokerConfig): Promise<Logged> {
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line) => void lines.push(line) });
  const gateway = await runGateway({ service: 'billing', broker: settings }, { logger });
  return { ...gateway, log: () => lines.join('') };
}

async function closeConnectionsOf(user: string): Promise<void> {
  await broker.evaluate(`rabbit_networking:close_all_user_connections(<<"${user}">>, <<"test">>)`);
}

const connected = /"role":"publishing"[^\n]*connected to the broker/g;

describe('an OAuth 2 token in broker.tokenFile', () => {
  test('is renewed on the open connection, which outlives the first token', async () => {
    const first = token(20);
    const folder = folderOf({ token: first.text });
    const gateway = await logged({ url: addressWith(''), tokenFile: join(folder, 'token') });
    await untilReady(gateway);
    writeFileSync(join(folder, 'token'), `${token(3600).text}\n`);
    await eventually(() => expect(gateway.log()).toContain('token of the connection renewed'));
    await eventually(() => expect(Date.now()).toBeGreaterThan(first.endMs + 1_000));
    expect(await post(gateway, '/events/a', {})).toMatchObject({ status: 202 });
    expect(gateway.log().match(connected)).toHaveLength(1);
    expect(gateway.log()).not.toContain(first.text);
  });

  test('ends the connection if the broker refuses it, and the next token opens another', async () => {
    const folder = folderOf({ token: token(3600).text });
    const gateway = await logged({ url: addressWith(''), tokenFile: join(folder, 'token') });
    await untilReady(gateway);
    writeFileSync(join(folder, 'token'), token(3600, stranger.privateKey).text);
    await eventually(() => expect(gateway.log()).toContain('the connection ended while its token was renewed'));
    await eventually(() => expect(gateway.log()).toContain('the broker cannot be used'));
    writeFileSync(join(folder, 'token'), token(3600).text);
    await untilReady(gateway);
    expect(await post(gateway, '/events/a', {})).toMatchObject({ status: 202 });
  });

  test('is a warning if it is about to expire and its file stays as it is', async () => {
    const folder = folderOf({ token: token(4).text });
    const gateway = await logged({ url: addressWith(''), tokenFile: join(folder, 'token') });
    await eventually(() => expect(gateway.log()).toContain('token of the broker expires soon'));
  });
});

describe('the address of the broker', () => {
  test('is read from broker.urlFile again for each attempt', async () => {
    const [unused] = await findFreePorts(1);
    const folder = folderOf({ url: `amqp://guest:guest@127.0.0.1:${unused}` });
    const gateway = await logged({ urlFile: join(folder, 'url') });
    await eventually(() => expect(gateway.log()).toContain('nothing listens there'));
    writeFileSync(join(folder, 'url'), `${broker.url}\n`);
    await untilReady(gateway);
    expect(await post(gateway, '/events/a', {})).toMatchObject({ status: 202 });
  });

  test('gets its password from broker.passwordFile again for each attempt', async () => {
    const management = createManagement(broker);
    const setPassword = (password: string) => management.put('/api/users/shop', { password, tags: '' });
    await setPassword('first');
    await management.put('/api/permissions/%2F/shop', { configure: '.*', write: '.*', read: '.*' });
    const folder = folderOf({ password: 'first\n' });
    const gateway = await logged({ url: addressWith('shop@'), passwordFile: join(folder, 'password') });
    await untilReady(gateway);
    await setPassword('second');
    await closeConnectionsOf('shop');
    await eventually(() => expect(gateway.log()).toContain('the broker cannot be used'));
    writeFileSync(join(folder, 'password'), 'second');
    await untilReady(gateway);
    expect(await post(gateway, '/events/a', {})).toMatchObject({ status: 202 });
    expect(gateway.log()).not.toContain('second');
  });

  test('stays as it was while its file cannot be used', async () => {
    const folder = folderOf({ url: broker.url });
    const gateway = await logged({ urlFile: join(folder, 'url') });
    await untilReady(gateway);
    writeFileSync(join(folder, 'url'), 'no address');
    await closeConnectionsOf('guest');
    await eventually(() => expect(gateway.log()).toContain('credentials of the broker not read again'));
    await eventually(() => expect((gateway.log().match(connected) ?? []).length).toBeGreaterThan(1));
    await untilReady(gateway);
  });
});
