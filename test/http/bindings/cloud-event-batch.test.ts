import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { Header } from '../../../src/message/message-headers.ts';
import type { TransportMessage } from '../../../src/message/transport-message.ts';
import { expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

const batch = 'application/cloudevents-batch+json';
const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed' };

/** Posts a batch. Returns the answer, and the messages that arrived. */
async function publish(body: unknown, headers: Record<string, string> = {}, config?: Config) {
  const gateway = await (config ? openGateway(config) : sharedGateway());
  const arrived = openQueue(gateway, 'all-orders', ['order.#']);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await post(gateway, {
    url: '/cloudevents',
    headers: { 'content-type': batch, ...headers },
    body: text,
  });
  return { response, messages: arrived() };
}

const idsOf = (messages: readonly TransportMessage[]) => messages.map(({ headers }) => headers.cloudEvents_id);

describe('a batch of CloudEvents', () => {
  test('is published under the types of its events, in their order, with a receipt for each', async () => {
    const data = '{"total": 12345678901234567890, "rate": 1.10}';
    const types = ['order.placed', 'order.paid', 'order.placed', 'order.sent', 'order.paid'];
    const events = types.map(
      (type, index) => `{"specversion":"1.0","id":"${index}","source":"/shop","type":"${type}","data":${data}}`,
    );
    const { response, messages } = await publish(` [${events.join(' ,\n')}] `);
    expect(response.statusCode).toBe(202);
    expect(messages.map(({ headers }) => headers[Header.routingKey])).toEqual(types);
    for (const { body } of messages) expect(Buffer.from(body).toString()).toBe(data);
    expect(response.json()).toEqual({
      channel: 'in-memory',
      results: messages.map(({ headers }, index) => {
        return { index, status: 202, messageId: headers.id, correlationId: headers.correlationId, routed: true };
      }),
    });
  });

  test('has the message ids of events that are sent one by one', async () => {
    const { response } = await publish([event, { ...event, type: 'order.paid' }, event]);
    const single = await post(await sharedGateway(), {
      url: '/cloudevents',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    });
    const ids = response.json().results.map(({ messageId }: { messageId: string }) => messageId);
    expect(ids[0]).toBe(single.json().messageId);
    expect(ids[2]).toBe(ids[0]);
    expect(ids[1]).not.toBe(ids[0]);
  });

  test('is answered with 207 and a result for each event where they differ', async () => {
    const { response, messages } = await publish([
      event,
      7,
      { ...event, id: '' },
      { ...event, id: '2', data_base64: '*' },
      { ...event, id: '3' },
    ]);
    expect(response.statusCode).toBe(207);
    expect(idsOf(messages)).toEqual(['1', '3']);
    expect(response.json().results).toEqual([
      {
        index: 0,
        status: 202,
        messageId: messages[0]?.headers.id,
        correlationId: messages[0]?.headers.id,
        routed: true,
      },
      expect.objectContaining({ index: 1, status: 400, code: 'malformed-body', outcome: 'not-accepted' }),
      expect.objectContaining({ index: 2, status: 400, detail: expect.stringContaining("'id'") }),
      expect.objectContaining({ index: 3, status: 400, detail: expect.stringContaining('data_base64') }),
      {
        index: 4,
        status: 202,
        messageId: messages[1]?.headers.id,
        correlationId: messages[1]?.headers.id,
        routed: true,
      },
    ]);
  });

  test('is answered with the status that all of its events have', async () => {
    const { response, messages } = await publish([{ ...event, id: 7 }, 'x', { ...event, type: 'order.*' }]);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('application/json');
    expect(response.json().results.map(({ code }: { code: string }) => code)).toEqual([
      ...['malformed-body', 'malformed-body', 'invalid-key'],
    ]);
    expect(messages).toEqual([]);
  });

  test('may be empty', async () => {
    const { response } = await publish('[ ]');
    expect([response.statusCode, response.json()]).toEqual([202, { channel: 'in-memory', results: [] }]);
  });

  test('holds 1,000 events at most', async () => {
    const events = Array.from({ length: 1001 }, (_, index) => ({ ...event, id: String(index) }));
    const { response, messages } = await publish(events);
    expect(expectProblem(response, 'body-too-large').detail).toContain('more than 1000 events');
    expect(messages).toEqual([]);
    const { response: full, messages: all } = await publish(events.slice(1));
    expect(full.statusCode).toBe(202);
    expect(idsOf(all)).toEqual(events.slice(1).map(({ id }) => id));
  });

  test('is bounded by the limit of bodies', async () => {
    const { response } = await publish([event, event], {}, { http: { bodyLimit: 100 } });
    expectProblem(response, 'body-too-large');
  });

  test.each([
    ['an object', event],
    ['text', '"order"'],
    ['no JSON', '[{"specversion"'],
    ['two lists', '[] []'],
    ['nothing', ''],
  ])('is refused as a whole with %s', async (_what, body) => {
    expectProblem((await publish(body)).response, 'malformed-body');
  });

  test.each<[string, Record<string, string>]>([
    ['invalid-header', { 'Message-Id': '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' }],
    ['invalid-header', { 'Idempotency-Key': 'k' }],
    ['invalid-header', { 'Message-Delay': 'soon' }],
    ['invalid-header', { 'Message-Headers': '{' }],
    ['invalid-header', { 'Message-Headers': '{"cloudEvents_id":"8"}' }],
    ['invalid-header', { 'Message-Unknown': 'x' }],
    ['reserved-header', { 'Message-Header-Timestamp': '1' }],
    ['unsupported-media-type', { 'Content-Encoding': 'gzip' }],
  ])('is refused as a whole with the error %s of the request header %j', async (code, headers) => {
    const { response, messages } = await publish([event], headers);
    expectProblem(response, code as 'invalid-header');
    expect(messages).toEqual([]);
  });

  test('has the options of its request for each event', async () => {
    const headers = {
      'Message-Header-Tenant': 'a',
      'Message-Priority': '7',
      'Message-Correlation-Id': 'c',
      traceparent: 't',
    };
    const { messages } = await publish([event, { ...event, traceparent: 'of-the-event' }], headers);
    expect(messages).toHaveLength(2);
    for (const { headers } of messages)
      expect(headers).toMatchObject({ tenant: 'a', priority: 7, correlationId: 'c', traceparent: 't' });
  });

  test('reports each event without a subscriber where the caller asks for it', async () => {
    const unwanted = { ...event, type: 'parcel.lost' };
    const { response } = await publish([event, unwanted], { Prefer: 'handling=strict' }, {});
    expect(response.statusCode).toBe(207);
    expect(response.json().results[1]).toMatchObject({ index: 1, status: 404, code: 'no-subscriber' });
    const { response: lenient } = await publish([event, unwanted], {}, {});
    expect(lenient.json().results).toMatchObject([{ routed: true }, { status: 202, routed: false }]);
  });

  test('is refused on the other routes', async () => {
    for (const url of ['/events/order.placed', '/commands/billing/change', '/messages/billing/channel']) {
      const request = { url, headers: { 'content-type': batch }, body: JSON.stringify([event]) };
      const problem = expectProblem(await post(await sharedGateway(), request), 'unsupported-media-type');
      expect(problem.detail).toContain('POST /cloudevents');
    }
  });

  test('is read as the official SDK reads it', async () => {
    const sent = ['a', 'b'].map((id) => new CloudEvent({ ...event, id, data: { name: 'Zoë' }, vip: true }));
    const body = JSON.stringify(sent);
    const read = [HTTP.toEvent({ headers: { 'content-type': batch }, body })].flat();
    const { messages } = await publish(body);
    expect(idsOf(messages)).toEqual(read.map(({ id }) => id));
    for (const [index, { headers, body }] of messages.entries()) {
      const { time, source, data } = read[index] ?? expect.unreachable();
      expect(headers).toMatchObject({ cloudEvents_time: time, cloudEvents_source: source, cloudEvents_vip: true });
      expect(JSON.parse(Buffer.from(body).toString())).toEqual(data);
    }
  });
});
