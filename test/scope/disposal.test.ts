import { setTimeout as sleep } from 'node:timers/promises';
import { asFunction } from 'awilix';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { reference } from '../../src/parameter/reference.ts';
import type { RegisterServices } from '../../src/scope/service-container.ts';
import { startTestGateway } from '../../src/testing.ts';

const handlerWith = (name: string, handle: (service: unknown) => unknown = () => {}) =>
  defineCommandHandler({ routingKey: 'use', parameters: [reference(name as 'logger')], handle });

const use = (name: string) => handlerWith(name);

/** Notes what is disposed, and what is logged of it. */
class Journal {
  readonly entries: unknown[] = [];
  readonly logger = pino(
    { level: 'warn', base: undefined, timestamp: false },
    {
      write: (line: string) => {
        const { disposer, reason, msg } = JSON.parse(line);
        this.entries.push([disposer, msg, ...(reason === undefined ? [] : [reason])]);
      },
    },
  );

  disposer(name: string) {
    return () => void this.entries.push(name);
  }
}

async function gatewayWith(container: RegisterServices, journal: Journal, name = 'user') {
  const config = { service: 'shop', handlers: [use(name)], container };
  return createGateway(config, { environment: {}, logger: journal.logger });
}

describe.each(['scoped', 'singleton'] as const)('the disposers of %s services', (lifetime) => {
  /** Calls the handler once, and stops the gateway. */
  async function run(container: RegisterServices, journal: Journal, name?: string): Promise<void> {
    const gateway = await gatewayWith(container, journal, name);
    await gateway.commandBus.send('use');
    await gateway.stop();
  }

  test('run one after the other, each after what depends on it', async () => {
    const journal = new Journal();
    const slow = (name: string) => async () => {
      journal.entries.push(`${name} begins`);
      await sleep(1);
      journal.entries.push(`${name} ends`);
    };
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction(({ store, pool }) => ({ store, pool }))
          [lifetime]()
          .disposer(slow('user')),
        store: asFunction(({ pool }) => ({ pool }))
          [lifetime]()
          .disposer(slow('store')),
        pool: asFunction(() => ({}))
          [lifetime]()
          .disposer(slow('pool')),
        unused: asFunction(() => ({}))
          [lifetime]()
          .disposer(slow('unused')),
      });
    await run(container, journal);
    const order = ['user', 'store', 'pool'];
    expect(journal.entries).toEqual(order.flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test('know that an asynchronous factory has made its service when its promise is fulfilled', async () => {
    const journal = new Journal();
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction(async (cradle: { pool: unknown }) => {
          await sleep(1);
          return { pool: cradle.pool };
        })
          [lifetime]()
          .disposer(journal.disposer('user')),
        pool: asFunction(async () => ({}))
          [lifetime]()
          .disposer(journal.disposer('pool')),
      });
    await run(container, journal);
    expect(journal.entries).toEqual(['user', 'pool']);
  });

  test('may still use what their service depends on', async () => {
    const journal = new Journal();
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction((cradle: { pool: { number: number } }) => ({ before: cradle.pool.number, cradle }))
          [lifetime]()
          .disposer(({ before, cradle }) => void journal.entries.push(cradle.pool.number - before)),
        pool: asFunction(() => ({ number: journal.entries.push('made') }))
          [lifetime]()
          .disposer(journal.disposer('pool')),
      });
    await run(container, journal);
    expect(journal.entries).toEqual(['made', 0, 'pool']);
  });

  test('are all called when some fail, in whatever way, and the call has succeeded', async () => {
    const journal = new Journal();
    const throwing: Record<string, () => unknown> = {
      a: () => {
        throw new Error('thrown');
      },
      b: () => Promise.reject(new Error('rejected')),
      c: () => Promise.reject(undefined),
      d: () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a hostile library could return
        get then() {
          throw new Error('of the getter');
        },
      }),
    };
    const container: RegisterServices = (all) => {
      all.register(
        'pool',
        asFunction(() => ({}))
          [lifetime]()
          .disposer(journal.disposer('pool')),
      );
      for (const [name, dispose] of Object.entries(throwing)) {
        const makes = asFunction(({ pool }) => ({ pool }))[lifetime]();
        all.register(name, makes.disposer(dispose as () => void));
      }
      all.register('user', asFunction(({ a, b, c, d }) => [a, b, c, d])[lifetime]());
    };
    await run(container, journal);
    expect(journal.entries).toEqual([
      ['d', 'a disposer failed', 'of the getter'],
      ['c', 'a disposer failed', 'undefined'],
      ['b', 'a disposer failed', 'rejected'],
      ['a', 'a disposer failed', 'thrown'],
      'pool',
    ]);
  });

  test('are not called for what could not be made', async () => {
    const journal = new Journal();
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction(async ({ pool }) => {
          throw new Error(`no ${typeof pool}`);
        })
          [lifetime]()
          .disposer(journal.disposer('user')),
        pool: asFunction(() => ({}))
          [lifetime]()
          .disposer(journal.disposer('pool')),
      });
    await expect(run(container, journal)).rejects.toThrow('no object');
    if (lifetime === 'scoped') expect(journal.entries).toEqual(['pool']);
  });
});

describe('a disposer that does not end', () => {
  const hanging: RegisterServices = (all) =>
    all.register({
      user: asFunction(({ pool }) => ({ pool }))
        .singleton()
        .disposer(() => new Promise<void>(() => {})),
      pool: asFunction(() => ({}))
        .singleton()
        .disposer(() => {}),
    });

  test('is logged with its name at a shutdown, and leaves time to the others', async () => {
    const journal = new Journal();
    const container: RegisterServices = (all) => {
      hanging(all);
      all.register(
        'pool',
        asFunction(() => ({}))
          .singleton()
          .disposer(journal.disposer('pool')),
      );
    };
    const config = {
      service: 'shop',
      handlers: [use('user')],
      container,
      shutdownTimeoutMs: 40,
      http: { drainDelayMs: 0 },
    };
    const gateway = createGateway(config, { environment: {}, logger: journal.logger });
    await gateway.commandBus.send('use');
    await gateway.stop();
    expect(journal.entries).toEqual([['user', 'a disposer did not finish in time'], 'pool']);
  });
});

describe('the time of a handler', () => {
  test('does not count what disposers take, nor does their failure make a dead letter', async () => {
    const journal = new Journal();
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction(({ pool }) => ({ pool }))
          .scoped()
          .disposer(() => Promise.reject(new Error('closed already'))),
        pool: asFunction(() => ({}))
          .scoped()
          .disposer(async () => {
            await sleep(50);
            journal.entries.push('pool');
          }),
      });
    const handlers = [{ ...handlerWith('user', () => 'done'), distributed: true, timeoutMs: 1 }];
    await using shop = await startTestGateway({ service: 'shop', handlers, container }, { logger: journal.logger });
    await shop.sendCommand('use');
    expect(shop.deadLetters).toEqual([]);
    expect(journal.entries).toEqual([['user', 'a disposer failed', 'closed already'], 'pool']);
  });

  test('is over before its services are disposed, which it uses until it really ends', async () => {
    const journal = new Journal();
    let finish = () => {};
    const container: RegisterServices = (all) =>
      all.register({
        user: asFunction(() => ({}))
          .scoped()
          .disposer(journal.disposer('user')),
      });
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const handlers = [{ ...handlerWith('user', () => held), distributed: true, timeoutMs: 1 }];
    await using shop = await startTestGateway({ service: 'shop', handlers, container }, {});
    await expect(shop.sendCommand('use')).rejects.toMatchObject({ code: 'handler-timeout' });
    expect(journal.entries).toEqual([]);
    finish();
    await held;
    await expect.poll(() => journal.entries).toEqual(['user']);
  });
});
