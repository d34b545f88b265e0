import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { post } from '../../flow/gateway-fixture.ts';
import { done, key, pull, pullOne, runPulled, send, stateOf } from '../pull-client.ts';

const commands = (settings: object) => ({ commands: { [key]: settings } });

describe('a pull beside a message that is leased', () => {
  test.each([
    ['a message that is not wanted', { when: 'payload.amount > 0' }, { amount: -1 }],
    ['a message that does not fit', { schema: { properties: { amount: { minimum: 0 } } } }, { amount: -1 }],
    ['a message whose expression fails', { body: '{ "amount": $number(payload.amount) }' }, { amount: 'x' }],
  ])('keeps its room after %s', async (_case, settings, unwanted) => {
    const gateway = await runPulled(commands(settings), { retries: { maxAttempts: 0 } });
    await send(gateway, { amount: 1 });
    const leased = await pullOne(gateway);
    const pulling = pull(gateway, { max: 1, waitMs: 30_000 });
    await eventually(async () => expect(await stateOf(gateway)).toMatchObject({ pullsWaiting: 1 }));
    await send(gateway, unwanted);
    await eventually(() => expect(gateway.unacknowledged()).toHaveLength(1));
    await send(gateway, { amount: 2 });
    expect(await pulling).toMatchObject([{ body: '{"amount":2}', attempt: 1 }]);
    await done(gateway, leased.lease);
  });

  test('gets other messages while a copy of the leased message waits', async () => {
    const gateway = await runPulled(commands({ deduplicate: true }));
    const headers = { 'message-id': '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' };
    const path = `/commands/billing/${key}`;
    expect((await post(gateway, path, { amount: 1 }, headers)).status).toBe(202);
    const leased = await pullOne(gateway);
    const pulling = pull(gateway, { max: 1, waitMs: 500 });
    expect((await post(gateway, path, { amount: 1 }, headers)).status).toBe(202);
    await eventually(() => expect(gateway.unacknowledged()).toHaveLength(2));
    expect(await pulling).toEqual([]);
    await send(gateway, { amount: 2 });
    const other = await pullOne(gateway);
    expect(other).toMatchObject({ body: '{"amount":2}', attempt: 1 });
    await done(gateway, other.lease);
    await done(gateway, leased.lease);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(await pull(gateway, { waitMs: 1 })).toEqual([]);
  });
});
