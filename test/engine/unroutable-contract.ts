import { expect, test } from 'vitest';
import type { EngineHarness } from './engine-contract.ts';
import { newName, openHarness, openInbox, openQueue, publishOnBus, send } from './engine-fixture.ts';

/** For engines with `unroutable: reported`. */
export function unroutableContract(harness: () => Promise<EngineHarness>): void {
  test('a key on the bus that no binding matches is not routed', async () => {
    const { channel } = await openHarness(harness);
    const key = newName();
    await openInbox(channel, { bindingKeys: [`${key}.paid`] });
    expect(await publishOnBus(channel, key, 'for nobody')).toEqual({ routed: false });
  });

  test('the name of a queue that does not exist is not routed', async () => {
    const { channel } = await openHarness(harness);
    expect(await send(channel, newName(), 'for nobody')).toEqual({ routed: false });
  });

  test('the name of a queue is not a key on the bus', async () => {
    const { channel } = await openHarness(harness);
    const { queue } = await openQueue(channel);
    expect(await publishOnBus(channel, queue, 'for nobody')).toEqual({ routed: false });
  });
}
