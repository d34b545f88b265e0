import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApplicationConfig } from '../../src/config/application-config.ts';
import { eventually } from '../broker/eventually.ts';
import { post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';
import { answering, type Received, startApplication } from './application-fixture.ts';

const wellKnown = '/.well-known/littoral';

/** An application that says what it receives, and holds the requests to a path until they are let go. */
async function startDiscovered(first: object, held = '') {
  const state = { answer: first };
  const letGo: (() => void)[] = [];
  const app = await startApplication((request, response, socket) => {
    if (request.path === wellKnown) return answering(200, {}, JSON.stringify(state.answer))(request, response, socket);
    const answer = () => answering(204)(request, response, socket);
    if (request.path === held) letGo.push(answer);
    else answer();
  });
  onTestFinished(() => letGo.forEach((answer) => void answer()));
  const posted = () => app.received.filter(({ method }: Received) => method === 'POST').map(({ path }) => path);
  return { app, state, posted, letGo };
}

const send = async (gateway: RunningGateway, path: string) =>
  expect((await post(gateway, path, {})).status, path).toBe(202);

const endpointsOf = async ({ address }: RunningGateway) => {
  const { endpoints } = (await (await fetch(`${address}/endpoints`)).json()) as {
    endpoints: { handlers: { endpointId: string }[] }[];
  };
  return endpoints[0]?.handlers.map(({ endpointId }) => endpointId).toSorted();
};

describe('an application that is asked what it receives', () => {
  test('gets each key at its own path, below the path of its URL', async () => {
    const answer = {
      commands: { pay: '/hooks/pay', refund: { path: '/hooks/refund' }, close: true },
      events: { 'order.*': '/hooks/orders', 'parcel.sent': true },
    };
    const { app, posted } = await startDiscovered(answer);
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } });
    await eventually(async () =>
      expect(await endpointsOf(gateway)).toEqual(['close', 'order.*', 'parcel.sent', 'pay', 'refund']),
    );
    for (const key of ['pay', 'refund', 'close']) await send(gateway, `/commands/billing/${key}`);
    for (const key of ['order.placed', 'parcel.sent']) await send(gateway, `/events/${key}`);
    const expected = ['/commands/close', '/events/parcel.sent', '/hooks/orders', '/hooks/pay', '/hooks/refund'];
    await eventually(() => expect(posted().toSorted()).toEqual(expected));
  });

  test('keeps a slow path from stopping another one', async () => {
    const { app, posted, letGo } = await startDiscovered({ commands: { slow: '/slow', quick: '/quick' } }, '/slow');
    const gateway = await runGateway({ service: 'billing', application: { url: app.url }, concurrency: 2 });
    await eventually(async () => expect(await endpointsOf(gateway)).toEqual(['quick', 'slow']));
    for (let count = 0; count < 5; count++) await send(gateway, '/commands/billing/slow');
    await eventually(() => expect(letGo).toHaveLength(1));
    for (let count = 0; count < 5; count++) await send(gateway, '/commands/billing/quick');
    await eventually(() => expect(posted().filter((path) => path === '/quick')).toHaveLength(5));
    expect(letGo).toHaveLength(1);
  });

  test('gets its messages at another path once it says so, and all of its requests for the only one', async () => {
    const { app, state, posted, letGo } = await startDiscovered({ commands: { pay: '/old' } }, '/new');
    const gateway = await runGateway({ service: 'billing', application: { url: app.url }, concurrency: 4 });
    await eventually(async () => expect(await endpointsOf(gateway)).toEqual(['pay']));
    for (let count = 0; count < 4; count++) await send(gateway, '/commands/billing/pay');
    await eventually(() => expect(posted()).toEqual(['/old', '/old', '/old', '/old']));
    state.answer = { commands: { pay: '/new' } };
    await app.stop();
    await send(gateway, '/commands/billing/pay');
    await eventually(async () => {
      const { applications } = (await (await fetch(`${gateway.address}/endpoints`)).json()) as {
        applications: { state: string }[];
      };
      expect(applications[0]?.state).toBe('away');
    });
    await app.start();
    // The message that was waiting may be posted before the new answer is read.
    await eventually(() => expect(app.received.filter(({ path }) => path === wellKnown).length).toBeGreaterThan(1));
    await eventually(async () => {
      await send(gateway, '/commands/billing/pay');
      expect(letGo.length).toBeGreaterThan(0);
    });
    while (letGo.length > 0) letGo.shift()?.();
    for (let count = 0; count < 20; count++) await send(gateway, '/commands/billing/pay');
    await eventually(() => {
      if (letGo.length < 4) letGo.shift()?.();
      expect(letGo).toHaveLength(4);
    });
  });
});

describe('cloudEventsSource', () => {
  test('is the source of messages that leave as CloudEvents, but of no event that has its own', async () => {
    const app = await startApplication();
    const application: ApplicationConfig = {
      url: app.url,
      commands: ['pay'],
      events: { 'order.placed': { format: 'cloudevents-structured' } },
      format: 'cloudevents',
      cloudEventsSource: 'https://example.com/shop',
    };
    const gateway = await runGateway({ service: 'billing', application });
    await send(gateway, '/commands/billing/pay');
    await send(gateway, '/events/order.placed');
    const own = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/own', 'ce-type': 'order.placed' };
    expect((await post(gateway, '/cloudevents', {}, own)).status).toBe(202);
    const received = await eventually(() => {
      expect(app.received).toHaveLength(3);
      return app.received;
    });
    const sources = received.map(({ headers, body }) => headers['ce-source'] ?? JSON.parse(body.toString()).source);
    expect(sources.toSorted()).toEqual(['/own', 'https://example.com/shop', 'https://example.com/shop']);
  });

  test('is the service that sent the message, where none is configured', async () => {
    const app = await startApplication();
    const application = { url: app.url, commands: ['pay'], format: 'cloudevents' } as const;
    const gateway = await runGateway({ service: 'billing', application });
    await send(gateway, '/commands/billing/pay');
    const { headers } = await eventually(() => app.received[0] ?? expect.unreachable());
    expect(headers['ce-source']).toBe('/services/billing');
  });
});
