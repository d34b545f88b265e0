import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { gate, onCommand, runEndpoint, turns } from './endpoint-fixture.ts';

const never = new Promise<never>(() => {});

describe('an endpoint that stops', () => {
  test('takes no more messages', async () => {
    const { endpoint, send, channel, waiting } = await runEndpoint([onCommand(() => {})]);
    await endpoint.stop(10_000);
    await send();
    await turns();
    expect(channel.verdicts).toEqual([]);
    expect(waiting()).toHaveLength(1);
  });

  test('waits for the handlers of unacknowledged messages', async () => {
    const finish = gate();
    const { endpoint, send, channel } = await runEndpoint([onCommand(() => finish.opened)]);
    await send();
    await turns();
    let stopped = false;
    const stopping = endpoint.stop(600_000).then(() => {
      stopped = true;
    });
    await turns();
    expect(stopped).toBe(false);
    finish.open();
    await stopping;
    expect(channel.verdicts).toEqual(['acknowledged']);
  });

  test('waits for the dead letters of those that fail then', async () => {
    const finish = gate();
    const publish = gate();
    const handler = onCommand(async () => {
      await finish.opened;
      throw new Error('late');
    });
    const { endpoint, send, channel, deadLetters } = await runEndpoint([handler]);
    await send();
    await turns();
    channel.beforePublish = () => publish.opened;
    const stopping = endpoint.stop(600_000);
    finish.open();
    await turns();
    publish.open();
    await stopping;
    expect(channel.verdicts).toEqual(['acknowledged']);
    expect(deadLetters()).toHaveLength(1);
  });

  test('waits until its deadline and no longer', async () => {
    const { endpoint, send, channel, waiting } = await runEndpoint([onCommand(() => never)]);
    await send();
    await turns();
    await endpoint.stop(1);
    expect(channel.verdicts).toEqual([]);
    await channel.close(0);
    expect(waiting()).toHaveLength(1);
  });

  test('does not wait for a broker that no longer answers', async () => {
    const { endpoint, channel } = await runEndpoint([]);
    channel.beforeStop = () => never;
    await endpoint.stop(1);
  });

  test('ends at once when nothing is unacknowledged, when it stops twice, or when it was not started', async () => {
    const { endpoint } = await runEndpoint([]);
    await Promise.all([endpoint.stop(600_000), endpoint.stop(600_000)]);
    await endpoint.stop(0);
  });

  test('can finish what a handler did after the deadline', async () => {
    const finish = gate();
    const { endpoint, send, channel } = await runEndpoint([onCommand(() => finish.opened)]);
    await send();
    await turns();
    await endpoint.stop(1);
    finish.open();
    await eventually(() => expect(channel.verdicts).toEqual(['acknowledged']));
  });
});

describe('an endpoint that finishes', () => {
  test('requeues the deliveries that wait for a place, and handles no more', async () => {
    const finish = gate();
    const calls: unknown[] = [];
    const handler = onCommand(async (payload: unknown) => {
      calls.push(payload);
      await finish.opened;
    });
    const { endpoint, send, channel, waiting } = await runEndpoint([handler], 1, undefined, 60_000, {
      beyondPrefetch: 2,
    });
    for (const body of ['1', '2', '3', '4']) await send(undefined, body);
    await turns();
    expect([calls, endpoint.unacknowledged.length]).toEqual([[1], 3]);
    const finished = endpoint.finish();
    await turns();
    expect(channel.verdicts).toEqual(['released', 'released']);
    finish.open();
    await finished;
    expect(channel.verdicts).toEqual(['released', 'released', 'acknowledged']);
    expect([calls, waiting().length]).toEqual([[1], 3]);
  });
});
