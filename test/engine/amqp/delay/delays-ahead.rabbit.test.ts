import { describe, expect, onTestFinished, test } from 'vitest';
import { delayLevels } from '../../../../src/engine/amqp/delay/delay-levels.ts';
import { defineCommandHandler } from '../../../../src/handler/define-handler.ts';
import { deferralDelaysMs } from '../../../../src/recovery/deferral.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { runGateway } from '../../../flow/gateway-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';

const vhost = useVhost();

const levelsOf = (...delaysMs: number[]) =>
  [...new Set(delaysMs.flatMap(delayLevels))].sort((one, other) => one - other);

async function declaredLevels(service: string): Promise<number[]> {
  const name = new RegExp(`^littoral_${service}_delay_(\\d+)$`);
  const levels = (await vhost.queues()).map((queue) => Number(name.exec(queue.name)?.[1] ?? -1));
  return levels.filter((level) => level >= 0).sort((one, other) => one - other);
}

describe('the delays of a subscription', () => {
  function subscribe(service: string, delaysMs?: readonly number[]) {
    const channel = createAmqpEngine({ url: vhost.url, service });
    onTestFinished(() => channel.close(1000));
    channel.subscribe({
      queue: `distributed_${service}`,
      deadLetterQueue: `distributed_${service}_dead_letter`,
      bindingKeys: [service],
      prefetch: 1,
      delaysMs,
      onDelivery: (delivery) => delivery.acknowledge(),
    });
    return channel;
  }

  test('have their levels declared before a message needs them', async () => {
    await subscribe('ahead', [200, 1000]).start();
    await eventually(async () => expect(await declaredLevels('ahead')).toEqual(levelsOf(200, 1000)));
  });

  test('declare nothing if there are none', async () => {
    const channel = subscribe('none');
    await channel.start();
    await channel.hasQueue('distributed_none');
    expect(await declaredLevels('none')).toEqual([]);
  });
});

describe('a gateway', () => {
  test('declares at start what deferrals and the retries of its distributed handlers need', async () => {
    const handler = (routingKey: string, distributed: boolean, initialDelayMs: number) =>
      defineCommandHandler({ routingKey, distributed, retries: { initialDelayMs, maxAttempts: 1 }, handle: () => {} });
    await runGateway({
      service: 'billing',
      broker: { url: vhost.url },
      handlers: [handler('one', true, 64), handler('two', true, 300), handler('local', false, 100_000)],
    });
    await eventually(async () =>
      expect(await declaredLevels('billing')).toEqual(levelsOf(64, 300, ...deferralDelaysMs)),
    );
  });
});
