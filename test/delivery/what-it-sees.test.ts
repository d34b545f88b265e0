import { describe, expect, test } from 'vitest';
import type { PostFormat } from '../../src/delivery/post-to.ts';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { answering, startApplication } from './application-fixture.ts';
import { key, pullOne, runPulled, settle } from './pull-client.ts';

const sent = {
  'message-time-to-live': '60000',
  'message-priority': '7',
  'message-correlation-id': 'Zo%C3%AB',
  'message-header-tenant-id': '7',
  'content-type': 'text/plain',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  baggage: 'user=Zo%C3%AB',
};
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const described = {
  'message-correlation-id': 'Zo%C3%AB',
  'message-kind': 'command',
  'message-routing-key': key,
  'message-source': 'billing',
  'message-priority': '7',
  'message-header-tenant-id': '7',
  'message-timestamp': expect.stringMatching(timestamp),
  'message-expires-at': expect.stringMatching(timestamp),
  traceparent: sent.traceparent,
  baggage: sent.baggage,
  'request-timeout': '30s',
};

/** Returns both requests for a command whose first attempt fails. */
async function requestsFor(format: PostFormat) {
  let calls = 0;
  const app = await startApplication((request, response, socket) =>
    answering(calls++ === 0 ? 500 : 204)(request, response, socket),
  );
  const gateway = await runGateway({
    service: 'billing',
    application: { url: app.url, commands: [key], format },
    retries: { maxAttempts: 1, initialDelayMs: 1 },
  });
  expect((await post(gateway, `/commands/billing/${key}`, 'x', sent)).status).toBe(202);
  return eventually(() => {
    expect(app.received).toHaveLength(2);
    return app.received.map(({ headers, body }) => ({ headers, body: body.toString() }));
  });
}

describe('an application', () => {
  test.each<[PostFormat, object]>([
    ['message', { 'content-type': 'text/plain' }],
    [
      'cloudevents',
      {
        'content-type': 'text/plain',
        'ce-expirytime': expect.stringMatching(timestamp),
        'ce-correlationid': 'Zo%C3%AB',
      },
    ],
    ['cloudevents-structured', { 'content-type': 'application/cloudevents+json; charset=utf-8' }],
  ])('sees all of a message at its first attempt and at a retry (%s)', async (format, own) => {
    const [first, second] = await requestsFor(format);
    const withoutAttempt = ({ headers }: NonNullable<typeof first>) => ({ ...headers, 'message-attempt': undefined });
    expect(first?.headers).toMatchObject({ ...described, ...own, 'message-attempt': '1' });
    expect(second?.headers['message-attempt']).toBe('2');
    expect(withoutAttempt(second!)).toEqual(withoutAttempt(first!));
    expect(second?.body).toBe(first?.body);
    if (format !== 'cloudevents-structured') return;
    expect(JSON.parse(first!.body)).toMatchObject({ expirytime: first!.headers['message-expires-at'] });
  });

  test('sees no expiry of a message that has none', async () => {
    const app = await startApplication();
    const gateway = await runGateway({ service: 'billing', application: { url: app.url, commands: [key] } });
    await post(gateway, `/commands/billing/${key}`, 'x');
    const { headers } = await eventually(() => app.received[0] ?? expect.unreachable());
    expect(headers).not.toHaveProperty('message-expires-at');
    expect(headers).not.toHaveProperty('message-parent-id');
  });

  test('sees all of a message that it pulls, at each attempt', async () => {
    const gateway = await runPulled();
    expect((await post(gateway, `/commands/billing/${key}`, 'x', sent)).status).toBe(202);
    const first = await pullOne(gateway);
    await settle(gateway, { retry: [{ lease: first.lease, delayMs: 1 }] });
    const second = await pullOne(gateway);
    expect(first).toMatchObject({
      attempt: 1,
      contentType: 'text/plain',
      message: {
        'Message-Correlation-Id': 'Zo\u00eb',
        'Message-Priority': '7',
        'Message-Expires-At': expect.stringMatching(timestamp),
        'Message-Timestamp': expect.stringMatching(timestamp),
        'Message-Header-Tenant-Id': '7',
        baggage: 'user=Zo%C3%AB',
      },
    });
    expect(second.message).toEqual({ ...first.message, 'Message-Attempt': '2' });
    expect({ ...second, lease: '', expiresAt: '', attempt: 0, message: 0 }).toEqual({
      ...{ ...first, lease: '', expiresAt: '', attempt: 0, message: 0 },
    });
  });
});
