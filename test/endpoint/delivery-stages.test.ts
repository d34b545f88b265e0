import { describe, expect, test, vi } from 'vitest';
import type { DeliveryStage } from '../../src/endpoint/service-endpoint.ts';
import { LittoralError } from '../../src/errors.ts';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header } from '../../src/message/message-headers.ts';
import { commandHeaders, gate, onCommand, runEndpoint, turns } from './endpoint-fixture.ts';

function watching() {
  const seen: unknown[] = [];
  const stage: DeliveryStage = async (delivery, next) => {
    const settled = await next(delivery);
    seen.push([delivery.message.headers[Header.id], settled]);
    return settled;
  };
  return { seen, stage };
}

const id = commandHeaders[Header.id];

describe('a delivery stage', () => {
  test.each([
    ['handled', {}, () => {}],
    ['dead letter', {}, () => expect.unreachable('of the handler')],
    ['dead letter', { [Header.payloadType]: 'nonsense' }, () => {}],
    ['not for this service', { [Header.targetServiceName]: 'shop' }, () => {}],
  ])('%s', async (outcome, headers, handle) => {
    const { seen, stage } = watching();
    const { send, settled } = await runEndpoint([onCommand(handle)], 1, stage);
    await send({ ...commandHeaders, ...headers });
    await settled(1);
    await turns();
    expect(seen).toEqual([[id, expect.objectContaining({ outcome })]]);
  });

  test.each([
    ['requeued', 'broker-unavailable', 'released'],
    ['dead letter', 'body-too-large', 'rejected'],
  ] as const)('%s, where its dead letter cannot be published: %s', async (outcome, code, verdict) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { seen, stage } = watching();
      const fixture = await runEndpoint([onCommand(() => Promise.reject(new Error('of the handler')))], 1, stage);
      await fixture.send();
      fixture.channel.beforePublish = () => Promise.reject(new LittoralError(code, 'of the channel'));
      await turns();
      fixture.channel.beforePublish = () => {};
      await vi.advanceTimersByTimeAsync(verdict === 'released' ? 1000 : 0);
      await turns();
      expect(fixture.channel.verdicts[0]).toBe(verdict);
      expect(seen[0]).toEqual([id, expect.objectContaining({ outcome })]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('names the result of each handler, or the reason of its failure', async () => {
    const { seen, stage } = watching();
    const error = new Error('of the second');
    const onEvent = (endpointId: string, handle: () => unknown) =>
      defineEventHandler({ routingKey: 'order.*', endpointId, distributed: true, handle });
    const handlers = [onEvent('1', () => 'of the first'), onEvent('2', () => Promise.reject(error))];
    const { publish, settled } = await runEndpoint(handlers, 1, stage);
    await publish('order.placed');
    await settled(1);
    await turns();
    const handled = [{ kind: 'handled', endpointId: '1', value: 'of the first' }];
    const failures = [{ endpointId: '2', error, attempts: 1, retryAfterMs: undefined }];
    expect(seen).toEqual([[id, { outcome: 'dead letter', handled, failures }]]);
  });

  test('loses no message when it throws', async () => {
    const { send, channel, waiting, log } = await runEndpoint([onCommand(() => {})], 1, async () => {
      throw new Error('of the observer');
    });
    await send();
    await turns();
    expect(channel.verdicts).toEqual([]);
    expect(waiting()).toEqual([]);
    expect(log).toContainEqual(expect.objectContaining({ reason: 'of the observer' }));
  });
});

test('an endpoint that finishes takes no more, and does not abort running handlers', async () => {
  const finish = gate();
  const { endpoint, send, channel, waiting } = await runEndpoint([onCommand(() => finish.opened)], 1);
  await send();
  await turns();
  let finished = false;
  const finishing = endpoint.finish().then(() => {
    finished = true;
  });
  await send();
  await turns();
  expect(finished).toBe(false);
  finish.open();
  await finishing;
  expect(channel.verdicts).toEqual(['acknowledged']);
  expect(waiting()).toHaveLength(1);
});

test('an endpoint reports how many messages wait, and whether it receives', async () => {
  const finish = gate();
  const { endpoint, send } = await runEndpoint([onCommand(() => finish.opened)], 1);
  expect(endpoint.consuming).toBe(true);
  await send();
  await send();
  await turns();
  expect(await endpoint.waiting()).toBe(1);
  finish.open();
  await endpoint.finish();
  expect(endpoint.consuming).toBe(false);
  expect(await endpoint.waiting()).toBeUndefined();
});
