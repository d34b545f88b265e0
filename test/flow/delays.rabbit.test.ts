import { defineCommandHandler, defineEventHandler, type MessageHeaders } from 'littoral';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const broker = () => ({ url: vhost.url });

let services = 0;

/** A service with a handler for the command `pay` and the event `<service>.paid`, and what they received. */
async function runBilling(bound = true) {
  const service = `billing${++services}`;
  const handled: { payload: unknown; headers: MessageHeaders; atMs: number }[] = [];
  const handle = (payload: unknown, headers: MessageHeaders) =>
    void handled.push({ payload, headers, atMs: performance.now() });
  const handlers = [
    defineCommandHandler({ routingKey: 'pay', distributed: true, handle }),
    ...(bound ? [defineEventHandler({ routingKey: `${service}.paid`, distributed: true, handle })] : []),
  ];
  const gateway = await runGateway({ service, broker: broker(), handlers, concurrency: 1 });
  return { service, gateway, handled, payloads: () => handled.map(({ payload }) => payload) };
}

const queueNames = async () => (await vhost.queues()).map(({ name }) => name);

describe('a delayed message', () => {
  test('reaches its handler, not early, with the headers of one that was not delayed', async () => {
    const billing = await runBilling();
    const shop = await runGateway({ service: 'shop', broker: broker() });
    const headers = { 'message-header-executor-id': '7', 'message-priority': '3', 'message-headers': '{"attempt":1}' };
    const path = `/commands/${billing.service}/pay`;
    expect((await post(shop, path, { amount: 1 }, headers)).status).toBe(202);
    await eventually(() => expect(billing.handled).toHaveLength(1));
    const sentAtMs = performance.now();
    const answer = await post(shop, path, { amount: 2 }, { ...headers, 'message-delay': '300' });
    expect(answer).toMatchObject({ status: 202, body: { routed: true, channel: 'rabbitmq' } });
    await eventually(() => expect(billing.handled).toHaveLength(2));
    const [prompt, delayed] = billing.handled;
    expect((delayed?.atMs ?? 0) - sentAtMs).toBeGreaterThanOrEqual(300);
    const { messageId } = answer.body;
    const same = { ...prompt?.headers, id: messageId, correlationId: messageId, timestamp: delayed?.headers.timestamp };
    expect(delayed?.headers).toEqual(same);
  });

  test('from a handler inherits like any other', async () => {
    const billing = await runBilling();
    const order = defineCommandHandler({
      routingKey: 'order',
      distributed: true,
      handle: (_payload: unknown, _headers: MessageHeaders, { distributedBus }) =>
        distributedBus.sendCommand(billing.service, 'pay', '{}', 'application/json', {}, { deliveryDelay: 20 }),
    });
    const shop = await runGateway({ service: 'ordering', broker: broker(), handlers: [order] });
    const cause = await post(shop, '/commands/ordering/order', {}, { 'message-header-executor-id': '7' });
    await eventually(() => expect(billing.handled).toHaveLength(1));
    const { messageId } = cause.body;
    expect(billing.handled[0]?.headers).toMatchObject({
      executorId: '7',
      parentId: messageId,
      correlationId: messageId,
    });
  });

  test('reaches every subscriber of its event, and a channel by its name', async () => {
    const one = await runBilling();
    const shop = await runGateway({ service: 'publisher', broker: broker() });
    await post(shop, `/events/${one.service}.paid`, { amount: 1 }, { 'message-delay': '20' });
    await eventually(() => expect(one.payloads()).toEqual([{ amount: 1 }]));
    await post(shop, `/messages/${one.service}/any`, { amount: 2 }, { 'message-delay': '20' });
    await eventually(async () => {
      const [dead] = await waitingMessages(vhost.url, `distributed_${one.service}_dead_letter`);
      expect(dead?.headers).toMatchObject({ 'ecotone-class': 'littoral.no-handler' });
    });
  });

  test('does not live shorter for its delay: its time to live begins when it is due', async () => {
    const billing = await runBilling();
    const shop = await runGateway({ service: 'brief', broker: broker() });
    const headers = { 'message-delay': '700', 'message-time-to-live': '500' };
    await post(shop, `/commands/${billing.service}/pay`, { amount: 1 }, headers);
    await eventually(() => expect(billing.payloads()).toEqual([{ amount: 1 }]));
  });

  test('is handled once, in the order of sending, though several gateways of its sender run', async () => {
    const billing = await runBilling();
    const shops = await Promise.all([1, 2, 3].map(() => runGateway({ service: 'several', broker: broker() })));
    for (let number = 0; number < 60; number++) {
      const [shop = expect.unreachable()] = shops;
      await post(shop, `/commands/${billing.service}/pay`, number, { 'message-delay': '1500' });
    }
    await eventually(() => expect(billing.handled.length).toBeGreaterThanOrEqual(60));
    expect(billing.payloads()).toEqual(Array.from({ length: 60 }, (_, number) => number));
  });
});

describe('what is due is published', () => {
  test('by a gateway that only sends', async () => {
    const billing = await runBilling();
    const shop = await runGateway({ service: 'sender', broker: broker() }, { consume: false });
    await post(shop, `/commands/${billing.service}/pay`, { amount: 1 }, { 'message-delay': '50' });
    await eventually(() => expect(billing.payloads()).toEqual([{ amount: 1 }]));
  });

  test('by another gateway of the service, when the one that took it is gone', async () => {
    const billing = await runBilling();
    const first = await runGateway({ service: 'leaving', broker: broker() });
    await post(first, `/commands/${billing.service}/pay`, { amount: 1 }, { 'message-delay': '10000' });
    await first.stop();
    await eventually(async () => expect(await vhost.messages('littoral_leaving_due')).toBe(1));
    expect(billing.handled).toEqual([]);
    await runGateway({ service: 'leaving', broker: broker() }, { consume: false });
    await eventually(() => expect(billing.payloads()).toEqual([{ amount: 1 }]));
  });

  test('also where the queue of the service is shared with a PHP application', async () => {
    const billing = await runBilling();
    const shop = await runGateway({ service: 'php', broker: { ...broker(), queueType: 'classic' } });
    await post(shop, `/commands/${billing.service}/pay`, { amount: 1 }, { 'message-delay': '50' });
    await eventually(() => expect(billing.payloads()).toEqual([{ amount: 1 }]));
    const due = (await vhost.queues()).find(({ name }) => name === 'littoral_php_due');
    expect(due).toMatchObject({ type: 'quorum', arguments: { 'x-single-active-consumer': true } });
  });
});

describe('a delayed message without a receiver', () => {
  test('is refused at once when its service is not there', async () => {
    const shop = await runGateway({ service: 'misspelling', broker: broker() });
    const answer = await post(shop, '/commands/biling/pay', {}, { 'message-delay': '3600000' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'destination-not-found' } });
    expect((await queueNames()).filter((name) => name.startsWith('littoral_misspelling_delay'))).toEqual([]);
  });

  test.each([
    ['command', 'commands', true],
    ['message', 'messages', true],
    ['command that is not looked for', 'commands', false],
  ])('is a dead letter of its sender when the service is gone by then: a %s', async (_, route, checkDestinations) => {
    const billing = await runBilling();
    const service = `sender${services}`;
    const shop = await runGateway({ service, broker: { ...broker(), checkDestinations } });
    const answer = await post(shop, `/${route}/${billing.service}/pay`, { amount: 1 }, { 'message-delay': '10000' });
    expect(answer.status).toBe(202);
    await billing.gateway.stop();
    await vhost.deleteQueue(`distributed_${billing.service}`);
    await eventually(async () => {
      const [dead] = await waitingMessages(vhost.url, `distributed_${service}_dead_letter`);
      expect(dead?.headers).toMatchObject({
        id: answer.body.messageId,
        'ecotone-class': 'littoral.destination-not-found',
        'ecotone.amqp.distributed.service_target': billing.service,
      });
      expect(Buffer.from(dead?.body ?? []).toString()).toBe('{"amount":1}');
    });
  });

  test('is dropped when it is an event', async () => {
    const shop = await runGateway({ service: 'lonely', broker: broker() });
    const answer = await post(shop, '/events/nobody.cares', {}, { 'message-delay': '1' });
    expect(answer).toMatchObject({ status: 202, body: { routed: true } });
    // What is behind it tells when it has gone through.
    const billing = await runBilling();
    await post(shop, `/commands/${billing.service}/pay`, {}, { 'message-delay': '1' });
    await eventually(() => expect(billing.handled).toHaveLength(1));
    await eventually(async () => expect(await vhost.messages('littoral_lonely_due')).toBe(0));
    expect(await vhost.messages('distributed_lonely_dead_letter')).toBe(0);
  });
});
