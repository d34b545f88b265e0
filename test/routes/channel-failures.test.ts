import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { LittoralError } from '../../src/errors.ts';
import { expectProblem } from '../http/gateway-fixture.ts';
import { openApp, startedChannel } from './app-fixture.ts';

async function send(failure: unknown) {
  const channel = await startedChannel();
  channel.publish = async () => {
    throw failure;
  };
  const app = await openApp({ channel });
  return app.inject({ method: 'POST', url: '/events/billing.changed' });
}

const messageId = '0198f2c4-7d5e-7c3e-9d51-2f1a7f3f2f10';

describe('what a channel reports', () => {
  test.each<[ErrorCode, number, 'not-accepted' | 'unknown', string | undefined]>([
    ['too-many-in-flight', 429, 'not-accepted', '1'],
    ['broker-unavailable', 503, 'not-accepted', '1'],
    ['broker-blocked', 503, 'not-accepted', '5'],
    ['draining', 503, 'not-accepted', '1'],
    ['nacked', 503, 'unknown', '1'],
    ['confirm-timeout', 504, 'unknown', undefined],
    ['connection-lost', 504, 'unknown', undefined],
  ])('as %s is answered with %i, outcome %s, Retry-After %s', async (code, status, outcome, retryAfter) => {
    const response = await send(new LittoralError(code, 'The broker is not well.', { messageId }));
    expect(expectProblem(response, code)).toMatchObject({ status, outcome, retryable: true, messageId });
    expect(response.headers['retry-after']).toBe(retryAfter);
    expect(response.headers['message-id']).toBe(messageId);
  });

  test.each([
    ['an error', new Error('connect to amqp://user:hunter2@broker failed')],
    ['an error with a status', Object.assign(new Error('inner text'), { statusCode: 404 })],
    ['an error with a code', Object.assign(new Error('inner text'), { code: 'ECONNREFUSED' })],
    ['an error with a code of Fastify', Object.assign(new Error('inner text'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' })],
    ['a text', 'inner text'],
    ['an object', { name: 'inner text' }],
    ['null', null],
    ['nothing', undefined],
  ])('unexpectedly, as %s, is an internal error that says nothing of it', async (_kind, failure) => {
    const response = await send(failure);
    expect(expectProblem(response, 'internal-error')).toMatchObject({ status: 500, outcome: 'unknown' });
    expect(response.body).not.toMatch(/inner text|hunter2/);
    expect(JSON.stringify(response.headers)).not.toMatch(/inner text|hunter2/);
  });

  test('when it looks for the destination is answered as well', async () => {
    const channel = await startedChannel();
    channel.hasQueue = async () => {
      throw new LittoralError('broker-unavailable', 'Not connected.');
    };
    const app = await openApp({ channel });
    const response = await app.inject({ method: 'POST', url: '/commands/billing/change' });
    expectProblem(response, 'broker-unavailable');
  });
});
