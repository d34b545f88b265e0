import { asValue } from 'awilix';
import {
  abortSignal,
  type Config,
  configurationVariable,
  defineCommandHandler,
  defineEventHandler,
  Header,
  payload,
  reference,
} from 'littoral';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from 'littoral/testing';
import Type from 'typebox';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { gate } from './endpoint/endpoint-fixture.ts';
import { folderOf } from './folder-of.ts';

const Details = Type.Object({ personId: Type.String() });

const changeDetails = defineCommandHandler({
  routingKey: 'billing.changeDetails',
  distributed: true,
  parameters: { command: payload(Details), bus: reference('distributedBus') },
  async handle({ command, bus }) {
    await bus.convertAndPublishEvent('billing.detailsWereChanged', command);
    return 'changed';
  },
});

/** No retries: what fails is a dead letter at once. */
const never = { maxAttempts: 0 };

const billing: Config = { service: 'billing', handlers: [changeDetails] };

/** A gateway that is stopped when the test has finished. */
async function open(config: Config = billing, options?: TestGatewayOptions): Promise<TestGateway> {
  const gateway = await startTestGateway(config, options);
  onTestFinished(() => gateway.stop());
  return gateway;
}

const onCommand = (routingKey: string, handle: (...all: never[]) => unknown) =>
  defineCommandHandler({ routingKey, distributed: true, handle: handle as () => unknown });

const onEvent = (routingKey: string, handle: () => unknown, endpointId = routingKey) =>
  defineEventHandler({ routingKey, endpointId, distributed: true, handle });

const failing = (error: unknown) => () => Promise.reject(error);

test('a test of a handler is short', async () => {
  await using gateway = await startTestGateway(billing);
  await gateway.sendCommand('billing.changeDetails', { personId: '1' }, { executorId: '7' });
  expect(gateway.published).toEqual([
    {
      kind: 'event',
      routingKey: 'billing.detailsWereChanged',
      payload: { personId: '1' },
      headers: expect.objectContaining({ executorId: '7' }),
    },
  ]);
});

describe('a command', () => {
  test('comes as another service sends it, and is waited for with all that follows from it', async () => {
    const finish = gate();
    const seen: string[] = [];
    const slow = onEvent('billing.*', async () => {
      seen.push('begun');
      await finish.opened;
      seen.push('finished');
    });
    const gateway = await open({ ...billing, handlers: [changeDetails, slow] });
    const sending = gateway.sendCommand('billing.changeDetails', { personId: '1' }).then(() => seen.push('told'));
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    finish.open();
    await sending;
    expect(seen).toEqual(['begun', 'finished', 'told']);
    expect(gateway.handled).toMatchObject([
      { endpointId: 'billing.changeDetails', kind: 'command', payload: { personId: '1' }, result: 'changed' },
      { endpointId: 'billing.*', kind: 'event', routingKey: 'billing.detailsWereChanged', result: undefined },
    ]);
    expect(gateway.handled[0]?.headers).toMatchObject({ [Header.sourceServiceName]: 'test' });
  });

  test.each<[string, unknown, string | undefined, unknown, string]>([
    ['a value', { a: 1 }, undefined, { a: 1 }, 'application/json'],
    ['text', 'hello', undefined, 'hello', 'text/plain'],
    ['bytes', Uint8Array.of(1, 2), undefined, Buffer.of(1, 2), 'application/octet-stream'],
    ['nothing', undefined, undefined, '', 'text/plain'],
    ['JSON that is written out', '{"a":1}', 'application/json', { a: 1 }, 'application/json'],
    [
      'a value as a form',
      { a: 'b c' },
      'application/x-www-form-urlencoded',
      { a: 'b c' },
      'application/x-www-form-urlencoded',
    ],
  ])('carries %s, as an event does', async (_what, sent, mediaType, arrives, contentType) => {
    const handlers = [onCommand('take', (it) => it), onEvent('taken', () => {})];
    const gateway = await open({ service: 'shop', handlers });
    await gateway.sendCommand('take', sent, {}, { mediaType });
    await gateway.publishEvent('taken', sent, {}, { mediaType });
    const [command, event] = gateway.handled;
    expect([command?.payload, event?.payload]).toEqual([arrives, arrives]);
    expect(command).toMatchObject({ kind: 'command', headers: { contentType } });
    expect(event).toMatchObject({ kind: 'event', headers: { contentType } });
  });

  test('has the id, the correlation id and the priority that the test chooses', async () => {
    const gateway = await open();
    const options = { id: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10', correlationId: 'order 7', priority: 9 };
    const receipt = await gateway.sendCommand('billing.changeDetails', { personId: '1' }, {}, options);
    expect(receipt).toEqual({ messageId: options.id, correlationId: 'order 7', routed: true });
    expect(gateway.handled[0]?.headers).toMatchObject(options);
    expect(gateway.published[0]?.headers).toMatchObject({ parentId: options.id, correlationId: 'order 7' });
  });

  test('is rejected if no message can be made of it, and nothing waits for it', async () => {
    const gateway = await open();
    await expect(gateway.sendCommand('billing.*')).rejects.toMatchObject({ code: 'invalid-key' });
    await expect(gateway.publishEvent('a', 'b', { id: '7' })).rejects.toMatchObject({ code: 'reserved-header' });
    await gateway.settled();
    expect([gateway.handled, gateway.deadLetters]).toEqual([[], []]);
  });
});

describe('what fails', () => {
  test('is tried again when time has passed, and each attempt is reported', async () => {
    let attempts = 0;
    const pay = onCommand('pay', () => {
      attempts += 1;
      if (attempts < 3) throw new Error(`attempt ${attempts}`);
    });
    const gateway = await open({ ...billing, handlers: [pay] });
    await expect(gateway.sendCommand('pay')).rejects.toThrow('attempt 1');
    await gateway.advanceTime(999);
    await expect(gateway.advanceTime(1)).rejects.toThrow('attempt 2');
    await gateway.advanceTime(10_000);
    expect(gateway.handled).toMatchObject([{ routingKey: 'pay' }]);
    expect([attempts, gateway.deadLetters]).toEqual([3, []]);
  });

  test('is thrown to the test as the handler threw it, and is a dead letter', async () => {
    const error = new RangeError('overdrawn');
    const gateway = await open({ ...billing, retries: never, handlers: [onCommand('pay', failing(error))] });
    await expect(gateway.sendCommand('pay', { amount: 7 })).rejects.toBe(error);
    await gateway.settled();
    const [letter, ...others] = gateway.deadLetters;
    expect(letter).toMatchObject({ endpointId: 'pay', kind: 'command', routingKey: 'pay', payload: { amount: 7 } });
    expect(letter?.error).toBe(error);
    expect(letter?.headers).toMatchObject({ 'exception-message': 'overdrawn' });
    expect([others, gateway.handled]).toEqual([[], []]);
  });

  test('before a handler is found, or because a payload does not fit, says so', async () => {
    const gateway = await open();
    await expect(gateway.sendCommand('billing.chnageDetails')).rejects.toMatchObject({ code: 'no-handler' });
    const refused = gateway.sendCommand('billing.changeDetails', {});
    await expect(refused).rejects.toMatchObject({ code: 'payload-refused' });
    expect(gateway.deadLetters.map(({ endpointId }) => endpointId)).toEqual([undefined, 'billing.changeDetails']);
  });

  test('reports a missing handler at the deferral, and at the end of its grace period', async () => {
    const gateway = await open({ ...billing, unhandled: { commands: 'defer' } });
    await expect(gateway.sendCommand('billing.chnageDetails')).rejects.toMatchObject({ code: 'no-handler' });
    await gateway.advanceTime(599_999);
    expect(gateway.deadLetters).toEqual([]);
    await expect(gateway.advanceTime(1)).rejects.toMatchObject({ code: 'no-handler' });
    expect(gateway.deadLetters).toMatchObject([{ routingKey: 'billing.chnageDetails', reasonCode: 'unhandled' }]);
  });

  test('in several handlers of an event is one error, while the others handle it', async () => {
    const errors = [new Error('of a'), 'of c'];
    const handlers = [
      onEvent('order.*', failing(errors[0]), 'a'),
      onEvent('order.*', () => {}, 'b'),
      onEvent('order.*', failing(errors[1]), 'c'),
    ];
    const gateway = await open({ ...billing, retries: never, handlers });
    await expect(gateway.publishEvent('order.placed')).rejects.toMatchObject({ name: 'AggregateError', errors });
    expect(gateway.handled).toMatchObject([{ endpointId: 'b' }]);
    expect(gateway.deadLetters.map(({ error: thrown }) => thrown)).toEqual(errors);
  });

  test('after the handler of the command is thrown as well', async () => {
    const audit = onEvent('billing.*', failing(new Error('no paper')));
    const gateway = await open({ ...billing, handlers: [changeDetails, audit] });
    await expect(gateway.sendCommand('billing.changeDetails', { personId: '1' })).rejects.toThrow('no paper');
    expect(gateway.handled).toMatchObject([{ endpointId: 'billing.changeDetails' }]);
  });

  test('is thrown to the call whose message it followed from', async () => {
    const audit = onEvent('billing.*', failing(new Error('no paper')));
    const gateway = await open({ ...billing, handlers: [changeDetails, onCommand('pay', () => {}), audit] });
    const [failed, paid] = await Promise.allSettled([
      gateway.sendCommand('billing.changeDetails', { personId: '1' }),
      gateway.sendCommand('pay'),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'no paper' } });
    expect(paid.status).toBe('fulfilled');
  });

  test('is thrown once, to the next call that waits, if no call waited for it', async () => {
    const gateway = await open({ ...billing, handlers: [onCommand('pay', failing(new Error('overdrawn')))] });
    await gateway.distributedBus.sendCommand('billing', 'pay', '');
    await expect(gateway.settled()).rejects.toThrow('overdrawn');
    await gateway.settled();
    await gateway.distributedBus.sendCommand('billing', 'pay', '');
    await expect(gateway.advanceTime(0)).resolves.toBeUndefined();
    await expect(gateway.settled()).rejects.toThrow('overdrawn');
  });
});

describe('what the gateway publishes', () => {
  const everything = defineCommandHandler({
    routingKey: 'everything',
    distributed: true,
    parameters: { bus: reference('distributedBus') },
    async handle({ bus }) {
      await bus.convertAndSendCommand('mail', 'mail.send', { to: '1' }, {}, { timeToLive: 500 });
      await bus.publishEvent('billing.paid', 'seven');
      await bus.sendMessage('stock', 'import', '{', 'application/json; charset=utf-7').catch(() => {});
      await bus.sendMessage('stock', 'import', Uint8Array.of(7), 'image/png');
    },
  });

  test('is kept in its order, whichever services exist', async () => {
    const gateway = await open({ ...billing, handlers: [everything] });
    await gateway.sendCommand('everything');
    const headers = expect.objectContaining({ [Header.sourceServiceName]: 'billing' });
    expect(gateway.published).toEqual([
      { kind: 'command', destination: 'mail', routingKey: 'mail.send', payload: { to: '1' }, timeToLive: 500, headers },
      { kind: 'event', routingKey: 'billing.paid', payload: 'seven', headers },
      { kind: 'message', destination: 'stock', routingKey: 'import', payload: Uint8Array.of(7), headers },
    ]);
  });

  test('cannot go to a service that the test does not name, where it names them', async () => {
    const config = { ...billing, handlers: [everything] };
    const gateway = await open(config, { otherServices: ['mail'] });
    await expect(gateway.sendCommand('everything')).rejects.toMatchObject({ code: 'destination-not-found' });
    expect(gateway.published).toMatchObject([{ destination: 'mail' }, { kind: 'event' }]);

    const unchecked = await open({ ...config, broker: { checkDestinations: false } }, { otherServices: [] });
    await expect(unchecked.sendCommand('everything')).rejects.toMatchObject({ code: 'destination-not-found' });
    expect(unchecked.published).toEqual([]);
  });

  test('lists a message for a queue in routes once, and needs no such service', async () => {
    const routes = { services: { mail: { queue: 'mail_in' } }, events: [{ keys: ['billing.*'], queue: 'audit' }] };
    const gateway = await open({ ...billing, handlers: [everything], routes }, { otherServices: ['stock'] });
    await gateway.sendCommand('everything');
    expect(gateway.published).toMatchObject([
      { kind: 'command', destination: 'mail', routingKey: 'mail.send', timeToLive: 500 },
      { kind: 'event', routingKey: 'billing.paid' },
      { kind: 'message', destination: 'stock' },
    ]);
  });

  test('through a route is among it, and its handlers can be waited for', async () => {
    const gateway = await open();
    const response = await gateway.app.inject({
      method: 'POST',
      url: '/commands/billing/billing.changeDetails',
      headers: { 'content-type': 'application/json' },
      payload: '{"personId":"1"}',
    });
    expect(response.statusCode).toBe(202);
    await gateway.settled();
    expect(gateway.published).toMatchObject([{ kind: 'command' }, { kind: 'event' }]);
    expect(gateway.handled).toMatchObject([{ result: 'changed' }]);
  });

  test('without a handler that is distributed is told apart from what the process does by itself', async () => {
    const local = defineCommandHandler({ routingKey: 'local', payload: Details, handle: ({ personId }) => personId });
    const gateway = await open({ ...billing, handlers: [local] });
    expect(await gateway.commandBus.send(local, { personId: '1' })).toBe('1');
    expect([gateway.published, gateway.handled]).toEqual([[], []]);
  });
});

class Rates {
  readonly fee: number;
  constructor(fee: number) {
    this.fee = fee;
  }
}

describe('a configuration is tested', () => {
  const charge = defineCommandHandler({
    routingKey: 'charge',
    distributed: true,
    parameters: [payload(Type.Number()), configurationVariable('multiplier', Type.Number()), reference(Rates)],
    handle: (value, multiplier, rates) => value * multiplier + rates.fee,
  });
  const config: Config = {
    service: 'billing',
    handlers: [charge],
    configuration: { multiplier: 10, other: 1 },
    container: (container) => container.register({ rates: asValue(new Rates(1)) }),
  };

  test('as it is', async () => {
    const gateway = await open(config);
    await gateway.sendCommand('charge', 2);
    expect(gateway.handled[0]?.result).toBe(21);
  });

  test('replaces services and configuration variables by their names', async () => {
    const gateway = await open(config, {
      container: (container) => container.register({ rates: asValue(new Rates(5)) }),
      configuration: { multiplier: 3 },
    });
    await gateway.sendCommand('charge', 2);
    expect(gateway.handled[0]?.result).toBe(11);
    expect(gateway.config.configuration).toEqual({ multiplier: 3, other: 1 });
  });

  test('without its broker, whatever the configuration and the environment say', async () => {
    const files = { caFile: '/nowhere/ca.pem', certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' };
    const broker = { urls: ['amqps://nowhere.example'], ...files };
    const environment = {
      AMQP_CA_FILE: '/nowhere/ca.pem',
      AMQP_CERT_FILE: '/nowhere/cert.pem',
      AMQP_KEY_FILE: '/nowhere/key.pem',
      SERVICE_NAME: 'shop',
      CHANNEL: 'rabbitmq',
      AMQP_URL: 'amqp://nowhere.example',
    };
    const gateway = await open({ channel: 'rabbitmq', broker }, { environment });
    expect(gateway.config.service).toBe('shop');
    expect((await gateway.app.inject('/readyz')).json()).toMatchObject({ channel: 'in-memory' });
  });

  test('finds handlers in files relative to the test', async () => {
    const file = `
      import { defineCommandHandler } from 'littoral';
      import { startTestGateway } from 'littoral/testing';
      export const known = defineCommandHandler({
        routingKey: 'known', distributed: true, handle: () => typeof startTestGateway,
      });
    `;
    const folder = folderOf({ 'handlers/known.ts': file });
    const options = { baseUrl: new URL(`file://${folder}/`) };
    const gateway = await open({ service: 'billing', handlers: './handlers/*.ts' }, options);
    await gateway.sendCommand('known');
    expect(gateway.handled[0]?.result).toBe('function');
  });

  test('reports its issues as at any start', async () => {
    const invalidConfig = { service: 'billing', broker: 'none', configuration: 8, container: 7 } as unknown as Config;
    const options = { configuration: { multiplier: 3 }, container: () => {} };
    const message = expect.stringMatching(/broker: (.|\n)*configuration: (.|\n)*container: is a number/);
    await expect(startTestGateway(invalidConfig, options)).rejects.toMatchObject({
      code: 'invalid-configuration',
      message,
    });
    await expect(startTestGateway({})).rejects.toThrow('SERVICE_NAME');
    const asynchronous = { service: 'billing', container: async () => {} };
    await expect(startTestGateway(asynchronous, { container: () => {} })).rejects.toThrow('returns a promise');
  });
});

describe('time', () => {
  test('stands still until the test moves it, and a message that waits expires then', async () => {
    const finish = gate();
    const gateway = await open({ ...billing, concurrency: 1, handlers: [onCommand('work', () => finish.opened)] });
    const first = gateway.sendCommand('work', 1);
    const second = gateway.sendCommand('work', 2, {}, { timeToLive: 10_000 });
    const third = gateway.sendCommand('work', 3, {}, { timeToLive: 10_001 });
    await gateway.advanceTime(9_999);
    expect(gateway.deadLetters).toEqual([]);
    await gateway.advanceTime(1);
    expect(gateway.deadLetters).toMatchObject([{ payload: 2, headers: { 'x-first-death-reason': 'expired' } }]);
    expect(gateway.deadLetters[0]).not.toHaveProperty('error');
    finish.open();
    await Promise.all([first, second, third]);
    expect(gateway.handled.map(({ payload: handled }) => handled)).toEqual([1, 3]);
  });

  test('does not pass before what can be delivered is', async () => {
    const gateway = await open({ ...billing, handlers: [onCommand('work', () => 'in time')] });
    const sending = gateway.sendCommand('work', 1, {}, { timeToLive: 1 });
    await gateway.advanceTime(60_000);
    await sending;
    expect(gateway.handled).toMatchObject([{ result: 'in time' }]);
  });

  test('lets what is delayed be published when it is due, and waits for what follows', async () => {
    const later = defineCommandHandler({
      routingKey: 'later',
      distributed: true,
      parameters: { bus: reference('distributedBus') },
      async handle({ bus }) {
        await bus.convertAndSendCommand('billing', 'work', 'for us', {}, { deliveryDelay: 1000 });
        await bus.convertAndSendCommand('mail', 'mail.send', 'for another', {}, { deliveryDelay: 2000 });
        await bus.convertAndPublishEvent('billing.paid', 'for nobody', {}, { deliveryDelay: 3000 });
      },
    });
    const gateway = await open({ ...billing, handlers: [later, onCommand('work', () => 'done')] });
    const published = () => gateway.published.map(({ payload }) => payload);
    await gateway.sendCommand('later');
    await gateway.advanceTime(999);
    await gateway.settled();
    expect(published()).toEqual([]);
    await gateway.advanceTime(1);
    expect(published()).toEqual(['for us']);
    expect(gateway.handled).toMatchObject([{ routingKey: 'later' }, { payload: 'for us', result: 'done' }]);
    await gateway.advanceTime(2000);
    expect(published()).toEqual(['for us', 'for another', 'for nobody']);
  });

  test('reports a message that fails when it is due to the next call that waits', async () => {
    const later = defineCommandHandler({
      routingKey: 'later',
      distributed: true,
      parameters: { bus: reference('distributedBus') },
      handle: ({ bus }) => bus.sendCommand('billing', 'pay', '', 'text/plain', {}, { deliveryDelay: 1000 }),
    });
    const pay = onCommand('pay', failing(new Error('overdrawn')));
    const gateway = await open({ ...billing, retries: never, handlers: [later, pay] });
    await gateway.sendCommand('later');
    await expect(gateway.advanceTime(1000)).rejects.toThrow('overdrawn');
    expect(gateway.deadLetters).toMatchObject([{ routingKey: 'pay' }]);
  });

  test('is not for the test to delay its own messages by', async () => {
    const gateway = await open();
    // @ts-expect-error
    const sending = gateway.sendCommand('work', 1, {}, { deliveryDelay: 1 });
    await expect(sending).rejects.toMatchObject({ code: 'wrong-usage' });
  });

  test.each([-1, Number.NaN, Infinity])('cannot be advanced by %s', async (milliseconds) => {
    const gateway = await open();
    await expect(gateway.advanceTime(milliseconds)).rejects.toMatchObject({ code: 'wrong-usage' });
  });
});

describe('a gateway under test that is stopped', () => {
  test('leaves no call waiting', async () => {
    const untilStopped = defineCommandHandler({
      routingKey: 'wait',
      distributed: true,
      parameters: [abortSignal()],
      handle: (signal) =>
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const gateway = await open({ ...billing, concurrency: 1, handlers: [untilStopped] });
    const sending = Promise.all([gateway.sendCommand('wait'), gateway.sendCommand('wait'), gateway.settled()]);
    await gateway.advanceTime(0);
    await gateway.stop();
    await sending;
    expect([gateway.handled, gateway.deadLetters]).toEqual([[], []]);
    await expect(gateway.sendCommand('wait')).rejects.toMatchObject({ code: 'draining' });
  });
});

test('what a test looks at has its types', () => {
  expectTypeOf<TestGateway['published'][number]['kind']>().toEqualTypeOf<'command' | 'event' | 'message'>();
  expectTypeOf<TestGateway['deadLetters'][number]['error']>().toEqualTypeOf<unknown>();
  expectTypeOf<TestGateway>().toExtend<AsyncDisposable>();
});
