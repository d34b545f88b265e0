import { describe, expect, test } from 'vitest';
import { ConsumingGaps } from '../../src/deferral/consuming-gaps.ts';
import type { Delivery } from '../../src/engine/delivery.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';

const delivery = (deliveryCount = 0) => ({ deliveryCount }) as Delivery;

/** Creates the gaps of a consumer that pauses on request, or refuses to. */
function gapsOf(pause: ((milliseconds: number) => Promise<boolean>) | undefined) {
  const clock = new TestClock();
  return { clock, gaps: new ConsumingGaps(() => ({ pause }), clock) };
}

describe('a gap in consuming', () => {
  test('is shared by all messages that arrive until it begins', async () => {
    const { opened, open } = gate();
    const pauses: number[] = [];
    const { gaps } = gapsOf(async (milliseconds) => {
      pauses.push(milliseconds);
      await opened;
      return true;
    });
    const both = [gaps.open(delivery(), 250), gaps.open(delivery(9), 250)];
    open();
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(pauses).toEqual([250]);
  });

  test('recurs only after the consumer has had its time', async () => {
    const { gaps, clock } = gapsOf(async () => true);
    expect(await gaps.open(delivery(), 250)).toBe(true);
    clock.moveTo(1249);
    expect(await gaps.open(delivery(), 250)).toBe(false);
    clock.moveTo(1250);
    expect(await gaps.open(delivery(), 250)).toBe(true);
  });

  test('is skipped for a message that was released often, without a pausing consumer, and without a polling program', async () => {
    expect(await gapsOf(async () => true).gaps.open(delivery(10), 250)).toBe(false);
    expect(await gapsOf(async () => false).gaps.open(delivery(), 250)).toBe(false);
    expect(await gapsOf(undefined).gaps.open(delivery(), 250)).toBe(false);
  });
});
