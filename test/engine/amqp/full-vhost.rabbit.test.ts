import { defineCommandHandler } from 'littoral';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { post, runGateway, untilReady } from '../../flow/gateway-fixture.ts';

const vhost = useVhost();

const readyz = async ({ address }: { readonly address: string }) => {
  const response = await fetch(`${address}/readyz`);
  return { status: response.status, text: await response.text() };
};

describe('a vhost that may hold no more queues', () => {
  test('lets a gateway start, which is unready and says why until there is room', async () => {
    await vhost.limitQueues(0);
    const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle() {} })];
    const gateway = await runGateway({ service: 'late', broker: { url: vhost.url }, handlers });
    const { status, text } = await eventually(async () => {
      const answer = await readyz(gateway);
      expect(answer.text).toContain('queue limit');
      return answer;
    });
    expect(status).toBe(503);
    expect(text).toContain('set_vhost_limits');
    expect(text).not.toContain('other arguments');
    await vhost.limitQueues(-1);
    await untilReady(gateway);
    expect((await post(gateway, '/commands/late/pay', {})).status).toBe(202);
  });

  test('makes no retry a dead letter, and is a warning until there is room', async () => {
    let calls = 0;
    const handle = () => {
      calls += 1;
      throw new Error('always');
    };
    const retries = { maxAttempts: 1, initialDelayMs: 50 };
    const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, retries, handle })];
    const gateway = await runGateway({ service: 'full', broker: { url: vhost.url }, handlers });
    await untilReady(gateway);
    await vhost.limitQueues(0);
    expect((await post(gateway, '/commands/full/pay', {})).status).toBe(202);
    await eventually(async () => expect((await readyz(gateway)).text).toContain('set_vhost_limits'));
    expect((await readyz(gateway)).status).toBe(200);
    expect(await vhost.messages('distributed_full_dead_letter')).toBe(0);
    const delayed = await post(gateway, '/commands/full/pay', {}, { 'message-delay': '50' });
    expect(delayed).toMatchObject({ status: 503, body: { code: 'broker-unavailable', outcome: 'not-accepted' } });
    await vhost.limitQueues(-1);
    // Only one retry is configured: after it the message becomes a dead letter.
    await eventually(async () => expect(await vhost.messages('distributed_full_dead_letter')).toBe(1));
    expect(calls).toBeGreaterThanOrEqual(2);
    expect((await readyz(gateway)).text).not.toContain('set_vhost_limits');
  });
});
