import { defineCommandHandler, defineEventHandler, header, headers, type MessageHeaders, payload } from 'littoral';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const broker = () => ({ url: vhost.url });

const Details = Type.Object({ personId: Type.String(), billingDetails: Type.String() });
const details = { personId: '123', billingDetails: '01111' };

describe('a command that is sent to a service by name', () => {
  test('reaches its handler in another gateway, with its payload and its headers', async () => {
    const handled: [unknown, MessageHeaders][] = [];
    const change = defineCommandHandler({
      routingKey: 'billing.changeDetails',
      distributed: true,
      payload: Details,
      handle: (command, received) => void handled.push([command, received]),
    });
    await runGateway({ service: 'billing', broker: broker(), handlers: [change] });
    const shop = await runGateway({ service: 'shop', broker: broker() });

    const answer = await post(shop, '/commands/billing/billing.changeDetails', details, {
      'message-header-executor-id': '7',
      'message-headers': '{"attempt":3,"tags":["a",null,"b"],"gone":null}',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });

    expect(answer.status).toBe(202);
    await eventually(() => expect(handled).toHaveLength(1));
    expect(handled[0]?.[0]).toEqual(details);
    expect(handled[0]?.[1]).toMatchObject({
      executorId: '7',
      attempt: 3,
      tags: '["a","b"]',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      id: answer.body.messageId,
      correlationId: answer.body.messageId,
      contentType: 'application/json',
      'ecotone.distributed.sourceServiceName': 'shop',
    });
    expect(handled[0]?.[1]).not.toHaveProperty('gone');
  });

  test('is handled once, whichever of the gateways of that service gets it', async () => {
    const handled: number[] = [];
    const work = (gateway: number) =>
      defineCommandHandler({ routingKey: 'work', distributed: true, handle: () => void handled.push(gateway) });
    for (const gateway of [1, 2]) await runGateway({ service: 'shared', broker: broker(), handlers: [work(gateway)] });
    const shop = await runGateway({ service: 'shop', broker: broker() });
    await Promise.all(Array.from({ length: 50 }, () => post(shop, '/commands/shared/work', {})));
    await eventually(() => expect(handled).toHaveLength(50));
    expect(new Set(handled)).toEqual(new Set([1, 2]));
  });

  test('arrives as JSON when the caller asks for it, whatever the body was', async () => {
    const handled: unknown[] = [];
    const change = defineCommandHandler({
      routingKey: 'change',
      distributed: true,
      parameters: { command: payload(Details), contentType: header('contentType', Type.String()), all: headers() },
      handle: ({ command, contentType }) => void handled.push([command, contentType]),
    });
    const gateway = await runGateway({ service: 'converting', broker: broker(), handlers: [change] });
    const bodies = {
      'application/x-www-form-urlencoded': 'personId=123&billingDetails=01111',
      'application/xml': '<change><personId>123</personId><billingDetails>01111</billingDetails></change>',
      'application/vnd.details+json': JSON.stringify(details),
    };
    for (const [contentType, body] of Object.entries(bodies)) {
      const response = await fetch(`${gateway.address}/commands/converting/change`, {
        method: 'POST',
        headers: { 'content-type': contentType, 'message-content-type': 'application/json' },
        body,
      });
      expect(response.status, contentType).toBe(202);
    }
    await eventually(() => expect(handled).toHaveLength(3));
    expect(handled).toEqual(Array(3).fill([details, 'application/json']));
  });

  test('is refused at once when this gateway itself would not take it', async () => {
    const change = defineCommandHandler({
      routingKey: 'change',
      distributed: true,
      payload: Details,
      handle: () => {},
    });
    const gateway = await runGateway({ service: 'strict', broker: broker(), handlers: [change] });
    expect(await post(gateway, '/commands/strict/change', { personId: 123 })).toMatchObject({
      status: 422,
      body: { code: 'payload-refused', outcome: 'not-accepted', errors: expect.arrayContaining([expect.anything()]) },
    });
    expect(await waitingMessages(vhost.url, 'distributed_strict_dead_letter')).toEqual([]);
  });

  test('is the same message when it is repeated with its idempotency key, through whichever gateway, and handled once', async () => {
    const ids: unknown[] = [];
    const pay = defineCommandHandler({
      routingKey: 'pay',
      distributed: true,
      handle: (_, received) => void ids.push(received.id),
    });
    const first = await runGateway({ service: 'bank', broker: broker(), handlers: [pay] });
    const second = await runGateway({ service: 'shop', broker: broker() });
    const key = { 'idempotency-key': 'order-17' };
    const answers = [
      await post(first, '/commands/bank/pay', {}, key),
      await post(second, '/commands/bank/pay', {}, key),
      await post(second, '/commands/bank/pay', {}, { 'idempotency-key': 'order-18' }),
    ];
    const [a, b, c] = answers.map(({ body }) => body.messageId);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    await eventually(() => expect(ids).toEqual([a, c]));
  });
});

describe('an event', () => {
  test('reaches every service that subscribes to it, and each once, however many of its bindings match', async () => {
    const heard: string[] = [];
    const listen = (name: string, routingKey: string) =>
      defineEventHandler({ routingKey, endpointId: name, distributed: true, handle: () => void heard.push(name) });
    const mail = [listen('mail by name', 'order.placed'), listen('mail by pattern', 'order.*')];
    await runGateway({ service: 'mail', broker: broker(), handlers: mail });
    await runGateway({ service: 'stock', broker: broker(), handlers: [listen('stock', '*.placed')] });
    await runGateway({ service: 'deaf', broker: broker(), handlers: [listen('deaf', 'order.cancelled')] });
    const shop = await runGateway({ service: 'shop', broker: broker() });

    expect((await post(shop, '/events/order.placed', {})).body.routed).toBe(true);
    await eventually(() => expect(heard.sort()).toEqual(['mail by name', 'mail by pattern', 'stock']));
    expect((await post(shop, '/events/order', {})).body.routed).toBe(true);
    await eventually(async () => expect(await vhost.messages('distributed_mail')).toBe(0));
    expect(heard).toHaveLength(3);
  });

  test('whose handlers fail independently: one dead letter for the one that failed', async () => {
    const heard: string[] = [];
    const handlers = [
      defineEventHandler({
        routingKey: 'invoice.sent',
        endpointId: 'fails',
        distributed: true,
        handle() {
          throw new TypeError('no printer');
        },
      }),
      defineEventHandler({
        routingKey: 'invoice.*',
        endpointId: 'works',
        distributed: true,
        handle: () => void heard.push('works'),
      }),
    ];
    const gateway = await runGateway({ service: 'office', broker: broker(), handlers, retries: { maxAttempts: 0 } });
    await post(gateway, '/events/invoice.sent', { number: 7 });
    const deadLetters = await eventually(async () => {
      const waiting = await waitingMessages(vhost.url, 'distributed_office_dead_letter');
      expect(waiting).toHaveLength(1);
      return waiting;
    });
    expect(heard).toEqual(['works']);
    expect(deadLetters[0]?.headers).toMatchObject({
      'ecotone-class': 'TypeError',
      'exception-message': 'no printer',
      'x-littoral-endpoint': 'fails',
      'ecotone.distributed.routingKey': 'invoice.sent',
    });
    expect(Buffer.from(deadLetters[0]?.body ?? []).toString()).toBe('{"number":7}');
  });
});

describe('a gateway that stops', () => {
  test('finishes running handlers, requeues the rest in order, and loses nothing', async () => {
    const handled: number[] = [];
    const finish: (() => void)[] = [];
    const slow = defineCommandHandler({
      routingKey: 'slow',
      distributed: true,
      handle: ({ number }) => new Promise<void>((resolve) => finish.push(() => resolve(void handled.push(number)))),
    });
    const config = { service: 'slow', broker: broker(), handlers: [slow], concurrency: 3 };
    const first = await runGateway(config);
    const shop = await runGateway({ service: 'shop', broker: broker() });
    const send = (number: number) => post(shop, '/commands/slow/slow', { number });

    await send(0);
    await eventually(() => expect(finish).toHaveLength(1));
    finish.shift()?.();
    for (let number = 1; number <= 6; number += 1) await send(number);
    await eventually(() => expect(finish).toHaveLength(3));
    const stopped = first.stop();
    for (const one of finish.splice(0)) one();
    await stopped;
    expect(handled).toEqual([0, 1, 2, 3]);

    await runGateway({ ...config, concurrency: 1 });
    for (let number = 4; number <= 6; number += 1) {
      await eventually(() => expect(finish).toHaveLength(1));
      finish.shift()?.();
    }
    await eventually(() => expect(handled).toEqual([0, 1, 2, 3, 4, 5, 6]));
    await eventually(async () => expect(await vhost.messages('distributed_slow')).toBe(0));
  });

  test('requeues what did not finish in time', async () => {
    const seen: unknown[] = [];
    const hang = (settle: Promise<void>) =>
      defineCommandHandler({
        routingKey: 'hang',
        distributed: true,
        handle(command) {
          seen.push(command);
          return settle;
        },
      });
    const config = { service: 'hanging', broker: broker(), shutdownTimeoutMs: 200 };
    const first = await runGateway({ ...config, handlers: [hang(new Promise(() => {}))] });
    await post(first, '/commands/hanging/hang', 'once');
    await eventually(() => expect(seen).toHaveLength(1));
    await first.stop();
    await runGateway({ ...config, handlers: [hang(Promise.resolve())] });
    await eventually(() => expect(seen).toEqual(['once', 'once']));
  });
});

describe('the dead letter queue', () => {
  test('takes what a handler does not finish in its time', async () => {
    const never = defineCommandHandler({ routingKey: 'never', distributed: true, handle: () => new Promise(() => {}) });
    const settings = { handlerTimeoutMs: 50, retries: { maxAttempts: 0 } };
    const gateway = await runGateway({ service: 'slowly', broker: broker(), handlers: [never], ...settings });
    await post(gateway, '/commands/slowly/never', {});
    await eventually(async () => {
      const [deadLetter] = await waitingMessages(vhost.url, 'distributed_slowly_dead_letter');
      expect(deadLetter?.headers).toMatchObject({ 'ecotone-class': 'littoral.handler-timeout' });
    });
  });

  test('is declared again when it was deleted, and takes a message without an id', async () => {
    const any = defineCommandHandler({ routingKey: 'any', distributed: true, handle() {} });
    const gateway = await runGateway({ service: 'deleted', broker: broker(), handlers: [any] });
    await vhost.deleteQueue('distributed_deleted_dead_letter');
    await gateway.channel.publish({
      to: { queue: 'distributed_deleted' },
      message: { headers: {}, body: Buffer.from('kept') },
    });
    await eventually(async () => {
      const [deadLetter] = await waitingMessages(vhost.url, 'distributed_deleted_dead_letter');
      expect(Buffer.from(deadLetter?.body ?? []).toString()).toBe('kept');
    });
    expect(await vhost.messages('distributed_deleted')).toBe(0);
  });
});
