import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../src/engine/engine.ts';
import type { Publication } from '../../../src/engine/publication.ts';
import { arrivedHeaders, expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

async function refused(name: string, value: string) {
  const gateway = await sharedGateway();
  const messages = openQueue(gateway, 'billing');
  const problem = expectProblem(await post(gateway, { headers: { [name]: value } }), 'invalid-header');
  expect(messages()).toEqual([]);
  return problem;
}

describe('Message-Correlation-Id', () => {
  test.each(['order-7', '7', ' ', '\u00fc', 'c'.repeat(255)])('%j is the correlation id', async (id) => {
    const headers = await arrivedHeaders({ 'Message-Correlation-Id': Buffer.from(id).toString('latin1') });
    expect(headers).toMatchObject({ correlationId: id });
    expect(headers.id).not.toBe(id);
  });

  test('is in the answer as well', async () => {
    const gateway = await sharedGateway();
    const response = await post(gateway, { url: '/events/a', headers: { 'Message-Correlation-Id': 'order-7' } });
    expect(response.json()).toMatchObject({ correlationId: 'order-7' });
  });

  test.each([
    ['empty', ''],
    ['longer than 255 bytes', 'c'.repeat(256)],
    ['longer than 255 bytes in fewer characters', Buffer.from('\u00fc'.repeat(128)).toString('latin1')],
  ])('is refused when %s', async (_issue, id) => {
    await refused('Message-Correlation-Id', id);
  });
});

test.each([
  ['Message-Delay', '10s', "'message-delay' is not a whole number of milliseconds from 0 to 2592000000 (30 days)."],
  [
    'Message-Delay',
    '99999999999',
    "'message-delay' is not a whole number of milliseconds from 0 to 2592000000 (30 days).",
  ],
  ['Message-Time-To-Live', '1.5', "'message-time-to-live' is not a whole number of milliseconds from 1 to 4294967295."],
  ['Message-Time-To-Live', '0', "'message-time-to-live' is not a whole number of milliseconds from 1 to 4294967295."],
  ['Message-Priority', '256', "'message-priority' is not a whole number from 0 to 255."],
  ['Message-Priority', 'high', "'message-priority' is not a whole number from 0 to 255."],
  ['Message-Id', '7', 'The request header Message-Id is not a UUID. Send a UUID, or Idempotency-Key instead.'],
])('the error of %s: %s names the header and its unit', async (name, value, text) => {
  expect((await refused(name, value)).detail).toContain(text);
});

// The channel of a gateway, watched.
function publications(channel: Engine): Publication[] {
  const seen: Publication[] = [];
  const publish = channel.publish.bind(channel);
  channel.publish = (publication) => {
    seen.push(publication);
    return publish(publication);
  };
  return seen;
}

describe('Message-Time-To-Live', () => {
  test.each([
    ['1', 1],
    ['60000', 60_000],
    ['060000', 60_000],
    ['4294967295', 4_294_967_295],
  ])('%s goes to the channel', async (text, timeToLiveMs) => {
    const gateway = await openGateway();
    const seen = publications(gateway.channel);
    await post(gateway, { url: '/events/a', headers: { 'Message-Time-To-Live': text } });
    expect(seen).toMatchObject([{ timeToLiveMs }]);
  });

  test('is no header of the message', async () => {
    expect(await arrivedHeaders({ 'Message-Time-To-Live': '60000' })).not.toHaveProperty('timeToLive');
  });

  test('without it a message does not expire', async () => {
    const gateway = await openGateway();
    const seen = publications(gateway.channel);
    await post(gateway, { url: '/events/a' });
    expect(seen.map(({ timeToLiveMs }) => timeToLiveMs)).toEqual([undefined]);
  });
});

const notWhole = ['-1', '1.5', '1e3', '0x10', ' 5', '5 ', '+5', '', 'five', '\u0665', '1,000', 'NaN', '9'.repeat(400)];

describe.each([
  ['Message-Time-To-Live', ['0', '00', '4294967296', '999999999999999', ...notWhole]],
  ['Message-Priority', ['256', '1000', ...notWhole]],
  ['Message-Delay', ['2592000001', '999999999999999', 'soon', ...notWhole]],
])('%s', (name, values) => {
  test.each(values)('%j is refused', async (value) => {
    await refused(name, Buffer.from(value).toString('latin1'));
  });
});

describe('Message-Priority', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['255', 255],
  ])('%s is a number for the handler', async (text, priority) => {
    expect(await arrivedHeaders({ 'Message-Priority': text })).toMatchObject({ priority });
  });

  test('without it the message has none', async () => {
    expect(await arrivedHeaders()).not.toHaveProperty('priority');
  });
});

describe('Message-Delay', () => {
  test.each([
    ['1', 1],
    ['0060000', 60_000],
    ['2592000000', 2_592_000_000],
  ])('%s delays the message', async (text, delayMs) => {
    const gateway = await openGateway();
    const seen = publications(gateway.channel);
    const response = await post(gateway, { url: '/events/a', headers: { 'Message-Delay': text } });
    expect(response.statusCode).toBe(202);
    expect(seen).toMatchObject([{ to: { queue: 'littoral_shop_due' }, delayMs }]);
  });

  test('0 is no delay', async () => {
    const gateway = await openGateway();
    const seen = publications(gateway.channel);
    await post(gateway, { url: '/events/a', headers: { 'Message-Delay': '0' } });
    expect(seen).toMatchObject([{ to: { bus: 'a' } }]);
    expect(seen[0]?.delayMs).toBeUndefined();
  });
});

describe('a request header that starts with Message- and is not known', () => {
  test.each(['Message-TTL', 'Message-Header', 'Message-Correlation', 'message-'])('%s is refused', async (name) => {
    const { detail } = await refused(name, '5');
    expect(detail).toContain('message-time-to-live');
  });
});
