import { type Config, defineCommandHandler, defineEventHandler, Header, type MessageHeaders, Reject } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

let services = 0;

/** A gateway of a service of its own, that retries fast. */
async function run(handlers: Config['handlers'], config: Partial<Config> = {}) {
  const service = `billing${++services}`;
  const retries = { maxAttempts: 2, initialDelayMs: 5, multiplier: 2 };
  const gateway = await runGateway({ service, broker: { url: vhost.url }, handlers, retries, ...config });
  return {
    service,
    gateway,
    deadLetters: () => waitingMessages(vhost.url, `distributed_${service}_dead_letter`),
  };
}

test('a handler that fails is tried again through the broker, then its message is a dead letter', async () => {
  const calls: MessageHeaders[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    handle(_payload: unknown, headers: MessageHeaders) {
      calls.push(headers);
      throw new RangeError('overdrawn');
    },
  });
  const { service, gateway, deadLetters } = await run([pay]);
  const answer = await post(gateway, `/commands/${service}/pay`, { a: 1 }, { 'message-header-executor-id': '7' });
  await eventually(async () => expect(await deadLetters()).toHaveLength(1));
  expect(calls.map((headers) => headers[Header.retryNumber])).toEqual([undefined, 1, 2]);
  expect(calls.map((headers) => [headers.id, headers.executorId])).toEqual(Array(3).fill([answer.body.messageId, '7']));
  const [letter] = await deadLetters();
  expect(Buffer.from(letter?.body ?? []).toString()).toBe('{"a":1}');
  expect(letter?.headers).toMatchObject({
    id: answer.body.messageId,
    ecotone_retry_number: 2,
    'ecotone-class': 'RangeError',
    'exception-message': 'overdrawn',
    'exception-line': expect.any(Number),
    'exception-code': 0,
    'x-littoral-service': service,
    'x-littoral-queue': `distributed_${service}`,
    'x-littoral-endpoint': 'pay',
    'x-littoral-attempts': 3,
    'x-littoral-published-key': service,
  });
  expect(letter?.headers).not.toHaveProperty('x-death');
});

test('of several handlers of an event only those that failed run again, also in another process', async () => {
  const counts = { a: 0, b: 0, c: 0 };
  const on = (endpointId: keyof typeof counts, failures: number, error: unknown = new Error(`of ${endpointId}`)) =>
    defineEventHandler({
      routingKey: 'order.*',
      endpointId,
      distributed: true,
      handle() {
        counts[endpointId] += 1;
        if (counts[endpointId] <= failures) throw error;
      },
    });
  const handlers = [on('a', 2), on('b', 0), on('c', 1, new Reject('never'))];
  const { service, gateway, deadLetters } = await run(handlers);
  await runGateway({ ...gateway.config, http: { port: 0 }, handlers });
  await post(gateway, '/events/order.placed', {});
  await eventually(() => expect(counts).toEqual({ a: 3, b: 1, c: 1 }));
  await eventually(async () => expect(await deadLetters()).toHaveLength(1));
  expect((await deadLetters())[0]?.headers).toMatchObject({ 'x-littoral-endpoint': 'c' });
  await eventually(async () => expect(await vhost.messages(`distributed_${service}`)).toBe(0));
});

test('a retry is for its own service only: other subscribers of the event get it once', async () => {
  let failed = 0;
  let heard = 0;
  const on = (handle: () => void) => defineEventHandler({ routingKey: 'stock.*', distributed: true, handle });
  const { gateway } = await run([
    on(() => {
      failed += 1;
      if (failed < 3) throw new Error('busy');
    }),
  ]);
  await run([
    on(() => {
      heard += 1;
    }),
  ]);
  await post(gateway, '/events/stock.moved', {});
  await eventually(() => expect(failed).toBe(3));
  expect(heard).toBe(1);
});

test('a retry arrives, also in a queue that was deleted and declared again', async () => {
  const calls: unknown[] = [];
  const handler = defineCommandHandler({
    routingKey: 'try',
    distributed: true,
    handle: ({ n }: { n: string }) => {
      calls.push(n);
      throw new Error('of the handler');
    },
  });
  const retries = { maxAttempts: 1, initialDelayMs: 50 };
  const gateway = await runGateway({ service: 'anew', broker: { url: vhost.url }, handlers: [handler], retries });
  const path = '/commands/anew/try';
  await post(gateway, path, { n: 'first' });
  await eventually(() => expect(calls).toEqual(['first', 'first']));
  await vhost.deleteQueue('distributed_anew');
  // The command would be lost before it is bound again.
  await eventually(async () => {
    const bound = await vhost.bindings();
    expect(bound).toContainEqual(
      expect.objectContaining({ source: 'ecotone.distributed', destination: 'distributed_anew', routingKey: 'anew' }),
    );
  });
  await eventually(async () => expect(await post(gateway, path, { n: 'second' })).toMatchObject({ status: 202 }));
  await eventually(() => expect(calls).toEqual(['first', 'first', 'second', 'second']));
});

test('a classic queue, as one shared with a PHP application, has retries as well', async () => {
  let calls = 0;
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    handle() {
      calls += 1;
      if (calls < 3) throw new Error('busy');
    },
  });
  const { service, gateway, deadLetters } = await run([pay], { broker: { url: vhost.url, queueType: 'classic' } });
  await post(gateway, `/commands/${service}/pay`, {});
  await eventually(() => expect(calls).toBe(3));
  expect(await deadLetters()).toEqual([]);
});

test('a replay goes to the handler that failed and to no other, with all its retries anew', async () => {
  const counts = { a: 0, b: 0 };
  let mended = false;
  const handlers = [
    defineEventHandler({
      routingKey: 'paper.*',
      endpointId: 'a',
      distributed: true,
      handle(_payload: unknown, headers: MessageHeaders) {
        counts.a += 1;
        if (!mended || headers[Header.retryNumber] !== 1) throw new Error('busy');
      },
    }),
    defineEventHandler({
      routingKey: 'paper.*',
      endpointId: 'b',
      distributed: true,
      handle() {
        counts.b += 1;
      },
    }),
  ];
  const { gateway, deadLetters } = await run(handlers);
  await post(gateway, '/events/paper.printed', {});
  await eventually(async () => expect(await deadLetters()).toHaveLength(1));
  expect(counts).toEqual({ a: 3, b: 1 });
  mended = true;
  const { items } = (await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: { id: string }[] };
  const replay = await fetch(`${gateway.address}/dead-letters/${items[0]?.id}/replay`, { method: 'POST' });
  expect(replay.status).toBe(202);
  await eventually(() => expect(counts).toEqual({ a: 5, b: 1 }));
  expect(await deadLetters()).toEqual([]);
});
