import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { billing, times } from '../cli/billing.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';

const vhost = useVhost();

test('a message that kills its process each time is moved to the dead letter queue, and it alone', {
  timeout: 300_000,
}, async () => {
  // Fewer than the 20 of the queue itself, for each takes a start of a process.
  await vhost.setPolicy('limit', { pattern: '^distributed_', definition: { 'delivery-limit': 5 } });
  const service = billing(vhost, 10);
  await service.fill(...times(5), 'poison', ...times(20));
  let kills = 0;
  let handled = 0;
  for (let code: number | null = null; code !== 0; ) {
    const run = await service.littoral('run', 'billing', '--finishWhenNoMessages').ended;
    handled += run.stdout.split('handled ok').length - 1;
    code = run.code;
    if (code === null) kills += 1;
    expect([code, kills], run.stderr).toEqual([code === null ? null : 0, Math.min(kills, 6)]);
  }
  // The first delivery, and as many more as the broker allows.
  expect(kills).toBe(6);
  await eventually(async () => expect(await service.waiting()).toBe(0));
  await eventually(async () => expect(await service.deadLetters()).toBe(1));
  const [letter, ...others] = await waitingMessages(vhost.url, 'distributed_billing_dead_letter');
  expect(Buffer.from(letter?.body ?? []).toString()).toBe('poison');
  expect(letter?.headers).toMatchObject({ 'x-death': [{ reason: 'delivery_limit', queue: 'distributed_billing' }] });
  expect(others).toEqual([]);
  // What was in hand beside it at the first kill was handled once more, if at all.
  expect(handled).toBeGreaterThanOrEqual(25);
  expect(handled).toBeLessThanOrEqual(35);
});
