import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/cli/load-config.ts';
import { eventually } from '../broker/eventually.ts';
import { curlRequest } from '../curl-line.ts';
import { blocksOf } from '../docs/page-code.ts';
import { openGateway } from '../http/gateway-fixture.ts';
import { startProcess } from '../start-process.ts';

const readme = readFileSync(new URL('../../examples/2-orders/README.md', import.meta.url), 'utf8');
const [commands = [], curls = [], told = []] = blocksOf(readme).map(({ lines }) => lines);
const [changePrices, placeOrder, shareOrder, cancelOrder] = curls.map(curlRequest) as [Curl, Curl, Curl, Curl];
type Curl = ReturnType<typeof curlRequest>;

test('the lines of its page do what the page says', async () => {
  const { address, output } = await startProcess({}, commands[0]?.split(' ').slice(2));
  const [prices, ordered, sold, placed, shared, cancelled, heard, ...others] = told;
  expect(others).toEqual([]);
  for (const [{ url, method, headers, body = null }, lines] of [
    [changePrices, [prices]],
    [placeOrder, [ordered, sold, placed]],
    [shareOrder, [shared]],
    [cancelOrder, [cancelled, heard]],
  ] as const) {
    const answer = await fetch(url.replace('http://localhost:3000', address), { method, headers, body });
    expect(await answer.json()).toMatchObject({ routed: true, channel: 'in-memory' });
    await eventually(() => {
      for (const line of lines) expect(output()).toContain(line);
    });
  }
  expect(output()).toMatch(/executorId.*ada/);
});

async function openOrders() {
  return openGateway(await loadConfig('examples/2-orders/littoral.config.ts'));
}

async function answerOf({ url, headers }: Curl, body: string, more = {}) {
  const { app } = await openOrders();
  const { pathname } = new URL(url);
  const answer = await app.inject({ method: 'POST', url: pathname, headers: { ...headers, ...more }, payload: body });
  return answer.json();
}

describe('what does not fit is refused at once', () => {
  test('is reported with every issue', async () => {
    const order = { orderId: '7', items: [{ sku: 'lamp', quantity: 0 }], deliverAfter: 'soon' };
    expect(await answerOf(placeOrder, JSON.stringify(order))).toMatchObject({
      status: 422,
      code: 'payload-refused',
      errors: [
        { pointer: '/orderId', detail: 'must match format "uuid"' },
        { pointer: '/items/0/quantity', detail: 'must be >= 1' },
        {
          pointer: '/deliverAfter',
          detail: 'must be a date-time such as 2026-12-01T09:00:00+00:00, or a date, to become Date',
        },
      ],
    });
  });

  test('by the branch of a union that its discriminator names', async () => {
    const orderId = '7d9f9a52-4c0e-4d4b-9a55-1f3d0a8b6c11';
    const body = JSON.stringify({ action: 'share', orderId, with: ['C-8', 'nobody'] });
    expect(await answerOf(shareOrder, body)).toMatchObject({
      status: 422,
      errors: [{ pointer: '/with/1', detail: expect.stringContaining('to become CustomerId') }],
    });
  });

  test('is rejected because of its media type', async () => {
    expect(await answerOf(changePrices, '[]', { 'content-type': 'application/json' })).toMatchObject({
      status: 415,
      code: 'unsupported-media-type',
    });
  });
});

test('its endpoint is listed with what each argument is computed from', async () => {
  const { app } = await openOrders();
  const [{ handlers }] = (await app.inject('/endpoints')).json().endpoints;
  expect(handlers.map(({ endpointId }: { endpointId: string }) => endpointId)).toEqual([
    'order.change',
    'prices.change',
    'order.place',
    'stock.reserve',
    'tellCustomer',
    'countSales',
  ]);
  expect(handlers[2].parameters.slice(0, 3)).toEqual([
    { name: 'order', converter: 'payload as object { orderId, items, deliverAfter }' },
    {
      name: 'cents',
      converter: `payload by "$sum(payload.items.(reference('priceList').centsOf(sku) * quantity))" as integer`,
    },
    { name: 'customer', converter: 'header customerId as CustomerId' },
  ]);
});
