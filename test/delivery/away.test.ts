import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import { post, type RunningGateway, readiness, runGateway } from '../flow/gateway-fixture.ts';
import { answering, type Received, startApplication } from './application-fixture.ts';

const retries = { maxAttempts: 1, initialDelayMs: 1 };

const send = async (gateway: RunningGateway, from: number, to: number) => {
  for (let id = from; id < to; id++) {
    expect((await post(gateway, '/commands/billing/pay', { id })).status).toBe(202);
  }
};

const idsOf = (received: readonly Received[]) => received.map(({ body }) => JSON.parse(body.toString()).id);
const attemptsOf = (received: readonly Received[]) => received.map(({ headers }) => headers['message-attempt']);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function applicationOf({ address }: RunningGateway) {
  const { applications } = (await (await fetch(`${address}/endpoints`)).json()) as {
    applications: { state: string }[];
  };
  return applications[0];
}

const deadLetters = async ({ address }: RunningGateway) =>
  ((await (await fetch(`${address}/dead-letters`)).json()) as { items: unknown[] }).items;

describe('an application that is away', () => {
  test.each([1, 10])(
    'gets its messages when it is back, in their order, and no attempt is counted (concurrency %i)',
    async (concurrency) => {
      const app = await startApplication();
      const gateway = await runGateway({
        service: 'billing',
        application: { url: app.url, commands: ['pay'], holdMs: 100 },
        concurrency,
        retries,
      });
      await send(gateway, 0, 3);
      await eventually(() => expect(app.received).toHaveLength(3));
      await app.stop();
      await send(gateway, 3, 30);
      await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'away' }));
      // The messages that waited in the process are back in the queue.
      await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
      expect((await readiness(gateway)).status).toBe(200);
      await app.start();
      await eventually(() => expect(app.received).toHaveLength(30));
      expect(attemptsOf(app.received)).toEqual(upTo(30).map(() => '1'));
      const ids = idsOf(app.received);
      expect(concurrency === 1 ? ids : ids.toSorted((a, b) => a - b)).toEqual(upTo(30));
      await eventually(async () => expect(await applicationOf(gateway)).not.toMatchObject({ state: 'away' }));
      expect(await deadLetters(gateway)).toEqual([]);
    },
  );

  test('is one that was never there', async () => {
    const app = await startApplication();
    await app.stop();
    const gateway = await runGateway({ service: 'billing', application: { url: app.url, commands: ['pay'] }, retries });
    await send(gateway, 0, 5);
    await eventually(async () =>
      expect(await applicationOf(gateway)).toMatchObject({
        state: 'away',
        reason: expect.stringContaining('ECONNREFUSED'),
      }),
    );
    await app.start();
    await eventually(() => expect(app.received).toHaveLength(5));
    expect(attemptsOf(app.received)).toEqual(['1', '1', '1', '1', '1']);
  });

  test('is one whose health check says no, although it listens', async () => {
    let isHealthy = true;
    const app = await startApplication((request, response, socket) => {
      const status = request.path === '/api/healthz' && !isHealthy ? 500 : 204;
      return answering(status)(request, response, socket);
    });
    const handled = () => app.received.filter(({ method }) => method === 'POST');
    const health = { path: '/healthz', intervalMs: 10, threshold: 2 };
    const application = { url: `${app.url}/api`, commands: ['pay'], health };
    const gateway = await runGateway({ service: 'billing', application, retries });
    await send(gateway, 0, 2);
    await eventually(() => expect(handled()).toHaveLength(2));
    isHealthy = false;
    await eventually(async () =>
      expect(await applicationOf(gateway)).toMatchObject({
        state: 'away',
        reason: 'its health check /healthz answered 500',
      }),
    );
    await send(gateway, 2, 5);
    const asked = app.received.length;
    await eventually(() => expect(app.received.length).toBeGreaterThan(asked + 1));
    expect(handled()).toHaveLength(2);
    isHealthy = true;
    await eventually(() => expect(handled()).toHaveLength(5));
    expect(handled().map(({ path }) => path)).toEqual(upTo(5).map(() => '/api/commands/pay'));
    expect(idsOf(handled()).toSorted()).toEqual(upTo(5));
  });

  test('is not one that requests keep busy: its health is asked on a connection beside theirs', async () => {
    const open = gate();
    const app = await startApplication(async (request, response, socket) => {
      if (request.method === 'POST') await open.opened;
      answering(204)(request, response, socket);
    });
    const asked = () => app.received.filter(({ method }) => method === 'GET').length;
    const health = { path: '/healthz', intervalMs: 10, timeoutMs: 50, threshold: 2 };
    const application = { url: app.url, commands: ['pay'], health };
    const gateway = await runGateway({ service: 'billing', application, concurrency: 1, retries });
    await send(gateway, 0, 2);
    await eventually(() => expect(app.received.some(({ method }) => method === 'POST')).toBe(true));
    const before = asked();
    await eventually(() => expect(asked()).toBeGreaterThan(before + 2));
    expect(await applicationOf(gateway)).toMatchObject({ state: 'up' });
    open.open();
    await eventually(() => expect(idsOf(app.received.filter(({ method }) => method === 'POST'))).toEqual([0, 1]));
  });

  test('is one that crashes while it handles a message: that is an attempt, and the next one waits', async () => {
    let crashes = 1;
    const app = await startApplication(async (request, response, socket) => {
      if (crashes-- > 0) await app.stop();
      else answering(204)(request, response, socket);
    });
    const gateway = await runGateway({ service: 'billing', application: { url: app.url, commands: ['pay'] }, retries });
    await send(gateway, 0, 1);
    await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'away' }));
    await app.start();
    await eventually(() => expect(attemptsOf(app.received)).toEqual(['1', '2']));
    expect(await deadLetters(gateway)).toEqual([]);
  });

  test('does not stop the functions of the same service', async () => {
    const app = await startApplication();
    await app.stop();
    const { defineCommandHandler } = await import('../../src/handler/define-handler.ts');
    const handled: unknown[] = [];
    const handler = defineCommandHandler({
      routingKey: 'note',
      distributed: true,
      handle: (note) => void handled.push(note),
    });
    const application = { url: app.url, commands: ['pay'], holdMs: 50 };
    const gateway = await runGateway({ service: 'billing', application, handlers: [handler], concurrency: 2, retries });
    await send(gateway, 0, 20);
    expect((await post(gateway, '/commands/billing/note', 'read me')).status).toBe(202);
    await eventually(() => expect(handled).toEqual(['read me']));
    await app.start();
    await eventually(() => expect(idsOf(app.received).toSorted((a, b) => a - b)).toEqual(upTo(20)));
    expect(new Set(attemptsOf(app.received))).toEqual(new Set(['1']));
  });
});
