import { expect, test } from 'vitest';
import { isLittoralError } from '../../src/errors.ts';
import { eventually } from '../broker/eventually.ts';
import type { EngineHarness } from './engine-contract.ts';
import { expectWaiting, openHarness, openInbox, openQueue, publishOnBus, send, sendAll } from './engine-fixture.ts';

const ampleDeadlineMs = 60_000;

export function closingContract(harness: () => Promise<EngineHarness>): void {
  test('a channel is ready from its start until it is closed', async () => {
    const { channel } = await openHarness(harness);
    await eventually(() => expect(channel.health().ready).toBe(true));
    await channel.close(ampleDeadlineMs);
    expect(channel.health()).toEqual({ ready: false, reason: expect.any(String) });
  });

  test('a channel has a name and says whether it is durable', async () => {
    const { channel } = await openHarness(harness);
    expect(channel.name).toMatch(/^\S+$/);
    expect(channel.durable).toEqual(expect.any(Boolean));
  });

  test('what is published after closing is refused, and surely not accepted', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const { queue } = await openQueue(channel);
    await channel.close(ampleDeadlineMs);
    for (const refused of [() => send(channel, queue, 'too late'), () => publishOnBus(channel, queue, 'too late')]) {
      const error = await refused().catch((reason: unknown) => reason);
      expect(isLittoralError(error)).toBe(true);
      expect(error).toMatchObject({ outcome: 'not-accepted', retryable: true });
    }
    await expectWaiting(harnessed, queue, []);
  });

  test('settling after closing does nothing', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await send(channel, inbox.queue, 'in hand');
    const delivery = await inbox.delivery(1);
    await channel.close(20);
    delivery.acknowledge();
    delivery.reject();
    await expectWaiting(harnessed, inbox.queue, ['in hand']);
    await expectWaiting(harnessed, inbox.deadLetterQueue, []);
  });

  test('closing waits for unacknowledged deliveries, and takes no more', async () => {
    const harnessed = await openHarness(harness);
    const { channel } = harnessed;
    const inbox = await openInbox(channel);
    await sendAll(channel, inbox.queue, ['in hand', 'waiting']);
    const delivery = await inbox.delivery(1);
    let closed = false;
    const closing = channel.close(ampleDeadlineMs).then(() => {
      closed = true;
    });
    await eventually(() => expect(inbox.consumer.detached).toEqual(expect.any(String)));
    // Long enough for a channel that does not wait to be closed.
    await expectWaiting(harnessed, inbox.queue, ['waiting']);
    expect(closed).toBe(false);
    delivery.acknowledge();
    await closing;
    expect(inbox.texts()).toEqual(['in hand']);
    await expectWaiting(harnessed, inbox.queue, ['waiting']);
  });

  test('closing twice is closing once', async () => {
    const { channel } = await openHarness(harness);
    await Promise.all([channel.close(ampleDeadlineMs), channel.close(ampleDeadlineMs)]);
    await channel.close(ampleDeadlineMs);
  });
}
