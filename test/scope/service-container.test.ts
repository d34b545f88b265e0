import { aliasTo, asClass, asFunction, asValue } from 'awilix';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CommandBus } from '../../src/bus/command-bus.ts';
import type { DistributedBus } from '../../src/bus/distributed-bus.ts';
import type { Config } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { headers } from '../../src/parameter/headers.ts';
import { parameterConverter } from '../../src/parameter/parameter-converter.ts';
import { reference } from '../../src/parameter/reference.ts';
import type { RegisterServices } from '../../src/scope/service-container.ts';
import { startTestGateway } from '../../src/testing.ts';
import { caught } from '../caught.ts';
import { openGateway } from '../http/gateway-fixture.ts';

/** A service as TypeScript does not know it. */
const service = (name: string) =>
  parameterConverter(
    'service',
    () =>
      ({ services }) =>
        services.resolve(name),
  );

/** Counts what was made and disposed of a service. */
class Lifetimes {
  made = 0;
  disposed = 0;
  readonly make = () => {
    this.made++;
    return { number: this.made };
  };
  readonly dispose = () => {
    this.disposed++;
  };
}

const use = (name: string, handle: (service: unknown) => unknown = (it) => it) =>
  defineCommandHandler({ routingKey: 'use', parameters: [service(name)], handle });

describe('a service', () => {
  test('is the same for every message if it is a singleton, and is disposed with the gateway', async () => {
    const lifetimes = new Lifetimes();
    const container: RegisterServices = (all) =>
      all.register({ it: asFunction(lifetimes.make).singleton().disposer(lifetimes.dispose) });
    const gateway = await openGateway({ handlers: [use('it')], container });
    expect(await gateway.commandBus.send('use')).toBe(await gateway.commandBus.send('use'));
    expect(lifetimes).toMatchObject({ made: 1, disposed: 0 });
    await gateway.stop();
    expect(lifetimes.disposed).toBe(1);
  });

  test('is one for each message if it is scoped, shared by all that is made for the message, and disposed after it', async () => {
    const lifetimes = new Lifetimes();
    const container: RegisterServices = (all) =>
      all.register({
        it: asFunction(lifetimes.make).scoped().disposer(lifetimes.dispose),
        user: asFunction(({ it }: { it: unknown }) => ({ it })).scoped(),
      });
    const parameters = [service('it'), service('user')] as const;
    const handler = defineCommandHandler({
      routingKey: 'use',
      parameters,
      handle: (it, user) => ({ it, ofUser: (user as { it: unknown }).it, disposed: lifetimes.disposed }),
    });
    const { commandBus } = await openGateway({ handlers: [handler], container });
    const [first, second] = [await commandBus.send(handler), await commandBus.send(handler)];
    expect(first).toMatchObject({ it: { number: 1 }, ofUser: { number: 1 }, disposed: 0 });
    expect(second).toMatchObject({ it: { number: 2 }, ofUser: { number: 2 }, disposed: 1 });
    expect(lifetimes).toMatchObject({ made: 2, disposed: 2 });
  });

  test('is disposed also when the handler throws if it is scoped, and the error of the handler counts', async () => {
    const lifetimes = new Lifetimes();
    const dispose = () => {
      lifetimes.dispose();
      throw new Error('of the disposer');
    };
    const container: RegisterServices = (all) =>
      all.register({ it: asFunction(lifetimes.make).scoped().disposer(dispose) });
    const fails = use('it', () => {
      throw new Error('of the handler');
    });
    const { commandBus } = await openGateway({ handlers: [fails], container });
    await expect(commandBus.send('use')).rejects.toThrow('of the handler');
    expect(lifetimes.disposed).toBe(1);
  });

  test('is made for each request if it is transient', async () => {
    const lifetimes = new Lifetimes();
    const parameters = [service('it'), service('it')] as const;
    const handler = defineCommandHandler({ routingKey: 'use', parameters, handle: (a, b) => [a, b] });
    const container: RegisterServices = (all) => all.register({ it: asFunction(lifetimes.make) });
    const { commandBus } = await openGateway({ handlers: [handler], container });
    expect(await commandBus.send(handler)).toEqual([{ number: 1 }, { number: 2 }]);
  });

  test('arrives unchanged if it is a value, or another name of a service', async () => {
    const lifetimes = new Lifetimes();
    const value = { constant: true };
    const container: RegisterServices = (all) =>
      all.register({
        value: asValue(value),
        it: asFunction(lifetimes.make).scoped().disposer(lifetimes.dispose),
        other: aliasTo('it'),
        third: aliasTo('other'),
      });
    const parameters = [service('value'), service('it'), service('third')] as const;
    const handler = defineCommandHandler({ routingKey: 'use', parameters, handle: (...all) => all });
    const { commandBus } = await openGateway({ handlers: [handler], container });
    const [first, it, third] = (await commandBus.send(handler)) as unknown[];
    expect(first).toBe(value);
    expect(third).toBe(it);
    expect(lifetimes).toMatchObject({ made: 1, disposed: 1 });
  });

  test.each<[string, RegisterServices]>([
    ['an alias', (all) => all.register({ it: aliasTo('distributedBus') })],
    ['an alias of an alias', (all) => all.register({ it: aliasTo('other'), other: aliasTo('distributedBus') })],
    ['a factory', (all) => all.register({ it: asFunction(({ bus }) => bus), bus: aliasTo('distributedBus') })],
    [
      'a scoped factory',
      (all) => all.register({ it: asFunction(({ bus }) => bus).scoped(), bus: aliasTo('distributedBus') }),
    ],
    [
      'an alias of a factory',
      (all) => all.register({ it: aliasTo('made'), made: asFunction(({ distributedBus }) => distributedBus) }),
    ],
    [
      'a resolver',
      (all) => all.register({ it: { resolve: (scope) => scope.resolve('distributedBus'), isLeakSafe: true } }),
    ],
    [
      'a resolver by the cradle',
      (all) =>
        all.register({
          it: { resolve: ({ cradle }) => (cradle as { distributedBus: unknown }).distributedBus, isLeakSafe: true },
        }),
    ],
  ])('belongs to the message if it is an alias of one of the message: %s', async (_, container) => {
    const send = defineCommandHandler({
      routingKey: 'send',
      parameters: [service('it'), service('distributedBus')],
      handle: async (it, own) => {
        await (it as DistributedBus).publishEvent('sent', '{}', 'application/json');
        return it === own;
      },
    });
    const seen: MessageHeaders[] = [];
    const receive = defineEventHandler({
      routingKey: 'sent',
      distributed: true,
      parameters: [headers()],
      handle: (all) => void seen.push(all),
    });
    const gateway = await startTestGateway({ service: 'shop', handlers: [send, receive], container });
    onTestFinished(() => gateway.stop());
    expect(await gateway.commandBus.send(send, {}, { metadata: { tenant: 't' } })).toBe(true);
    await gateway.settled();
    expect(seen).toMatchObject([{ tenant: 't', parentId: expect.any(String), correlationId: expect.any(String) }]);
  });

  test.each(['distributedBus', 'commandBus', 'eventBus', 'message', 'logger'])(
    'equals the one of the message if it is an alias of %s',
    async (name) => {
      const parameters = [service(name), service('alias'), service('third')] as const;
      const handler = defineCommandHandler({ routingKey: 'use', parameters, handle: (...all) => all });
      const container: RegisterServices = (all) => all.register({ alias: aliasTo(name), third: aliasTo('alias') });
      const { commandBus } = await openGateway({ handlers: [handler], container });
      const [own, alias, third] = (await commandBus.send(handler)) as unknown[];
      if (name === 'message') expect([alias, third]).toEqual([own, own]);
      else expect([alias === own, third === own]).toEqual([true, true]);
    },
  );

  test('cannot be created if it names itself', async () => {
    const container: RegisterServices = (all) => all.register({ it: aliasTo('other'), other: aliasTo('it') });
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    await expect(commandBus.send('use')).rejects.toMatchObject({ code: 'cannot-resolve' });
  });

  test('whose factory is asynchronous is waited for', async () => {
    const container: RegisterServices = (all) => all.register({ it: asFunction(async () => 'made').singleton() });
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    expect(await commandBus.send('use')).toBe('made');
  });

  test('whose asynchronous factory fails is made anew for the next message', async () => {
    let attempts = 0;
    const connect = async () => {
      attempts++;
      if (attempts === 1) throw new Error('not up yet');
      return 'connected';
    };
    const container: RegisterServices = (all) => all.register({ it: asFunction(connect).singleton() });
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    await expect(commandBus.send('use')).rejects.toThrow('not up yet');
    expect([await commandBus.send('use'), await commandBus.send('use'), attempts]).toEqual([
      'connected',
      'connected',
      2,
    ]);
  });

  test('is disposed also after a result that cannot be looked at', async () => {
    const lifetimes = new Lifetimes();
    const container: RegisterServices = (all) =>
      all.register({ it: asFunction(lifetimes.make).scoped().disposer(lifetimes.dispose) });
    const hostile = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('of the getter');
      },
    });
    const { commandBus } = await openGateway({ handlers: [use('it', () => hostile)], container });
    await expect(commandBus.send('use')).rejects.toThrow('of the getter');
    expect(lifetimes.disposed).toBe(1);
  });

  test('whose factory throws makes the message fail with that error', async () => {
    const error = new Error('the database is away');
    const container: RegisterServices = (all) =>
      all.register({
        it: asFunction(() => {
          throw error;
        }).singleton(),
      });
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    await expect(commandBus.send('use')).rejects.toBe(error);
  });

  test.each<[string, RegisterServices]>([
    ['needs what is not registered', (all) => all.register({ it: asFunction(({ missing }) => missing).singleton() })],
    [
      'lives longer than what it needs',
      (all) => all.register({ it: asFunction(({ short }) => short).singleton(), short: asFunction(() => 1).scoped() }),
    ],
    ['needs itself', (all) => all.register({ it: asFunction(({ it }) => it).scoped() })],
  ])('makes the message fail if it %s, and the error names the way to it', async (_, container) => {
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    expect(await caught(() => commandBus.send('use'))).toMatchObject({
      code: 'cannot-resolve',
      retryable: false,
      message: expect.stringMatching(/^The service 'it' cannot be made: .*it -> /s),
    });
    await expect(commandBus.send('use'), 'and once more').rejects.toThrow(/cannot be made/);
  });
});

describe('in a handler', () => {
  class Sender {
    readonly #distributedBus: DistributedBus;
    readonly #commandBus: CommandBus;
    constructor({ distributedBus, commandBus }: { distributedBus: DistributedBus; commandBus: CommandBus }) {
      this.#distributedBus = distributedBus;
      this.#commandBus = commandBus;
    }
    send() {
      return this.#distributedBus.publishEvent('order.placed', 'x');
    }
    sendLocally() {
      return this.#commandBus.send('headers');
    }
  }
  const headersOfCommand = defineCommandHandler({ routingKey: 'headers', handle: (_, headers) => headers });

  test.each([
    ['scoped', true],
    ['singleton', false],
  ] as const)('a %s service sends as that message: %s', async (lifetime, ofTheMessage) => {
    const container: RegisterServices = (all) => all.register({ sender: asClass(Sender)[lifetime]() });
    const sends = defineCommandHandler({
      routingKey: 'use',
      parameters: { sender: service('sender'), own: service('message') },
      handle: async ({ sender, own }) => ({ own, received: await (sender as Sender).sendLocally() }),
    });
    const { commandBus } = await openGateway({ handlers: [sends, headersOfCommand], container });
    const { own, received } = (await commandBus.send('use', '', { metadata: { tenantId: 't' } })) as {
      own: { headers: Record<string, unknown> };
      received: Record<string, unknown>;
    };
    expect(received[Header.parentId]).toBe(ofTheMessage ? own.headers[Header.id] : undefined);
    expect(received.tenantId).toBe(ofTheMessage ? 't' : undefined);
  });

  test('a service without scope can be used without one', async () => {
    const names = ['distributedBus', 'commandBus', 'eventBus', 'message', 'logger'] as const;
    const handler = defineCommandHandler({
      routingKey: 'use',
      handle: (_, __, services) => names.map((name) => typeof services[name]),
    });
    const { commandBus } = await openGateway({ handlers: [handler] });
    expect(await commandBus.send(handler)).toEqual(names.map(() => 'object'));
  });

  test('the logger names its message', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: undefined }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const handler = defineCommandHandler({
      routingKey: 'use',
      handle: (_, headers, { logger }) => {
        logger.info('working');
        return headers[Header.id];
      },
    });
    const gateway = createGateway({ service: 'shop', handlers: [handler] }, { environment: {}, logger });
    const id = await gateway.commandBus.send(handler);
    expect(lines).toContainEqual(expect.objectContaining({ messageId: id, endpointId: 'use', msg: 'working' }));
  });

  test('a singleton that needs the message is an error that says so', async () => {
    const container: RegisterServices = (all) =>
      all.register({ it: asFunction(({ message }) => ({ message })).singleton() });
    const { commandBus } = await openGateway({ handlers: [use('it')], container });
    expect(await caught(() => commandBus.send('use'))).toMatchObject({
      code: 'cannot-resolve',
      message: expect.stringContaining('scoped'),
    });
  });
});

describe('the services of a handler without parameters', () => {
  const read = (read: (services: Record<string, unknown>) => unknown) =>
    defineCommandHandler({ routingKey: 'use', handle: (_, __, services) => read(services as never) });
  const container: RegisterServices = (all) => all.register({ it: asValue(7) });

  test('are there by name, and can be listed', async () => {
    const all = read((services) => ({ it: services.it, names: Object.keys(services), has: 'it' in services }));
    const { commandBus } = await openGateway({ handlers: [all], container });
    expect(await commandBus.send('use')).toEqual({
      it: 7,
      has: true,
      names: ['distributedBus', 'commandBus', 'eventBus', 'logger', 'message', 'it'],
    });
  });

  test.each(['missing', 'constructor', 'toString', '__proto__'])(
    'do not have what is not registered: %s',
    async (name) => {
      const { commandBus } = await openGateway({ handlers: [read((services) => services[name])], container });
      expect(await caught(() => commandBus.send('use'))).toMatchObject({
        code: 'cannot-resolve',
        message: `Cannot resolve parameter '#3' of command handler 'use': there is no service '${name}'. Registered: distributedBus, commandBus, eventBus, logger, message, it.`,
      });
    },
  );

  test('can be returned and printed, but not changed', async () => {
    const returns = await openGateway({ handlers: [read(async (services) => services)], container });
    expect(String(Object.keys((await returns.commandBus.send('use')) as object))).toContain('it');
    const changes = await openGateway({
      handlers: [
        read((services) => {
          services.it = 8;
        }),
      ],
      container,
    });
    await expect(changes.commandBus.send('use')).rejects.toThrow('cannot be changed');
  });
});

describe('a container is refused at start', () => {
  const start = (config: Config) => caught(() => createGateway({ service: 'shop', ...config }, { environment: {} }));

  test.each<[string, RegisterServices, RegExp]>([
    ['throws', () => JSON.parse('{'), /'container' failed: /],
    ['registers no resolver', (all) => all.register({ it: 7 as never }), /'it' as a number; wrap it in asClass/],
    ['is asynchronous', async () => {}, /returns a promise; await what it needs/],
    [
      'has disposers that nothing would call',
      (all) =>
        all.register({
          a: asClass(Lifetimes, { dispose: () => {} }),
          b: asFunction(() => 1).disposer(() => {}),
          c: asFunction(() => 1)
            .scoped()
            .disposer(() => {}),
        }),
      /registers 'a', 'b' with a disposer and without a lifetime.*; add \.scoped\(\) or \.singleton\(\)/,
    ],
    ['takes a name of littoral', (all) => all.register({ logger: asValue(1) }), /registers logger, which littoral pro/],
  ])('when it %s', async (_, container, message) => {
    expect(await start({ container })).toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringMatching(message),
    });
  });

  test('when it is no function', async () => {
    expect(await start({ container: {} as never })).toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringContaining('container: is an object; give a function'),
    });
  });
});

test('services that are not there are found at start, for all handlers together', async () => {
  const handlers = [
    defineCommandHandler({ routingKey: 'a', parameters: [reference('missing' as 'logger')], handle() {} }),
    defineCommandHandler({ routingKey: 'b', parameters: { absent: reference() as never }, handle() {} }),
  ];
  const registered = 'Registered: distributedBus, commandBus, eventBus, logger, message.';
  expect(await caught(() => createGateway({ service: 'shop', handlers }, { environment: {} }))).toMatchObject({
    code: 'invalid-handlers',
    message: `The handlers are not valid:
- Cannot resolve parameter '#1' of command handler 'a': there is no service 'missing'. ${registered}
- Cannot resolve parameter 'absent' of command handler 'b': there is no service 'absent'. ${registered}`,
  });
});
