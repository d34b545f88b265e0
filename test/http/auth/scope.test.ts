import { describe, expect, test } from 'vitest';
import { expectProblem, openGateway, openQueue, post } from '../gateway-fixture.ts';
import { openStream } from '../stream/stream-client.ts';
import { bearer, keyOf, keysOf } from './callers.ts';

test('the idempotency keys of two callers are apart, on every route', async () => {
  const gateway = await openGateway({ auth: { keys: keysOf({ one: ['command:*'], two: ['command:*'] }) } });
  openQueue(gateway, 'billing');
  const single = async (caller: string) => {
    const headers = { ...bearer(keyOf(caller)), 'idempotency-key': 'k' };
    return (await post(gateway, { headers, body: 'x' })).json().messageId;
  };
  const ofBatch = async (caller: string) => {
    const entry = { kind: 'command', destination: 'billing', routingKey: 'change', idempotencyKey: 'k', payload: 1 };
    const headers = { ...bearer(keyOf(caller)), 'content-type': 'application/json' };
    const body = JSON.stringify({ entries: [entry] });
    return (await post(gateway, { url: '/batch', headers, body })).json().results[0].messageId;
  };
  expect(await single('one')).toBe(await single('one'));
  expect(await ofBatch('one')).toBe(await single('one'));
  expect(await single('two')).not.toBe(await single('one'));
  expect(await ofBatch('two')).not.toBe(await single('one'));
});

test('a batch is decided entry by entry', async () => {
  const gateway = await openGateway({ auth: { keys: keysOf({ one: ['command:billing/change'] }) } });
  const messages = openQueue(gateway, 'billing', ['billing', '*']);
  const entry = (routingKey: string) => ({ kind: 'command', destination: 'billing', routingKey, payload: 1 });
  const body = JSON.stringify({ entries: [entry('change'), entry('other')] });
  const headers = { ...bearer(keyOf('one')), 'content-type': 'application/json' };
  const answer = await post(gateway, { url: '/batch', headers, body });
  expect(answer.statusCode).toBe(207);
  expect(answer.json().results).toMatchObject([{ status: 202 }, { status: 403, code: 'insufficient-scope' }]);
  expect(messages()).toHaveLength(1);
});

describe('ids that callers choose', () => {
  const id = '5f0c6b1e-3b9c-4f0e-8f5e-0a1b2c3d4e5f';
  const json = { 'content-type': 'application/json' };

  test.each(['/commands/billing/change', '/events/a', '/messages/billing/a'])('are refused by %s', async (url) => {
    const gateway = await openGateway({ auth: { keys: keysOf({ one: ['*'] }), anonymous: ['*'] } });
    for (const own of [bearer(keyOf('one')), {}]) {
      const problem = expectProblem(
        await post(gateway, { url, headers: { ...own, 'message-id': id } }),
        'invalid-header',
      );
      expect(problem.detail).toMatch(/auth keeps callers apart\. Send Idempotency-Key\.$/);
    }
  });

  test('are refused in entries of batches and streams', async () => {
    const gateway = await openGateway({ auth: { keys: keysOf({ one: ['*'] }) } });
    const messages = openQueue(gateway, 'billing');
    const entry = { kind: 'command', destination: 'billing', routingKey: 'change', payload: 1, messageId: id };
    const headers = { ...bearer(keyOf('one')), ...json };
    const answer = await post(gateway, { url: '/batch', headers, body: JSON.stringify({ entries: [entry] }) });
    expect(answer.json().results).toMatchObject([{ status: 400, errors: [{ pointer: '/entries/0/messageId' }] }]);
    const stream = await openStream(gateway, bearer(keyOf('one')));
    stream.send(entry);
    expect(await stream.end()).toMatchObject({ accepted: 0, failed: 1 });
    expect(messages()).toEqual([]);
  });

  test('differ for the same CloudEvent from two callers, and are equal for a repeated one', async () => {
    const gateway = await openGateway({ auth: { keys: keysOf({ one: ['event:*'], two: ['event:*'] }) } });
    const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed', data: 1 };
    const send = async (caller: string, isBatch: boolean) => {
      const type = `application/cloudevents${isBatch ? '-batch' : ''}+json`;
      const headers = { ...bearer(keyOf(caller)), 'content-type': type };
      const body = JSON.stringify(isBatch ? [event] : event);
      const answer = (await post(gateway, { url: '/cloudevents', headers, body })).json();
      return isBatch ? answer.results[0].messageId : answer.messageId;
    };
    expect(await send('one', true)).toBe(await send('one', false));
    expect(await send('two', false)).not.toBe(await send('one', false));
    expect(await send('two', true)).toBe(await send('two', false));
  });
});
