import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { answering, startApplication } from './application-fixture.ts';

const wellKnown = '/.well-known/littoral';

/** An application that says what it receives. */
async function startDiscoverable(first: string) {
  const state = { answer: first };
  const app = await startApplication((request, response, socket) => {
    const says = request.path === wellKnown;
    return answering(says ? 200 : 204, {}, says ? state.answer : '')(request, response, socket);
  });
  const handled = () => app.received.filter(({ method }) => method === 'POST').map(({ path }) => path);
  return { app, state, handled };
}

const endpointIds = async ({ address }: { readonly address: string }) => {
  const { endpoints } = (await (await fetch(`${address}/endpoints`)).json()) as {
    endpoints: { handlers: { endpointId: string }[] }[];
  };
  return endpoints[0]?.handlers.map(({ endpointId }) => endpointId);
};

describe('an application without commands and events in the configuration', () => {
  test('is asked what it receives, until it answers', async () => {
    const { app, state, handled } = await startDiscoverable('not yet');
    await app.stop();
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } });
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
    await app.start();
    await eventually(() => expect(app.received.length).toBeGreaterThan(1));
    expect(await endpointIds(gateway)).toEqual([]);
    state.answer = '{"commands":["pay"],"events":{"order.*":{"path":"/orders"}}}';
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay', 'order.*']));
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
    expect((await post(gateway, '/events/order.placed', {})).body).toMatchObject({ routed: true });
    await eventually(() => expect(handled().toSorted()).toEqual(['/commands/pay', '/commands/pay', '/orders']));
  });

  test('may begin its answer with a byte order mark', async () => {
    const { app } = await startDiscoverable('\ufeff{"commands":["pay"]}');
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } });
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay']));
  });

  test('is asked again after it was away', async () => {
    const { app, state, handled } = await startDiscoverable('{"commands":["pay"]}');
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } });
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay']));
    await app.stop();
    state.answer = '{"commands":["pay","refund"]}';
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
    await eventually(async () => expect(await (await fetch(`${gateway.address}/endpoints`)).text()).toContain('away'));
    await app.start();
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay', 'refund']));
    expect((await post(gateway, '/commands/billing/refund', {})).status).toBe(202);
    await eventually(() => expect(handled()).toEqual(['/commands/pay', '/commands/refund']));
  });

  test('is asked again if its answer is too long, and the log says so', async () => {
    const { app, state } = await startDiscoverable(JSON.stringify({ commands: ['pay', 'x'.repeat(65_536)] }));
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } }, { logger });
    await eventually(() =>
      expect(lines.join('')).toContain(`the answer to GET ${wellKnown} is not shorter than 64 KiB`),
    );
    state.answer = '{"commands":["pay"]}';
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay']));
  });

  test.each([
    '{"commands":"pay"}',
    '{"commands":["pay"],"url":"http://evil.example"}',
    '{"commands":{"pay":"http://evil.example"}}',
    '{"commands":{"pay":{"when":"payload.("}}}',
    '{"commands":[""]}',
    '{"commands":["pay"],"commands":["refund"]}',
    '[]',
    'null',
  ])('keeps what it said before, if its answer is not valid: %s', async (answer) => {
    const { app, state } = await startDiscoverable(answer);
    const gateway = await runGateway({ service: 'billing', application: { url: app.url } });
    await eventually(() => expect(app.received.length).toBeGreaterThan(1));
    expect(await endpointIds(gateway)).toEqual([]);
    state.answer = '{"commands":["pay"]}';
    await eventually(async () => expect(await endpointIds(gateway)).toEqual(['pay']));
  });
});
