import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HTTP } from 'cloudevents';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { SubscriptionConfig } from '../../src/config/subscription-config.ts';
import { postTo } from '../../src/delivery/post-to.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { header } from '../../src/parameter/header.ts';
import { payload } from '../../src/parameter/payload.ts';
import { eventually } from '../broker/eventually.ts';
import { post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';
import { folderOf } from '../folder-of.ts';
import { answering, type Received, startApplication } from './application-fixture.ts';

const retries = { maxAttempts: 0 };

/** The requests that an application gets for the payloads of a command. */
async function requestsFor(subscription: SubscriptionConfig, payloads: readonly unknown[], count = payloads.length) {
  const app = await startApplication();
  const application = { url: app.url, commands: { pay: subscription } };
  const gateway = await runGateway({ service: 'billing', application, retries });
  for (const one of payloads) {
    const { status } = await post(gateway, '/commands/billing/pay', one, { 'message-header-tenant': 'acme' });
    expect(status).toBe(202);
  }
  await eventually(() => expect(app.received).toHaveLength(count));
  await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
  return { received: app.received, gateway, app };
}

const bodies = (received: readonly Received[]) => received.map(({ body }) => body.toString());

async function deadLetters({ address }: RunningGateway): Promise<{ error: { message: string } }[]> {
  return ((await (await fetch(`${address}/dead-letters`)).json()) as { items: never[] }).items;
}

describe('a subscription of an application', () => {
  test('has a path', async () => {
    const { received } = await requestsFor({ path: '/hooks/pay?v=1' }, [{ amount: 1 }]);
    expect(received[0]?.path).toBe('/hooks/pay?v=1');
  });

  test('gets the body byte for byte', async () => {
    const app = await startApplication();
    const gateway = await runGateway({ service: 'billing', application: { url: app.url, commands: ['pay'] }, retries });
    const text = '{ "id": 9007199254740993, "amount": 1.10, "id2":1e2 }';
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    await fetch(`${gateway.address}/commands/billing/pay`, { method: 'POST', headers, body: text });
    await eventually(() => expect(bodies(app.received)).toEqual([text]));
  });

  test('gets only what is wanted; the rest is acknowledged', async () => {
    const { received, gateway } = await requestsFor(
      { when: 'payload.total > 100' },
      [{ total: 99 }, { total: 101 }, {}],
      1,
    );
    expect(bodies(received)).toEqual(['{"total":101}']);
    expect(await deadLetters(gateway)).toEqual([]);
    const endpoints = await (await fetch(`${gateway.address}/endpoints`)).json();
    expect(endpoints).toMatchObject({ applications: [{ skipped: 2 }] });
  });

  test('gets what fits its schema; the rest becomes a dead letter', async () => {
    const schema = { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] };
    const { received, gateway } = await requestsFor({ schema }, [{ total: 1 }, { total: 'x' }, { other: 1 }], 1);
    expect(bodies(received)).toEqual(['{"total":1}']);
    await eventually(async () => expect(await deadLetters(gateway)).toHaveLength(2));
  });

  test('gets a body that an expression gives, as JSON', async () => {
    const { received } = await requestsFor({ body: 'payload.order' }, [{ order: { id: 7 } }, { order: 'x' }, {}]);
    expect(bodies(received)).toEqual(['{"id":7}', '"x"', 'null']);
    expect(received[0]?.headers['content-type']).toBe('application/json');
  });

  test('gets the body in another media type', async () => {
    const { received } = await requestsFor({ contentType: 'application/xml' }, [{ id: 7 }]);
    expect(received[0]?.headers['content-type']).toBe('application/xml');
    expect(bodies(received)[0]).toContain('<id>7</id>');
  });

  test('gets headers that expressions give', async () => {
    const headers = { 'X-Tenant': 'headers.tenant', 'X-Total': 'payload.total', 'X-None': 'payload.none' };
    const { received } = await requestsFor({ headers }, [{ total: 7 }]);
    expect(received[0]?.headers).toMatchObject({ 'x-tenant': 'acme', 'x-total': '7' });
    expect(received[0]?.headers).not.toHaveProperty('x-none');
  });

  test('cannot be made to send a header of its sender', async () => {
    const hostile = 'a\r\nx-evil: 1\r\n\r\nGET /admin HTTP/1.1\u0000\u2028é';
    const { received } = await requestsFor({ headers: { 'X-Note': 'payload.note' } }, [{ note: hostile }]);
    expect(received[0]?.headers).not.toHaveProperty('x-evil');
    expect(decodeURIComponent(String(received[0]?.headers['x-note']))).toBe(hostile);
  });

  test('has a name of its own in dead letters, and retries of its own', async () => {
    const app = await startApplication(answering(500));
    const pay = { endpointId: 'payments', retries: { maxAttempts: 1, initialDelayMs: 1 } };
    const gateway = await runGateway({ service: 'billing', application: { url: app.url, commands: { pay } }, retries });
    await post(gateway, '/commands/billing/pay', {});
    await eventually(async () =>
      expect(await deadLetters(gateway)).toMatchObject([{ endpoint: 'payments', attempts: 2 }]),
    );
  });

  test('is not called for a copy of a message', async () => {
    const { received } = await requestsFor({ deduplicate: 'payload.id' }, [{ id: 1 }, { id: 1 }, { id: 2 }], 2);
    expect(bodies(received)).toEqual(['{"id":1}', '{"id":2}']);
  });

  test.each(['cloudevents', 'cloudevents-structured'] as const)('gets CloudEvents in the format %s', async (format) => {
    const app = await startApplication();
    const application = { url: app.url, events: { 'order.*': { format, path: '/events' } } };
    const gateway = await runGateway({ service: 'billing', application, retries });
    const { body } = await post(gateway, '/events/order.placed', { id: 7 });
    const request = await eventually(() => {
      expect(app.received).toHaveLength(1);
      return app.received[0] as Received;
    });
    const event = HTTP.toEvent({ headers: request.headers, body: request.body.toString() });
    expect(event).toMatchObject({
      id: body.messageId,
      type: 'order.placed',
      source: '/services/billing',
      data: { id: 7 },
    });
  });
});

describe('an application', () => {
  test('gets the token and the signature of its files', async () => {
    const app = await startApplication();
    const secret = Buffer.alloc(32, 7).toString('base64');
    const folder = folderOf({ token: 'hunter2hunter2\n', secret: `whsec_${secret}\n` });
    const application = {
      url: app.url,
      commands: ['pay'],
      tokenFile: join(folder, 'token'),
      secretFile: join(folder, 'secret'),
    };
    const gateway = await runGateway({ service: 'billing', application, retries });
    await post(gateway, '/commands/billing/pay', { id: 7 });
    await eventually(() => expect(app.received).toHaveLength(1));
    const { headers, body } = app.received[0] as Received;
    expect(headers.authorization).toBe('Bearer hunter2hunter2');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const digest = createHmac('sha256', Buffer.from(secret, 'base64')).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${digest}`);
    expect(headers['webhook-id']).toBe(headers['message-id']);

    writeFileSync(join(folder, 'token'), 'changed-token');
    await eventually(async () => {
      await post(gateway, '/commands/billing/pay', { id: 8 });
      expect(app.received.at(-1)?.headers.authorization).toBe('Bearer changed-token');
    });
  });

  test.each([
    [{ url: 'http://user:hunter2@localhost' }, 'application.url: holds credentials'],
    [{ url: 'ftp://localhost' }, 'application.url: begins neither'],
    [{ url: 'http://localhost/#x' }, 'application.url: holds a fragment'],
    [{ url: 'localhost:8080' }, 'application.url: '],
    [{ commands: ['a'] }, 'application.url: is missing'],
    [{ url: 'http://localhost', commands: { a: 'hooks' } }, 'application.commands.a: is not a path'],
    [{ url: 'http://localhost', commands: { a: { path: '//evil.example/x y' } } }, 'application.commands.a.path'],
    [
      { url: 'http://localhost', commands: { a: { headers: { Host: '"x"' } } } },
      "the request header 'Host' is set by littoral",
    ],
    [{ url: 'http://localhost', commands: { a: { when: 'payload.(' } } }, 'Cannot resolve'],
    [{ url: 'http://localhost', commands: { a: { contentType: 'nonsense' } } }, 'contentType is not a media type'],
    [
      { url: 'http://localhost', commands: ['a'], tokenFile: '/nowhere/token' },
      'application.tokenFile: /nowhere/token does not exist',
    ],
    [
      { url: 'http://localhost', commands: ['a'], tokenFile: '/dev/null' },
      "application.tokenFile: '/dev/null' is a device, not a regular file",
    ],
    [
      { url: 'http://localhost', commands: ['a'], secretFile: '/etc/hostname' },
      'application.secretFile: The secret in line 1',
    ],
    [
      { url: 'https://localhost', commands: ['a'], caFile: '/etc/hostname' },
      'application.caFile: /etc/hostname holds no certificate',
    ],
    [{ url: 'http://localhost', command: ['a'] }, 'command'],
  ])('is refused at start with a clear issue: %j', async (application, issue) => {
    const error = await runGateway({ service: 'billing', application } as never).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toContain(issue);
    expect(error.message).not.toContain('hunter2');
  });

  test('cannot handle a command that a function handles', async () => {
    const handler = defineCommandHandler({ routingKey: 'pay', distributed: true, handle: () => {} });
    const application = { url: 'http://localhost', commands: ['pay'] };
    const error = await runGateway({ service: 'billing', application, handlers: [handler] }).catch((thrown) => thrown);
    expect(error.message).toContain("the command 'pay' already has a handler");
  });
});

describe('postTo', () => {
  test('makes any handler a request', async () => {
    const app = await startApplication();
    const handlers = [
      defineCommandHandler({ routingKey: 'a', distributed: true, handle: postTo(`${app.url}/a`) }),
      defineCommandHandler({
        routingKey: 'b',
        distributed: true,
        parameters: { total: payload(Type.Integer(), { expression: 'payload.total' }), tenant: header('tenant') },
        handle: postTo(`${app.url}/b`),
      }),
      defineEventHandler({
        routingKey: 'c.*',
        distributed: true,
        parameters: [payload({ expression: 'payload.total' })],
        handle: postTo(`${app.url}/c`),
      }),
    ];
    const gateway = await runGateway({ service: 'billing', handlers, retries });
    for (const path of ['/commands/billing/a', '/commands/billing/b', '/events/c.d']) {
      const { status } = await post(gateway, path, { total: 7 }, { 'message-header-tenant': 'acme' });
      expect(status).toBe(202);
    }
    await eventually(() => expect(app.received).toHaveLength(3));
    expect(Object.fromEntries(app.received.map(({ path, body }) => [path, body.toString()]))).toEqual({
      '/a': '{"total":7}',
      '/b': '{"total":7,"tenant":"acme"}',
      '/c': '7',
    });
  });

  test('is refused at start with a URL that cannot be', async () => {
    const handler = defineCommandHandler({ routingKey: 'a', handle: postTo('http://user:hunter2@localhost') });
    const error = await runGateway({ service: 'billing', handlers: [handler] }).catch((thrown) => thrown);
    expect(error.message).toContain("command handler 'a': The URL of postTo(…) holds credentials");
    expect(error.message).not.toContain('hunter2');
  });
});
