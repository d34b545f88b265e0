import { Agent } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { portOf } from '../http/exchange.ts';
import { openGateway, openQueue } from '../http/gateway-fixture.ts';
import { planRequest } from './load.ts';
import { createRandom } from './random.ts';
import { isEntry, sendMany } from './send-many.ts';

describe.each(['batch', 'stream'] as const)('requests of the load that are sent by %s', (way) => {
  test('are entries with the same payloads and headers, each with its outcome', async () => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'billing', ['billing', 'order.#', 'parcel.#', 'nobody.#']);
    const random = createRandom(7);
    const planned = Array.from({ length: 150 }, (_, n) => planRequest(`mark-${n}`, random)).filter(isEntry);
    const here = planned.filter(({ path, delayMs }) => !path.startsWith('/commands/shop') && delayMs === 0);
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    const attempts = await sendMany(agent, `http://127.0.0.1:${await portOf(gateway)}`, way, here);
    expect(attempts.map(({ status, outcome }) => [status, outcome])).toEqual(here.map(() => [202, 'accepted']));
    const messages = arrived();
    expect(messages.map(({ headers }) => headers.mark)).toEqual(here.map(({ mark }) => mark));
    expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(here.map(({ body }) => body));
  });

  test('are not accepted where no gateway listens', async () => {
    const gateway = await openGateway();
    const port = await portOf(gateway);
    await gateway.app.close();
    const request = planRequest('mark', createRandom(1));
    const [attempt] = await sendMany(new Agent(), `http://127.0.0.1:${port}`, way, [request]);
    expect(attempt).toMatchObject({ status: undefined, outcome: 'not-accepted' });
  });
});
