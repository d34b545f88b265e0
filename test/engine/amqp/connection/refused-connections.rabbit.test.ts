import { defineCommandHandler } from 'littoral';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AmqpEngineOptions } from '../../../../src/engine/amqp/amqp-engine.ts';
import type { Broker } from '../../../broker/broker.ts';
import { eventually } from '../../../broker/eventually.ts';
import { createManagement, type Management } from '../../../broker/management.ts';
import { startBroker } from '../../../broker/start-broker.ts';
import { caught } from '../../../caught.ts';
import { authority, certificate, type Pair, PemFolder } from '../../../certificates.ts';
import { post, runGateway, untilReady } from '../../../flow/gateway-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';

// A broker of its own: it listens for TLS, and demands a certificate of its clients.
const folder = new PemFolder();
let broker: Broker;
let management: Management;
let ca: Pair;
let files: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

beforeAll(async () => {
  ca = await authority();
  const caFile = folder.write('ca.pem', ca.cert);
  const server = await certificate('localhost', ca);
  folder.write('server.pem', server.cert);
  folder.write('server.key', server.key);
  broker = await startBroker({ tls: { folder: folder.path, ca: 'ca.pem', cert: 'server.pem', key: 'server.key' } });
  management = createManagement(broker);
  files = { caFile, ...(await clientFiles('client', 'billing')) };
  await addUser('billing', '/');
});
afterAll(async () => {
  await broker.close();
  folder.remove();
});

const onPay = defineCommandHandler({ routingKey: 'pay', distributed: true, handle: () => {} });

async function clientFiles(name: string, user: string, signer = ca) {
  const { cert, key } = await certificate(user, signer);
  return { certFile: folder.write(`${name}.pem`, cert), keyFile: folder.write(`${name}.key`, key) };
}

/** Adds a user, with the password hunter2, who may do everything in a vhost. */
async function addUser(user: string, vhost?: string): Promise<void> {
  await management.put(`/api/users/${user}`, { password: 'hunter2', tags: '' });
  if (vhost !== undefined) await allow(user, vhost);
}

function allow(user: string, vhost: string): Promise<void> {
  const everything = { configure: '.*', write: '.*', read: '.*' };
  return management.put(`/api/permissions/${encodeURIComponent(vhost)}/${user}`, everything);
}

function urlOf({ user = 'billing:hunter2@', port = new URL(broker.url).port, vhost = '%2F' }): string {
  return `amqp://${user}127.0.0.1:${port}/${vhost}`;
}

function tlsUrl({ user = '', port = broker.tlsPort as number | string } = {}): string {
  return `amqps://${user}localhost:${port}/%2F`;
}

/** Why a channel with these options has no connection. */
async function failureOf(url: string, options: Partial<AmqpEngineOptions> = {}): Promise<string> {
  const channel = createAmqpEngine({ url, service: 'test', ...options });
  onTestFinished(() => channel.close(1000));
  await channel.start();
  const { reason } = channel.health();
  const error = await caught(() =>
    channel.publish({ to: { bus: 'a' }, message: { headers: {}, body: Buffer.from('') } }),
  );
  expect(error).toMatchObject({ code: 'broker-unavailable', message: `Nothing was sent: ${reason}.` });
  expect(error.message).not.toContain('hunter2');
  return String(reason);
}

describe('a broker that refuses a connection is quoted, with the remedy', () => {
  test('explains a vhost that does not exist', async () => {
    expect(await failureOf(urlOf({ vhost: 'nope' }))).toMatch(
      /^cannot use amqp:\/\/127\.0\.0\.1:\d+\/nope: the broker has no vhost 'nope' \(530 NOT_ALLOWED - vhost '?nope'? not found\)\. .*add_vhost/,
    );
  });

  test('explains a vhost that the user may not access', async () => {
    await management.put('/api/vhosts/foreign', {});
    expect(await failureOf(urlOf({ vhost: 'foreign' }))).toMatch(
      /the user 'billing' may not use the vhost 'foreign' \(530 NOT_ALLOWED - .*\)\. .*set_permissions/,
    );
  });

  test('explains a vhost that has reached its limit of connections', async () => {
    await management.put('/api/vhosts/limited', {});
    await allow('billing', 'limited');
    await management.put('/api/vhost-limits/limited/max-connections', { value: 0 });
    expect(await failureOf(urlOf({ vhost: 'limited' }))).toMatch(
      /the broker takes no more connections \(530 NOT_ALLOWED - .*limit \(0\) is reached\)\. .*set_vhost_limits/,
    );
  });

  test('explains a user who has reached the limit of connections', async () => {
    await addUser('limited', '/');
    await management.put('/api/user-limits/limited/max-connections', { value: 0 });
    expect(await failureOf(urlOf({ user: 'limited:hunter2@' }))).toMatch(
      /the broker takes no more connections \(530 NOT_ALLOWED - .*limit \(0\) is reached\)\. .*set_user_limits/,
    );
  });

  test('explains a user who may open too few channels', async () => {
    await addUser('narrow', '/');
    await management.put('/api/user-limits/narrow/max-channels', { value: 1 });
    expect(await failureOf(urlOf({ user: 'narrow:hunter2@' }))).toMatch(
      /the broker allows too few channels \(530 NOT_ALLOWED - number of channels .*\)\. .*max-channels/,
    );
  });

  test('explains a wrong password', async () => {
    expect(await failureOf(urlOf({ user: 'billing:hunter22@' }))).toMatch(
      /the broker refuses the login \(403 ACCESS_REFUSED - .*\)\. Correct user and password in the URL: it was the user 'billing'/,
    );
  });

  test('explains a login by certificate that it does not offer without TLS', async () => {
    expect(await failureOf(urlOf({ user: '' }), { tlsFiles: files })).toMatch(
      /takes no login by certificate \(EXTERNAL\)\. .*rabbitmq_auth_mechanism_ssl/,
    );
  });

  test('explains a port that expects TLS', async () => {
    expect(await failureOf(urlOf({ port: String(broker.tlsPort) }))).toMatch(/the port expects TLS\. Write amqps:\/\//);
  });

  test('explains a port without TLS', async () => {
    const { port } = new URL(broker.url);
    expect(await failureOf(tlsUrl({ port }), { tlsFiles: files })).toMatch(
      /what listens there speaks no TLS\. Write amqp:\/\//,
    );
  });

  test('explains a certificate that it demands', async () => {
    expect(await failureOf(tlsUrl(), { tlsFiles: { caFile: files.caFile } })).toMatch(
      /the broker demands a certificate of its clients\. Set broker\.certFile \(AMQP_CERT_FILE\)/,
    );
  });

  test('explains a certificate of an authority that it does not trust', async () => {
    const foreign = await clientFiles('foreign', 'billing', await authority('Another'));
    expect(await failureOf(tlsUrl(), { tlsFiles: { caFile: files.caFile, ...foreign } })).toMatch(
      /the broker (?:refuses the certificate of broker\.certFile|does not trust)/,
    );
  });

  test('explains a certificate of an unknown user', async () => {
    const nobody = await clientFiles('nobody', 'nobody');
    expect(await failureOf(tlsUrl(), { tlsFiles: { caFile: files.caFile, ...nobody } })).toMatch(
      /the broker refuses the login \(403 ACCESS_REFUSED - .*EXTERNAL.*\)\. Create a user with the name/,
    );
  });
});

describe('a certificate for the broker', () => {
  test('logs in where the URL has no user', async () => {
    const gateway = await runGateway({ service: 'billing', broker: { url: tlsUrl(), ...files }, handlers: [onPay] });
    expect(await post(gateway, '/commands/billing/pay', {})).toMatchObject({ status: 202, body: { routed: true } });
    const connections = await eventually(async () => {
      const all = await management.get<{ user: string; auth_mechanism?: string }[]>('/api/connections');
      const ours = all.filter(({ auth_mechanism }) => auth_mechanism === 'EXTERNAL');
      expect(ours).not.toHaveLength(0);
      return ours;
    });
    expect(new Set(connections.map(({ user }) => user))).toEqual(new Set(['billing']));
  });

  test('is shown beside a user and a password', async () => {
    const url = tlsUrl({ user: 'billing:hunter2@' });
    const gateway = await runGateway({ service: 'paying', broker: { url, ...files }, handlers: [onPay] });
    expect(await post(gateway, '/commands/paying/pay', {})).toMatchObject({ status: 202 });
  });

  test('is read again at each attempt', async () => {
    const replaced = await clientFiles('replaced', 'billing', await authority('Another'));
    const broken = { url: tlsUrl(), caFile: files.caFile, ...replaced };
    const gateway = await runGateway({ service: 'renewing', broker: broken, handlers: [onPay] });
    expect((await post(gateway, '/commands/renewing/pay', {})).status).toBe(503);
    await clientFiles('replaced', 'billing');
    await untilReady(gateway);
    expect((await post(gateway, '/commands/renewing/pay', {})).status).toBe(202);
  });
});

// The last: it stops the broker.
test('a broker that shuts down says so', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await runGateway({ service: 'last', broker: { url: urlOf({}) } }, { logger });
  await broker.stop();
  await eventually(() => {
    expect(lines.join('')).toMatch(
      /lost the connection to amqp:.*: the broker is shutting down \(320 CONNECTION_FORCED/,
    );
  });
});
