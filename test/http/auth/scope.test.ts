import { expect, test } from 'vitest';
import { openGateway, openQueue, post } from '../gateway-fixture.ts';
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
